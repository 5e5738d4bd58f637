"""``undertow alerts``: what Alertmanager and the Prometheus Operator are told, made of contracts, recipients and rules."""

from __future__ import annotations

from pathlib import Path

import click

from undertow.alerting import kubernetes as operator
from undertow.alerting import recipients as people
from undertow.alerting import routes as routing
from undertow.cli.options import contracts, contracts_option


@click.group()
def alerts() -> None:
    """Make the configuration of Alertmanager and of the Prometheus Operator.

    \b
    Examples:
      undertow alerts routes --contracts contracts/ --recipients recipients.yaml > alertmanager.yml
      undertow alerts kubernetes deploy/prometheus/undertow.*.yaml > prometheusrule.yaml
    """


@alerts.command()
@contracts_option
@click.option(
    "--recipients",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="who is told: leaders, engineers, vendors by name",
)
@click.option(
    "--templates",
    default=routing.TEMPLATES,
    show_default=True,
    help="where Alertmanager finds the templates of mails",
)
def routes(folder: Path, recipients: Path, templates: str) -> None:
    """Print Alertmanager's configuration: leaders daily and at once, engineers, each vendor of itself only.

    \b
    Example:  undertow alerts routes --contracts contracts/ --recipients recipients.yaml > alertmanager.yml
    """
    agreed = contracts(folder)
    try:
        click.echo(routing.text(people.read(recipients, agreed), templates), nl=False)
    except people.BadRecipients as error:
        raise click.UsageError(str(error)) from None


@alerts.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RULES...")
@click.option("--name", default="undertow", show_default=True, help="of the object")
def kubernetes(files: tuple[Path, ...], name: str) -> None:
    """Print Prometheus' rule files as one PrometheusRule object.

    \b
    Example:  undertow alerts kubernetes deploy/prometheus/undertow.*.yaml > prometheusrule.yaml
    """
    try:
        click.echo(operator.text(files, name), nl=False)
    except operator.BadRules as error:
        raise click.UsageError(str(error)) from None
