"""The leaders' page: what is unknown has words and no number, what others wrote is escaped, and it is bounded."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from html.parser import HTMLParser
from itertools import count, pairwise
from types import SimpleNamespace

import pytest
from prometheus_client.core import GaugeMetricFamily

import watched
from undertow.domain.agreement.contract import Contract
from undertow.domain.counting.ledger import Figures, Rate
from undertow.domain.figures.alarms import Watched
from undertow.domain.figures.spikes import Count, spike
from undertow.domain.figures.trend import WEEK, WEEKS, Trend
from undertow.domain.standing import Overview, Standing
from undertow.domain.verdicts import Colour, verdict
from undertow.metrics.board import Board, State
from undertow.metrics.probes import Limits
from undertow.pages import drawing, page, words
from undertow.pages.page import Pages, policy
from undertow.pages.view import MOST_PANELS, MOST_ROWS, View, chosen, view

NOTHING = Rate(0, 0)
LAST = 20_570
EVIL = """</style><script>alert("1")</script><b>&'"""


def figures(vendor: str, met: int, bad: int, eligible: int | None = None, window: str = "28d") -> Figures:
    n = met if eligible is None else eligible
    return Figures(
        vendor,
        "all",
        window,
        n,
        3,
        Rate(met, n),
        Rate(met - bad, n),
        Rate(bad, met),
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        0,
    )


def board(rows: Iterable[Figures], standings: Iterable[Standing] = (), others: Iterable[str] = ()) -> Board:
    rows = list(rows)
    contracts = {vendor: Contract(vendor=vendor) for vendor in (*(row.vendor for row in rows), *others)}
    found = Board(feeds=(), vendors=tuple(contracts), topics=(), version="1.2.3")
    said = tuple((row, verdict(row, contracts[row.vendor])) for row in rows)
    found.expose(Overview(said, tuple(standings), 1_780_000_000.0), contracts)
    found.alive()
    found.ready(True, "reading 8 partitions")
    return found


def seen(state: State, window: str = "28d", calls: dict[str, float] | None = None) -> View:
    return view(state.exposed, window, ready=state.ready, why=state.why, version=state.version, calls=calls)


def html(found: Board, query: str = "") -> str:
    return Pages(found, Limits()).page(query)[0].decode()


class Text(HTMLParser):
    """The page's words, its headings and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._in: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in.append(tag)

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] != "style" and data.strip():
            self.words.append(data.strip())

    @property
    def all(self) -> str:
        return " ".join(self.words)


# -- unknown is not zero


def test_a_vendor_without_a_judged_ticket_has_no_number_at_all() -> None:
    """Not 0 %, not 100 %: words, an empty melon, no chart."""
    found = board([figures("new", 0, 0)])
    panel = seen(found.state).panels[0]
    assert (panel.outside, panel.inside, panel.hidden) == (words.UNKNOWN,) * 3
    assert panel.inside_interval == panel.hidden_interval == ""
    assert panel.melon is None
    assert panel.chart is None
    assert panel.colour == Colour.CANNOT_TELL.value
    assert not re.search(r"\b(?:0|100)\W?%", Text(html(found)).all.replace("10 % would be normal", ""))


def test_a_week_without_a_ticket_is_a_gap_and_not_zero() -> None:
    """The course is broken there, and the table says that there was none."""
    days = [(LAST, Count(9, 1)), (LAST - WEEK, Count(9, 2)), (LAST - 3 * WEEK, Count(9, 0))]
    weeks = Trend(LAST, tuple(days)).weeks
    found = drawing.chart(weeks, 0.1, 20, None)
    assert found is not None
    assert len(found.points) == 3
    assert len(found.lines) == 1
    panel = seen(board([figures("acme", 27, 3)], [Standing("acme", trend=Trend(LAST, tuple(days)))]).state).panels[0]
    assert [said for *_, said in panel.weeks[-4:]] == [
        f"0{words.NARROW}%",
        "no ticket",
        f"22{words.NARROW}%",
        f"11{words.NARROW}%",
    ]


def test_a_share_close_to_all_or_nothing_is_not_said_to_be_it() -> None:
    """99.96 % met is not 100 %."""
    assert [words.percent(ratio).replace(words.NARROW, "") for ratio in (0, 0.0004, 0.004, 0.5, 0.996, 0.9996, 1)] == [
        "0%",
        "<0.1%",
        "0.4%",
        "50%",
        "99.6%",
        ">99.9%",
        "100%",
    ]


def test_customers_to_call_are_not_none_while_nobody_counts_them() -> None:
    """Absent and zero are two things."""
    found = board([figures("acme", 100, 30)])
    assert seen(found.state).calls is None
    assert "Not counted" in html(found)
    counted = seen(found.state, calls={"acme": 12.0, "none": 3.0})
    assert (counted.calls, counted.panels[0].calls) == ("15", "12")
    assert counted.calls_after_none == "3", "or the panels do not add up to the tile"
    assert seen(found.state, calls={"acme": 0.0}).calls == "0"
    assert seen(found.state, calls={"acme": 0.0}).calls_after_none is None


def test_whom_to_call_is_read_off_the_figures_of_the_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the metric's name, so that page and dashboard say the same; gone with the ledger."""
    shown = GaugeMetricFamily(page.CALLS, "as agreed", labels=["vendor"])
    shown.add_metric(["acme"], 12.0)
    shown.add_metric(["none"], 3.0)
    others = GaugeMetricFamily("undertow_tickets", "another", value=7.0)
    monkeypatch.setattr(page, "BY_NAME", {page.CALLS: None})
    monkeypatch.setattr(page, "Collector", lambda board: SimpleNamespace(collect=lambda: iter([others, shown])))
    found = board([figures("acme", 100, 40)])
    assert page.customers_to_call(found) == {"acme": 12.0, "none": 3.0}
    said = Text(html(found)).all
    assert "Customers to call 15 " in said
    assert "To call 12 customers" in said
    found.withdraw()
    assert page.customers_to_call(found) is None


# -- what it says


def test_the_melon_is_the_figures() -> None:
    """Rind and flesh are shares of the same tickets: 90 reported as met of 100, 30 of them bad."""
    assert drawing.melon(figures("acme", 90, 30, 100)) == drawing.Melon(90.0, 60.0, 30.0)
    assert drawing.melon(figures("acme", 0, 0)) is None


def test_weeks_are_the_days_they_are_made_of() -> None:
    """Thirteen weeks that end with the newest day that is known; the first of their days counts, the day before does not."""
    first = LAST - WEEKS * WEEK + 1
    weeks = Trend(LAST, ((first, Count(4, 1)), (LAST - WEEK, Count(2, 2)), (LAST, Count(8, 3)))).weeks
    assert [(week.last, week.rate.count, week.rate.n) for week in weeks if week.rate.n] == [
        (first + WEEK - 1, 1, 4),
        (LAST - WEEK, 2, 2),
        (LAST, 3, 8),
    ]
    assert len(weeks) == WEEKS


def test_the_trend_of_a_ledger_is_that_of_its_cells() -> None:
    """Summed over the last 90 days it is the window of 90 days."""
    statement, _ = watched.told()
    windows = {row.vendor: row.hidden for row, _ in statement.figures if (row.segment, row.window) == ("all", "90d")}
    for standing in statement.standings:
        trend = standing.trend
        inside = [one for day, one in trend.days if day > trend.last - 90]
        assert sum(one.n for one in inside) == windows[standing.vendor].n
        assert sum(one.bad for one in inside) == windows[standing.vendor].count


def risen(segment: str = "all", lag: str = "mature", alarm: bool = True) -> Watched:
    """A week of three bad tickets in four, after a calm quarter."""
    return Watched(segment, lag, LAST, spike(dict(TROUBLE), LAST), alarm)


TROUBLE = (
    *((day, Count(4, 0)) for day in range(LAST - 89, LAST - 10)),
    *((day, Count(4, 3)) for day in range(LAST - 6, LAST + 1)),
)


def test_a_spike_stands_among_the_alerts_and_in_the_drawing() -> None:
    """From the week on in which the rise began."""
    standing = Standing(
        "acme", trend=Trend(LAST, TROUBLE), watched=(risen(), risen("gold", "3d"), risen("basic", alarm=False))
    )
    found = board([figures("acme", 100, 30)], [standing])
    panel = seen(found.state).panels[0]
    assert len(panel.alerts) == 2
    assert panel.alerts[0].startswith("spike: 21 of 28 tickets bad in the last 7 days")
    assert panel.alerts[1].endswith(" in segment gold, 3 days after the solve")
    assert panel.chart is not None
    assert panel.chart.spike == pytest.approx(panel.chart.points[-1].x - 12.8, abs=0.2)
    assert "▲ spike" in html(found)
    assert "no sudden rise" not in html(found)


def test_a_spike_that_does_not_stand_among_all_segments_is_no_alert() -> None:
    """What the metric does not call an alarm, the page does not either."""
    found = board(
        [figures("acme", 100, 30)], [Standing("acme", trend=Trend(LAST, TROUBLE), watched=(risen(alarm=False),))]
    )
    assert seen(found.state).panels[0].alerts == ()
    assert "▲ spike" not in html(found)


def test_the_truth_budget_that_burns_stands_among_the_alerts() -> None:
    """As the metric says it."""
    alerts = dict(seen(watched.board().state).alerts)
    assert alerts["gaming"].startswith("truth budget: ")
    assert alerts.keys() == {"gaming"}


def test_vendors_that_need_a_leader_come_first() -> None:
    """Red inside, then unclear, then too few, then those that hold up."""
    rows = [figures("holds", 400, 4), figures("few", 5, 1), figures("red", 100, 40), figures("unclear", 100, 10)]
    assert [panel.vendor for panel in seen(board(rows).state).panels] == ["red", "unclear", "few", "holds"]
    worse = [figures("red", 100, 40), figures("redder", 100, 60)]
    assert [panel.vendor for panel in seen(board(worse).state).panels] == ["redder", "red"]


HOLDS, RED, UNCLEAR, FEW = (400, 4), (100, 40), (100, 10), (5, 1)


@pytest.mark.parametrize(
    ("vendors", "colour", "said"),
    [
        ((HOLDS, RED, FEW, RED), Colour.RED_INSIDE, "Not with 2 of 4 vendors: red inside."),
        ((RED,), Colour.RED_INSIDE, "Not with the one vendor there is: red inside."),
        ((HOLDS, UNCLEAR), Colour.UNCLEAR, "Not clear yet with 1 of 2 vendors."),
        ((HOLDS, HOLDS), Colour.HOLDS, "Yes: it holds up with both vendors."),
        (
            (HOLDS, FEW),
            Colour.HOLDS,
            "As far as can be told: it holds up with 1 of 2 vendors, too early for the others.",
        ),
        (
            (FEW,),
            Colour.CANNOT_TELL,
            "Cannot tell yet: no vendor has enough tickets in 28 days whose follow-up is over: choose more days.",
        ),
    ],
)
def test_the_page_answers_its_question_first(vendors: tuple[tuple[int, int], ...], colour: Colour, said: str) -> None:
    """For all vendors together, before any list: that no alert stands says nothing of what is bad for long."""
    found = board([figures(f"v{place}", *one) for place, one in enumerate(vendors)])
    told = seen(found.state).answer
    assert told is not None
    assert (told.colour, told.words) == (colour.value, said)
    text = Text(html(found)).all
    assert text.index(said) < text.index("Alerts that stand")
    assert "✓" not in text[: text.index("Customers to call")], "no tick beside what may be red"


def test_the_answer_names_the_worst_with_their_figures_and_no_more_than_fit() -> None:
    """Outside, inside, and how sure that is."""
    told = seen(board([figures(f"v{n}", 100, 40 + n, 125) for n in range(5)]).state).answer
    assert told is not None
    vendor, said = told.named[0]
    assert (vendor, said.replace(words.NARROW, "")) == ("v4", "80% outside, 45% inside (36% to 54%)")
    assert ([vendor for vendor, _ in told.named], told.more) == (["v4", "v3", "v2"], 2)
    assert seen(board([]).state).answer is None


def test_a_name_from_right_to_left_turns_no_number_round() -> None:
    """Beside such a name a browser would else write 100 before the colon."""
    page = html(board([figures("شركة", 100, 40)]))
    around = [
        re.sub(r"<[^b/][^>]*>|\s", "", line) for line in page.splitlines() if "شركة" in line and "<svg" not in line
    ]
    assert len(around) == 3
    assert all("<bdi>شركة</bdi>" in line for line in around)


def test_every_verdict_has_a_sign_and_a_word_of_its_own() -> None:
    """Colour is never all there is."""
    assert words.WORDS.keys() == set(Colour)
    for some in zip(*words.WORDS.values(), strict=True):
        assert len(set(some)) == len(Colour)


def test_the_window_is_chosen_in_the_address_and_anything_else_is_the_usual_one() -> None:
    """Without a script; what is not a window is neither an error nor quoted."""
    rows = [figures("acme", 100, 40), figures("acme", 50, 1, window="7d")]
    found = board(rows)
    assert seen(found.state, chosen("7d")).panels[0].eligible == "50 tickets"
    assert '<strong aria-current="page">7 days</strong>' in html(found, "window=7d")
    for query in (
        "",
        "window=",
        "window=1d",
        "window=<script>",
        "window=7d&" * 5000,
        "&" * 5000,
        "%ff%00=1;window=28d",
    ):
        page = html(found, query)
        assert '<strong aria-current="page">28 days</strong>' in page or query.startswith("window=7d")
        assert "script" not in page


# -- states of the worker


def test_a_worker_that_does_not_own_the_ledger_says_so_and_where_to_look() -> None:
    """No figure, a link to its metrics."""
    found = board([figures("acme", 100, 40)])
    found.withdraw()
    page = Text(html(found))
    assert "another one owns the ledger" in page.all
    assert "acme" not in page.all
    assert "%" not in page.all
    assert ("a", {"href": "/metrics"}) in page.tags


def test_a_worker_that_is_not_ready_says_what_it_waits_for() -> None:
    """In the words of the probe, with figures and without."""
    found = board([figures("acme", 100, 40)])
    found.ready(False, "recovering: 5,000 records left")
    assert "This worker is not ready: recovering: 5,000 records left" in Text(html(found)).all.replace(" :", ":")
    found.withdraw()
    assert "This worker is not ready: recovering: 5,000 records left." in Text(html(found)).all


def test_a_ledger_without_a_ticket_says_that_there_is_none_yet() -> None:
    """And of whom it waits to hear."""
    page = Text(html(board([], others=["acme"]))).all
    assert "No tickets yet" in page
    assert "Contracts: acme." in page
    assert "%" not in page
    both = Text(html(board([figures("acme", 100, 40)], others=["zenith"]))).all
    assert "Nothing heard yet of: zenith." in both


def test_a_loop_that_stands_still_is_not_ready_on_the_page_either() -> None:
    """The server's own thread answers while the loop hangs."""
    found = board([figures("acme", 100, 40)])
    time.sleep(0.02)
    said = Pages(found, Limits(stalled=0.01)).page("")[0].decode()
    assert "the loop has stood still for" in said


# -- safety


def test_what_others_wrote_is_escaped_everywhere() -> None:
    """A vendor's name in text, attributes and tables; the worker's words too."""
    days = Trend(LAST, tuple((day, Count(9, 5)) for day in range(LAST - 20, LAST + 1)))
    found = board([figures(EVIL, 100, 40)], [Standing(EVIL, trend=days)], others=[EVIL + "2"])
    found.ready(False, EVIL)
    page = html(found)
    assert EVIL not in page
    assert not any(tag in {"script", "b"} for tag, _ in Text(page).tags)
    assert page.count("</style>") == 1
    assert EVIL.replace("2", "") in Text(page).all


def test_the_page_brings_everything_and_runs_nothing() -> None:
    """No script, no address but its own server's, no style outside the one sheet that the policy names by its hash."""
    page = Text(html(watched.board()))
    for tag, attributes in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "link", "img", "form"}
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("href", "src"):
            assert (attributes.get(name) or "/").startswith(("/", "?", "#"))
    assert policy().startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy()


def test_headings_tables_and_drawings_can_be_heard() -> None:
    """Headings go down one step at a time, every table has a caption, every drawing words."""
    page = Text(html(watched.board()))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > 0
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")


def test_very_many_vendors_are_bounded_and_the_worst_are_shown() -> None:
    """So many panels, so many rows, and how many more there are."""
    rows = [figures(f"vendor-{n:04d}", 100, n % 50) for n in range(MOST_ROWS + 300)]
    found = board(rows)
    shown = seen(found.state)
    assert (len(shown.panels), len(shown.rows), shown.more) == (MOST_PANELS, MOST_ROWS, 300)
    begun = time.monotonic()
    page = html(found)
    assert time.monotonic() - begun < 5
    assert len(page) < 400_000
    assert "300 more vendors" in page


def test_the_page_is_rendered_once_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is asked for; readiness and figures change it."""
    found, times, real = board([figures("acme", 100, 40)]), count(1), page.render
    rendered = []
    monkeypatch.setattr(page, "render", lambda view: rendered.append(next(times)) or real(view))
    pages = Pages(found, Limits())
    for _ in range(3):
        pages.page("")
    assert len(rendered) == 1
    found.duplicates(4)
    pages.page("window=28d")
    assert len(rendered) == 1
    pages.page("window=7d")
    found.ready(False, "recovering")
    pages.page("")
    found.withdraw()
    assert "acme" not in pages.page("")[0].decode()
    assert len(rendered) == 4


def test_a_panel_says_everything_that_it_knows_of_the_gaming_vendor() -> None:
    """Promise: the words of the verdict are those of the domain, without repeating the badge."""
    state = watched.board().state
    panel = next(one for one in seen(state, "90d").panels if one.vendor == "gaming")
    assert (panel.sign, panel.word) == ("✗", "Red inside")
    assert panel.sentence.startswith("At least ")
    assert state.exposed is not None
    row = next(r for r, _ in state.exposed.figures if (r.vendor, r.segment, r.window) == ("gaming", "all", "90d"))
    assert panel.inside == words.share(row.actual)
    assert panel.inside_interval == words.interval(row.actual)
    assert panel.eligible == words.tickets(row.actual.n)
