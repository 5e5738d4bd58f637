"""What the demo shows: figures read off the worker's own ``/metrics``, and the simulation's truth beside them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from rich.box import SIMPLE_HEAD
from rich.table import Table

from undertow.domain.verdicts import Colour
from undertow.simulation import Truth
from undertow.terminal import STYLE

WORDS = {
    Colour.HOLDS: "holds up",
    Colour.RED_INSIDE: "red inside",
    Colour.UNCLEAR: "not clear yet",
    Colour.CANNOT_TELL: "cannot tell yet",
}


class Shown(Struct, frozen=True):
    """One vendor's figures over all time, as a scrape has them. Ratios 0 to 1, None while unknown."""

    tickets: int
    reported_met: int
    reported: float | None
    actual: float | None
    hidden: float | None
    low: float | None
    high: float | None
    hidden_tickets: int
    reopened: int
    repeat_contact: int
    chance: float | None
    colour: Colour


def shown(metrics: str) -> dict[str, Shown]:
    """Figures by vendor, of all segments and all time, from the text of ``/metrics``."""
    values: dict[str, dict[str, float]] = {}
    colours: dict[str, Colour] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            labels = sample.labels
            if (labels.get("window"), labels.get("segment")) != ("all", "all"):
                continue
            if sample.name == "undertow_verdict":
                if sample.value:
                    colours[labels["vendor"]] = Colour(labels["verdict"])
            else:
                values.setdefault(labels["vendor"], {})[sample.name.removeprefix("undertow_")] = sample.value
    return {
        vendor: Shown(
            tickets=int(v["tickets"]),
            reported_met=int(v["hidden_dissatisfaction_eligible_tickets"]),
            reported=v.get("reported_ratio"),
            actual=v.get("actual_ratio"),
            hidden=v.get("hidden_dissatisfaction_ratio"),
            low=v.get("hidden_dissatisfaction_ratio_low"),
            high=v.get("hidden_dissatisfaction_ratio_high"),
            hidden_tickets=int(v["hidden_dissatisfaction_tickets"]),
            reopened=int(v["reopened_tickets"]),
            repeat_contact=int(v["repeat_contact_tickets"]),
            chance=v.get("repeat_contact_by_chance_ratio"),
            colour=colours[vendor],
        )
        for vendor, v in values.items()
    }


def found(figures: Mapping[str, Shown], truth: Mapping[str, Truth]) -> bool:
    """True when the worker's figures are what the simulation knows it did, to the ticket."""
    return figures.keys() == truth.keys() and all(same(figures[vendor], truth[vendor]) for vendor in truth)


def same(figure: Shown, truth: Truth) -> bool:
    """One vendor's figures against its truth."""
    return (figure.reported_met, figure.hidden_tickets, figure.reopened, figure.repeat_contact, figure.colour) == (
        truth.reported_met,
        truth.reported_met_but_bad,
        truth.reopened,
        truth.repeat_contact,
        truth.colour,
    )


def table(figures: Mapping[str, Shown], truth: Mapping[str, Truth], title: str) -> Table:
    """The live table: outside, inside, and the truth that the simulation knows. Fits 80 columns."""
    drawn = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    drawn.add_column("vendor", no_wrap=True)
    for column in ("reported", "actual", "hidden", "95 % of it"):
        drawn.add_column(column, justify="right", no_wrap=True)
    drawn.add_column("verdict", no_wrap=True)
    drawn.add_column("truth", justify="right", no_wrap=True)
    for vendor, known in truth.items():
        figure = figures.get(vendor)
        real = f"{known.reported_met_but_bad}/{known.reported_met}"
        if figure is None:
            drawn.add_row(vendor, *["-"] * 4, "waiting", real)
            continue
        interval = "" if figure.low is None or figure.high is None else f"{figure.low:.0%} to {figure.high:.0%}"
        drawn.add_row(
            vendor,
            _percent(figure.reported),
            _percent(figure.actual),
            _percent(figure.hidden),
            interval,
            f"[{STYLE[figure.colour]}]{WORDS[figure.colour]}[/]",
            f"{real} {'[green]=[/]' if same(figure, known) else '…'}",
        )
    return drawn


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1%}"
