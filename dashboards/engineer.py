"""What the engineer watches: do the feeds speak, does the worker keep up, is anything put aside, what does it cost."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as make

from dashboards.panels import bars, dashboard, lines, number, rows, states
from dashboards.queries import Query, increase, rate, top
from dashboards.words import AMBER, BLUE, GREEN, GREY, READY, RED, mapped, unit

UID = "undertow-engineer"


def build() -> make.Dashboard:
    """The dashboard."""
    found = dashboard(
        UID, "Undertow: engineer", "Feeds, lag, dead letters, recovery and cost.", ("everybody",), start="now-6h"
    )
    return _cost(_letters(_feeds(_workers(found))))


def _workers(found: make.Dashboard) -> make.Dashboard:
    found = found.with_row(make.Row("Workers: recovery and readiness"))
    found = found.with_panel(
        states(
            "Ready",
            "Whether each worker has recovered its state and reads. A worker that starts is not ready until its part of "
            "the changelog is read again; /readyz says in words what it waits for.",
            [Query("max by (instance) (undertow_ready)", "{{instance}}")],
            READY,
            (12, 6),
        )
    )
    found = found.with_panel(
        number(
            "Owners of the ledger",
            "How many workers show vendor figures right now: 1 is right. 0: nobody does, the figures are absent. 2: for a "
            "moment during a move, or two clusters share one namespace.",
            "none",
            [Query("count(undertow_judged_as_of_timestamp_seconds) or vector(0)", "owners", instant=True)],
            (4, 6),
            mappings={"0": ("✗ none", RED), "1": ("✓ one", GREEN), "2": ("✗ two", AMBER)},
        )
    )
    found = found.with_panel(
        number(
            "Figures are judged as of",
            "How far event time lies behind the clock. During an import with --clock events this is the history's age.",
            "s",
            [Query(f"time() - {top('judged_as_of_timestamp_seconds', '', '')}", "behind", instant=True)],
            (4, 6),
            colours=((None, GREEN), (300, AMBER), (3600, RED)),
        )
    )
    found = found.with_panel(
        rows(
            "Versions",
            "What runs where.",
            [Query("max by (instance, version) (undertow_build_info)", table=True)],
            {"instance": ("Worker", []), "version": ("Version", []), "Value #A": ("runs", mapped(READY))},
            (4, 6),
        )
    )
    found = found.with_panel(
        lines(
            "Partitions assigned",
            "By worker and topic, as the group dealt them out. All workers together must have every partition once.",
            "short",
            [Query("max by (instance, topic) (undertow_partitions)", "{{instance}} {{topic}}")],
        )
    )
    return found.with_panel(
        lines(
            "Time since the last commit",
            "While records wait it should stay below some seconds. After three minutes the watchdog ends the worker.",
            "s",
            [Query("max by (instance) (undertow_commit_age_seconds)", "{{instance}}")],
        )
    )


def _feeds(found: make.Dashboard) -> make.Dashboard:
    of = 'vendor=~"$vendor"'
    found = found.with_row(make.Row("Feeds and lag"))
    found = found.with_panel(
        lines(
            "Records read",
            "A second, by feed and who published them; refused ones included. 'company' are first-party events, "
            "'unknown' are records of which no vendor could be read.",
            "reqps",
            [Query(rate("feed_consumed_total", "feed, vendor", of), "{{feed}} {{vendor}}")],
            stacked=True,
        )
    )
    found = found.with_panel(
        lines(
            "Lag",
            "Records on the broker and not yet read, by topic. After a restart it falls; if it grows, add workers.",
            "short",
            [Query("sum by (topic) (max by (topic, partition) (undertow_lag_records))", "{{topic}}")],
        )
    )
    found = found.with_panel(
        rows(
            "Last event of each feed",
            "How long ago, in event time, each publisher last spoke. A vendor that closes at night is silent at night: "
            "the alert knows its calendar, this table does not.",
            [
                Query(
                    f"time() - {top('feed_last_event_timestamp_seconds', 'feed, vendor', of)}",
                    table=True,
                )
            ],
            {"feed": ("Feed", []), "vendor": ("Publisher", []), "Value #A": ("Silent for", unit("s"))},
            (8, 8),
        )
    )
    found = found.with_panel(
        lines(
            "How far each feed has come",
            "How far the highest event time read lies behind the clock, whoever sent it.",
            "s",
            [Query(f"time() - {top('feed_watermark_timestamp_seconds', 'feed', '')}", "{{feed}}")],
            (8, 8),
        )
    )
    return found.with_panel(
        bars(
            "Dated back",
            "Events whose own time lies far before the broker's, in the time range above. Some are exports that catch up; "
            "many from one vendor deserve a question.",
            "short",
            [Query(increase("feed_backdated_total", "feed, vendor", of), "{{feed}} {{vendor}}", instant=True)],
            colour=AMBER,
        )
    )


def _letters(found: make.Dashboard) -> make.Dashboard:
    found = found.with_row(make.Row("What was put aside"))
    found = found.with_panel(
        lines(
            "Refused, by reason",
            "Records a second that became dead letters in intake, by the reason. `undertow dlq list` shows the letters, "
            "`undertow dlq replay` sends them back after the fix.",
            "reqps",
            [Query(rate("feed_rejected_total", "reason"), "{{reason}}")],
            stacked=True,
        )
    )
    found = found.with_panel(
        number(
            "In the time range",
            "Dead letters written; events seen before, which change nothing; events for tickets closed and dropped long ago; "
            "records that a topic's retention took before they were read: figures lack those.",
            "short",
            [
                Query("sum(increase(undertow_dead_letters_total[$__range]))", "dead letters", instant=True),
                Query("sum(increase(undertow_feed_duplicate_total[$__range]))", "seen before", instant=True),
                Query("sum(increase(undertow_feed_late_total[$__range]))", "too late", instant=True),
                Query("sum(increase(undertow_dropped_records_total[$__range]))", "gone unread", instant=True),
            ],
            (6, 8),
            decimals=0,
            colours=((None, GREY), (1, AMBER)),
        )
    )
    return found.with_panel(
        bars(
            "Refused, by feed",
            "In the time range. A feed that is wholly wrong stops the worker instead.",
            "short",
            [Query(increase("feed_rejected_total", "feed"), "{{feed}}", instant=True)],
            (6, 8),
            colour=RED,
        )
    )


def _cost(found: make.Dashboard) -> make.Dashboard:
    found = found.with_row(make.Row("What it costs"))
    found = found.with_panel(
        lines(
            "CPU an event",
            "Processor seconds of all workers divided by the records read. Ticks, recovery and scrapes are in it, so it "
            "rises where little is read.",
            "s",
            [
                Query(
                    "sum(rate(undertow_process_cpu_seconds_total[$__rate_interval])) / "
                    "(sum(rate(undertow_feed_consumed_total[$__rate_interval])) > 0)",
                    "CPU an event",
                )
            ],
            (8, 8),
        )
    )
    found = found.with_panel(
        lines(
            "CPU",
            "Processor seconds a second by worker; 1 is a whole core, more than a worker's one thread can use for long.",
            "short",
            [Query("sum by (instance) (rate(undertow_process_cpu_seconds_total[$__rate_interval]))", "{{instance}}")],
            (8, 8),
        )
    )
    found = found.with_panel(
        lines(
            "Memory",
            "The most that each worker has held since it started. State is held in memory and grows with the tickets kept.",
            "bytes",
            [Query("max by (instance) (undertow_process_peak_memory_bytes)", "{{instance}}")],
            (4, 8),
        )
    )
    return found.with_panel(
        bars(
            "Tickets kept",
            "In each worker's state. Closed tickets are dropped once nothing can change them.",
            "short",
            [Query("max by (instance) (undertow_tickets_kept)", "{{instance}}", instant=True)],
            (4, 8),
            colour=BLUE,
        )
    )
