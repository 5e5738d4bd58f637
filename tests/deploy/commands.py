"""Whether a command line is one of ours: parsed as the command itself would, and never run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from unittest import mock

import click

from undertow.cli.main import cli


def parse(words: Sequence[str], environment: Mapping[str, str] | None = None) -> dict[str, object]:
    """The last command's parameters. Raises ``click.UsageError`` as the command line would; ``words`` lack the program's name."""
    with mock.patch.dict(os.environ, dict(environment or {}), clear=False):
        command: click.Command = cli
        context = cli.make_context("undertow", list(words), resilient_parsing=False)
        while isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            name, found, rest = command.resolve_command(context, rest)
            assert found is not None
            command = found
            context = command.make_context(name, rest, parent=context)
        return context.params


def of_shell(line: str) -> list[str]:
    """The words of a line up to a pipe or a redirection."""
    words = []
    for word in shlex.split(line, comments=True):
        if word in {"|", ">", ">>", "&&"}:
            break
        words.append(word)
    return words
