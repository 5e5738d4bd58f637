"""Readings: the exact rules a measure can be computed under. The contract fixes the agreed one."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from undertow.events import Status


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True):
    """One rule an axis. Every default is the product's own (domain: measures)."""

    clock: Literal["calendar", "business"] = "calendar"
    """Which of the two clocks a target is held against."""
    pauses: Literal["none", "asked", "all"] = "asked"
    """Which pauses stop the clock of a resolution: none, those that a public question to the customer came before, or all;
    ``all`` stops the clock of a response, too."""
    paused: tuple[Status, ...] = ("pending", "on_hold")
    """The statuses that are pauses."""
    reply: Literal["human", "bot", "status"] = "human"
    """What is a reply: a human, public, substantive message; also a bot's or an automatic one; also a change of status."""
    solve: Literal["own", "first", "last"] = "own"
    """Which solve a resolution stops at: the measure's own, or always the first, or the last."""
    reset: Literal["never", "reopen", "assignment"] = "never"
    """What starts the clock anew."""
    priority: Literal["then", "start", "end"] = "then"
    """Which priority sets the target: at every moment the one in force then, so that a breach stays one; always the one in
    force when the clock started; or the last one."""
    start: Literal["opened", "assigned"] = "opened"
    """From where it is counted: the opening (for replies the customer's message), or the first assignment after it."""
    waits: Literal["all", "later"] = "all"
    """Which waits ``next_response`` is the worst of: all, or only those after the first reply."""
    unit: Literal["second", "minute"] = "second"
    """``minute``: instants are cut to the minute before they are subtracted, as SQL's ``datediff(minute)`` does."""
    empty_weeks: Literal["stopped", "counted"] = "stopped"
    """``counted``: a stretch within one week (Sunday to Saturday) that touches no business hours counts in full, as in SQL
    that joins hours to weeks and keeps what found none."""
