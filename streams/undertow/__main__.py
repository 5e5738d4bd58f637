"""``python -m undertow``: the command line, for processes that start a worker with the interpreter they run on."""

from undertow.cli import main

if __name__ == "__main__":
    main()
