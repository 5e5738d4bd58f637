"""The words of reports: measures, causes and outcomes for people who know neither our code nor the vendor's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from undertow.domain.agreement.thresholds import CATALOG
from undertow.domain.measuring.explain import UNEXPLAINED
from undertow.domain.statements.statement import Share
from undertow.domain.tickets.story import MEASURE_WORDS

NBSP: Final = "\u00a0"
_PERCENT: Final = re.compile(r"(?<=[0-9]) ?%")
_EPOCH: Final = date(1970, 1, 1).toordinal()
CAUSES: Final = {
    "clock": "counted on the other clock: opening hours instead of calendar time, or the reverse",
    "pauses": "pauses counted differently",
    "actor": "a message by a bot counted differently",
    "status": "a change of status counted differently: as a reply, or not",
    "solve": "another solve taken as the end",
    "reset": "the clock started anew, at a reopen or an assignment",
    "priority": "held against the target of another priority",
    "start": "counted from another start: the assignment instead of the opening, or the reverse",
    "waits": "other waits counted than agreed",
    UNEXPLAINED: "no way of counting that we know gives the reported result",
}
OUTCOMES: Final = {
    "reported": "reported as met",
    "hidden": "reported as met, and something bad followed",
    "reopened": "reopened by the customer",
    "reopened_claimed": "reopened, by the vendor's own count",
    "repeat_contact": "the customer came back about the same topic",
    "promise_broken": "a promise was broken",
    "refunded": "the company gave money back",
    "cancelled": "the customer ended the relationship",
    "charged": "the customer was charged for it all the same",
    "complained": "the customer complained elsewhere",
    "rejected": "the customer said it was not fixed, or rated it badly",
    "unconfirmed": "solved on the vendor's word alone (not bad in itself)",
    "repeat_failure": "the second failure of the same customer",
}
CLASSES: Final = {
    "confirmed_met": "confirmed as met",
    "confirmed_missed": "confirmed as missed",
    "under_reported": "better than reported",
    "over_reported": "worse than reported",
    "claim_only": "claimed, ticket never seen",
    "actual_only_met": "not claimed, met",
    "actual_only_missed": "not claimed, missed",
    "unverifiable": "cannot be checked",
    "immature": "still to be judged",
}
PERIOD_CAUSES: Final = {
    "left_out": "tickets were left out, and more of the missed than of the met ones",
    "added": "more tickets are reported than were solved",
    "own_tickets_differ": "the vendor's own claims about these very tickets add up to something else",
}
VERDICTS: Final = {
    "confirmed": "as reported",
    "over_reported": "worse than reported",
    "under_reported": "better than reported",
    "claim_only": "none of its tickets was ever seen",
    "unverifiable": "cannot be checked",
    "immature": "still to be judged",
}
COUNTED: Final = {
    "opened": "tickets opened",
    "solved": "tickets solved",
    "mature": "tickets whose follow-up is over",
    "claimed": "tickets of which the vendor reported the SLA",
    "reported_met": "tickets reported as met",
    "bad": "tickets reported of, and something bad followed",
    "reported_met_but_bad": "tickets reported as met, and something bad followed",
    "reopened": "tickets reopened by the customer",
    "reopened_claimed": "tickets reopened, by the vendor's own count",
    "flicker": "tickets taken back and solved again by the vendor within minutes",
    "repeat_eligible": "tickets of which a return of the customer would be seen",
    "repeat_contact": "tickets after which the customer came back about the same topic",
}
TALLIED: Final = {
    "promise": "promises",
    "csat": "ratings by customers",
    "hand_offs": "hand-overs before the solve",
    "recovery": "how soon a failure was answered",
    "first_contact": "solved with the first contact",
}
_MONTH: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def measure(name: str) -> str:
    """A measure in words."""
    return MEASURE_WORDS.get(name, name.replace("_", " "))


def cause(name: str | None) -> str:
    """A cause in words; of two joined causes both."""
    return "" if name is None else "; and ".join(CAUSES.get(one, one) for one in name.split("+"))


def period(name: str) -> str:
    """``2026-10`` as October 2026, other days as they are."""
    if _MONTH.fullmatch(name):
        return f"{_MONTHS[int(name[5:]) - 1]} {name[:4]}"
    return name.replace("..", " to ")


def span(seconds: float | None) -> str:
    """A duration for people: ``35 s``, ``42 min``, ``4 h 40 min``. Days are not told: a working day is none of 24 hours."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min" + (f" {whole % 60} s" if minutes < 10 and whole % 60 else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes and hours < 100 else f"{hours:,} h"


def span_beside(seconds: float, limit: float | None) -> str:
    """A duration beside the target it is held against: ``just over 4 h`` where both would read the same and are not."""
    said = span(seconds)
    if limit is None or seconds == limit or said != span(limit):
        return said
    return f"just {'over' if seconds > limit else 'under'} {said}"


def percent(ratio: float | None) -> str:
    """A share for people; a dash for an unknown one."""
    return "\u2013" if ratio is None else f"{100 * ratio:.1f}{NBSP}%"


def spaced(text: str) -> str:
    """A sentence of the domain's with its per cent signs as here: no line ends between a number and its unit."""
    return _PERCENT.sub(f"{NBSP}%", text)


def tickets(n: int) -> str:
    """So many."""
    return "1 ticket" if n == 1 else f"{n:,} tickets"


def interval(share: Share) -> str:
    """The interval of a share."""
    return "" if share.value is None else f"{percent(share.low)[:-2]} to {percent(share.high)}"


def points(value: float) -> str:
    """A difference of shares, signed."""
    return f"{100 * value:+.1f}".replace("-", "\u2212")


def signed(n: int) -> str:
    """A change in a count, signed."""
    return f"{n:+,}".replace("-", "\u2212")


def chance(p: float) -> str:
    """A p value for people."""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}".rstrip("0").rstrip(".") if p < 1 else "1"


def day(number: int) -> str:
    """A day as ISO date."""
    return date.fromordinal(number + _EPOCH).isoformat()


def moment(seconds: float, zone: str) -> str:
    """A time in a zone, to the minute."""
    return f"{datetime.fromtimestamp(seconds, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def utc(seconds: float | None) -> str:
    """A time as RFC 3339."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def counted(kind: str, name: str, label: str) -> str:
    """One line of the counts in words."""
    told = label.replace("_", " ")
    match kind:
        case "tickets":
            return COUNTED.get(label, f"tickets {told}")
        case "verdict" | "unsolved" | "disputed" | "withdrawn":
            lead = {"verdict": "", "unsolved": "not solved yet, "}.get(kind, f"{kind}, ")
            return f"{_of(name)}: {lead}{CLASSES.get(label, 'tickets that show it' if label == 'matched' else told)}"
        case "over_reported" | "under_reported":
            return f"{measure(name)}: {CLASSES[kind]} ({cause(label)})"
        case "reported":
            what, _, days = label.partition(" ")
            of = f" from {period(days)}" if days else " of the period"
            return f"{measure(name)}: {'met' if what == 'met' else 'tickets'}{of}, as the vendor reports the whole"
        case "case":
            return f"{_of(name)}: {'tickets that show it' if label == 'matched' else 'tickets looked at'}"
        case "outcome":
            return f"{OUTCOMES.get(name, name)}: of those reported as {told}"
        case "promise" | "csat" | "hand_offs" | "recovery" | "first_contact":
            return f"{TALLIED[kind]}: {told}"
        case _:
            return " ".join(filter(None, (kind.replace("_", " "), name.replace("_", " "), told)))


def _of(name: str) -> str:
    """A measure, or a pattern."""
    entry = CATALOG.get(name)  # type: ignore[call-overload]
    return f"pattern: {entry.says}" if entry is not None else measure(name)
