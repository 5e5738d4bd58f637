"""``undertow``: the group of all commands, and the one place where errors become words and exit codes."""

from __future__ import annotations

import logging
import sys
from typing import Any

import click
from kafka.errors import KafkaError

from undertow import exits
from undertow.adapters import Unreadable
from undertow.admin import TopicsError
from undertow.clients import KafkaUnavailable

COMMANDS = {
    "demo": ("undertow.cli.demo", "demo"),
    "check": ("undertow.cli.check", "check"),
    "worker": ("undertow.cli.worker", "worker"),
    "topics": ("undertow.cli.topics", "topics"),
    "import": ("undertow.cli.importing", "import_"),
    "replay": ("undertow.cli.replay", "replay"),
    "measures": ("undertow.cli.measures", "measures"),
    "map": ("undertow.cli.map", "map_"),
    "ticket": ("undertow.cli.ticket", "ticket"),
    "gaps": ("undertow.cli.gaps", "gaps"),
    "verify": ("undertow.cli.verify", "verify"),
    "report": ("undertow.cli.report", "report"),
    "churn": ("undertow.cli.churn", "churn"),
    "customers": ("undertow.cli.customers", "customers"),
    "forget": ("undertow.cli.forget", "forget"),
    "portal": ("undertow.cli.portal", "portal"),
    "token": ("undertow.cli.token", "token"),
    "deliver": ("undertow.cli.deliver", "deliver"),
    "dlq": ("undertow.cli.dlq", "dlq"),
    "alerts": ("undertow.cli.alerts", "alerts"),
}
"""Imported when used: Faust alone takes most of a second."""


class Group(click.Group):
    """A group that imports a command when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        found: click.Command = getattr(__import__(module, fromlist=[name]), name)
        return found


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="undertow")
def cli() -> None:
    """Hold a support vendor's reported SLA figures against what really happened to the customers.

    \b
    See it work:      undertow demo
    Judge a history:  undertow replay --adapter servicenow incidents.csv.gz
    Run it:           undertow topics apply && undertow worker
    """


def main() -> None:
    """Entry point. Failures we foresee are one line on standard error; a traceback is a bug."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it logs every attempt; our own error says it once
    try:
        cli.main(standalone_mode=True)
    except (TopicsError, KafkaUnavailable, KafkaError) as error:  # the last: a broker refuses what we did not foresee
        _fail(error, exits.FAILED)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error, exits.USAGE)
    except Unreadable as error:
        _fail(error, exits.USAGE)


def _fail(error: Any, code: int) -> None:
    click.echo(f"undertow: {error}", err=True)
    sys.exit(code)
