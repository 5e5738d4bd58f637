"""Writes the tables of ``README.md`` from ``results.json``: ``python -m bench.generate``. A test checks that they are current."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench.results import FILE, HERE, load

ROWS = "rows_per_event"
README = HERE / "README.md"
Results = Mapping[str, Any]
"""``results.json``: part by name."""


class Missing(KeyError):
    """A part, or one of its figures, was never measured."""


def of(results: Results, part: str) -> Any:
    """One part, one job of its runs, or one of its figures. Raises :class:`Missing`."""
    if part not in results:
        raise Missing(part)
    return results[part]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def spread(values: Sequence[float], digits: int = 1) -> str:
    """The median, with the least and the greatest of several rounds."""
    middle = f"{statistics.median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def column(rows: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    """One figure of every round."""
    return [row[name] for row in rows]


def when(part: Mapping[str, Any]) -> str:
    """Under what circumstances a part was measured."""
    others = part["others_share_of_the_machine"]
    return f"\n\n{part['measured']}, {part['machine']}; other processes took {others:.0%} of the machine meanwhile."


def job(results: Results) -> str:
    """Floor, ours, product."""
    part = of(results, "job")
    rows = [
        (
            name,
            spread(column(runs, "cpu_us_per_event")),
            part["over_floor"][name],
            f"{statistics.median(column(runs, 'events_per_second')):,.0f}",
            max(column(runs, "peak_rss_mb")),
            f"{statistics.median(column(runs, ROWS)):,.2f}" if ROWS in runs[0] else "",
        )
        for name, runs in part["runs"].items()
    ]
    head = ("job", "CPU us an event", "of the floor", "events a second", "peak MB", "rows written an event")
    return table(head, rows) + when(part)


def peers(results: Results) -> str:
    """Every engine on the peers' job."""
    part = of(results, "peers")
    own = {
        "floor": ("aiokafka, msgspec, a dict (the floor)", "none, no re-key"),
        "ours": ("**undertow's transport**", "re-key through Kafka, memory, changelog, acks before commits"),
    }
    about = {name: tuple(words) for name, words in part["about"].items()} | own
    floor = statistics.median(column(part["runs"]["floor"], "cpu_us_per_event"))
    order = sorted(part["runs"], key=lambda name: statistics.median(column(part["runs"][name], "cpu_us_per_event")))
    rows: list[tuple[object, ...]] = []
    for name in order:
        runs = part["runs"][name]
        cost = column(runs, "cpu_us_per_event")
        counts = sorted(
            {f"{row['identical_customers']:,} of {row['customers']:,}" for row in runs if "customers" in row}
        )
        rows.append(
            (
                *about[name],
                spread(cost),
                f"{statistics.median(cost) / floor:.1f}",
                f"{statistics.median(column(runs, 'events_per_second')):,.0f}",
                max(column(runs, "peak_rss_mb")),
                spread(column(runs, "broker_us_per_event")),
                ", ".join(counts) or "equal to ours" * equal_states(part),
            )
        )
    rows += [(*about[name], f"absent: {why}", *[""] * 5) for name, why in part["absent"].items()]
    head = ("engine", "durability in this job", "CPU us an event", "of the floor", "events a second", "peak MB")
    return table((*head, "broker's CPU us", "customers identical to the truth"), rows) + when(part)


def equal_states(part: Mapping[str, Any]) -> bool:
    """Whether floor and ours ended with one state in every round."""
    return len({row["state"] for name in ("floor", "ours") for row in part["runs"][name]}) == 1


def growth(results: Results) -> str:
    """Sizes of state, and the busy customer."""
    part = of(results, "growth")
    rows = [
        (
            f"{state['tickets']:,}",
            f"{state['tickets'] / state['customers']:,.0f}",
            spread(state["cpu_us_per_event"]),
            state["over_the_smallest"],
            f"{state['rss_bytes'] / 1024**2:,.0f}",
        )
        for state in part["states"]
    ]
    words = (
        f"\n\nA live ticket with its {part['facts_a_ticket']:.1f} facts weighs {part['bytes_a_ticket']:,} bytes of memory, "
        f"of which its row is {part['row_bytes_a_ticket']:,} (slope between the two largest states)."
        if "bytes_a_ticket" in part
        else ""
    )
    head = ("tickets in", "tickets a customer", "CPU us an event", "of the smallest state", "MB")
    return table(head, rows) + words + when(part)


def latency(results: Results) -> str:
    """The steady rate."""
    part = of(results, "latency")
    rows = []
    for name, words in (
        ("append_to_cells_topic_seconds", "broker's append to the cell on `undertow.cells`"),
        ("append_to_metrics_seconds", "broker's append to the figure on `/metrics`"),
    ):
        found = part[name]
        rows.append((words, found["p50"], found["p99"], found["max"], f"{found['n']:,}"))
    text = (
        f"\n\nAt {part['events_per_second']:,} events a second and a scrape every 15 s: {part['cpu_us_per_event']} us CPU an "
        f"event; of a core that is {part['cpu_us_per_event'] * part['events_per_second'] / 1e6:.1%}, where a worker without "
        f"events takes {part['idle_cpu_share_of_a_core']:.1%}."
    )
    return table(("from", "p50 s", "p99 s", "longest s", "openings"), rows) + text + when(part)


def scale(results: Results) -> str:
    """Workers."""
    part = of(results, "scale")
    rows = [
        (
            n,
            spread(column(runs, "cpu_us_per_event")),
            f"{statistics.median(column(runs, 'events_per_second')):,.0f}",
            *("; ".join(", ".join(f"{share:.0%}" for share in run[name]) for run in runs) for name in _SHARES),
        )
        for n, runs in part["runs"].items()
    ]
    head = ("workers", "CPU us an event", "events a second", "share of the events (each round)", "share of the CPU")
    return table(head, rows) + when(part)


_SHARES = ("share_of_events", "share_of_cpu")


def recovery(results: Results) -> str:
    """Starts."""
    part = of(results, "recovery")
    rows = [
        (
            name,
            f"{part[name]['tickets']:,}",
            f"{part[name]['changelog_records']:,}",
            spread(column(part[name]["rounds"], "seconds")),
            spread(column(part[name]["rounds"], "cpu_seconds")),
            max(column(part[name]["rounds"], "rss_mb")),
        )
        for name in ("nothing", "compacted", "every version")
    ]
    looks = sum(
        sum(column(part[name]["rounds"], "looks_before_ready")) for name in ("nothing", "compacted", "every version")
    )
    text = f"\n\nIn {looks:.0f} looks at workers that were not ready none showed a figure; the first figures were complete."
    head = ("changelog", "tickets", "records", "seconds until ready", "CPU seconds", "peak MB")
    return table(head, rows) + text + when(part)


def targets(results: Results) -> str:
    """What was asked for, and what came of it."""

    def cost(part: str, name: str) -> float:
        return statistics.median(column(of(of(results, part)["runs"], name), "cpu_us_per_event"))

    def cheapest_peer() -> float:
        ours = {"floor", "ours"}
        return min(cost("peers", name) for name in of(results, "peers")["runs"] if name not in ours)

    def worst_growth() -> float:
        return max(state["over_the_smallest"] for state in of(results, "growth")["states"])

    def counts() -> float:
        runs = of(results, "peers")["runs"]["ours"]
        return min(row["identical_customers"] / row["customers"] for row in runs)

    asked: list[tuple[str, Callable[[], float], str, Callable[[], float]]] = [
        ("peers' job on our transport, CPU us an event", lambda: cost("job", "ours"), "at most", lambda: 8.0),
        (
            "the same, of the floor of its run",
            lambda: of(of(of(results, "job"), "over_floor"), "ours"),
            "at most",
            lambda: 2.5,
        ),
        (
            "the same in one run with the peers, beside the cheapest",
            lambda: cost("peers", "ours"),
            "below",
            cheapest_peer,
        ),
        ("the same, share of customers identical to the truth", counts, "at least", lambda: 1.0),
        ("product at backlog, CPU us an event", lambda: cost("job", "product"), "at most", lambda: 20.0),
        ("the same with 100,000 tickets in", lambda: cost("job", "product, grown"), "at most", lambda: 20.0),
        ("cost with more state or a busy customer, of the smallest", worst_growth, "at most", lambda: 1.15),
        ("bytes of memory a live ticket", lambda: of(results, "growth")["bytes_a_ticket"], "at most", lambda: 1024.0),
        (
            "append to `/metrics` at a steady rate, p99 s",
            lambda: of(results, "latency")["append_to_metrics_seconds"]["p99"],
            "below",
            lambda: 1.0,
        ),
        (
            "CPU us an event at that rate",
            lambda: of(results, "latency")["cpu_us_per_event"],
            "at most",
            lambda: 40.0,
        ),
    ]
    holds = {
        "at most": lambda a, b: a <= b,
        "below": lambda a, b: a < b,
        "at least": lambda a, b: a >= b,
    }
    rows: list[tuple[object, ...]] = []
    for what, measured, how, limit in asked:
        try:
            a, b = measured(), limit()
        except Missing as part:
            rows.append((what, how, f"not measured: `{part.args[0]}`", ""))
        else:
            rows.append((what, f"{how} {b:,.6g}", f"{a:,.4g}", "yes" if holds[how](a, b) else "**no**"))
    return table(("what", "asked", "measured", "met"), rows)


PARTS: Mapping[str, Callable[[Results], str]] = {
    "targets": targets,
    "job": job,
    "peers": peers,
    "growth": growth,
    "latency": latency,
    "scale": scale,
    "recovery": recovery,
}


def readme(text: str, results: Results) -> str:
    """The README with its tables as they must be."""
    for name, make in PARTS.items():
        try:
            content = make(results)
        except Missing:
            content = "Not measured yet."
        begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
        pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
        whole = f"{begin}\n{content}\n{end}"
        text, n = pattern.subn(lambda _, whole=whole: whole, text)
        assert n == 1, f"{README} has {n} places for {name}"
    return text


def write() -> None:
    """Bring the README up to date."""
    README.write_text(readme(README.read_text(encoding="utf-8"), load()), encoding="utf-8")


if __name__ == "__main__":
    write()
    print(f"{README} is written from {FILE}")
