"""The command line. One file a command; every option and exit code stands in ``options`` and ``exits``."""

from __future__ import annotations

from undertow.cli.main import main

__all__ = ["main"]
