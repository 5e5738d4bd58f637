"""Carries a plan out, and starts again what ended, as a supervisor in production does."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import count

from brokers.apache import ApacheKafka
from brokers.client import Broker
from chaos.member import EXPECTED, UNKNOWN, Member
from chaos.plan import Happening
from integration.installation import Installation, Worker
from undertow import exits

RESTART_AFTER = 1.0
"""Seconds between an exit and the next start, as supervisors wait."""
LEAVING = 90.0
"""Seconds in which a worker must have left: a flush into a broker that is gone gives up after 60."""
PATIENCE = 20.0
"""Seconds to wait for a worker that something can happen to."""


class Supervisor:
    """Keeps ``wanted`` workers running. All its methods belong to one thread, which must outlive the broker.

    With ``seats`` each sits where the one that it follows sat, as in a StatefulSet.
    """

    def __init__(self, here: Installation, broker: Broker, session: float, *, seats: bool = False) -> None:
        self.wanted = 1
        self.done: Counter[str] = Counter()
        """Happenings that were carried out."""
        self.exits: Counter[str] = Counter()
        """Exit codes, -9 for our own kills, with the reason where there is one."""
        self.wrong: list[str] = []
        """What no worker may do."""
        self._here, self._broker, self.seats = here, broker, seats
        self._options: tuple[str, ...] = (
            "--session-timeout",
            str(session),
            "--log-level",
            "warning",
            "--log-form",
            "json",
        )
        self._crew: list[Member] = []
        self._not_before = 0.0
        self._broker_back_at: float | None = None
        self._begun = time.monotonic()

    # -- the plan

    def carry_out(self, plan: list[Happening], told: Callable[[], str]) -> None:
        """Every happening at its moment, restarts in between. ``told`` adds to each progress line."""
        self._begun = time.monotonic()
        for happening in plan:
            while time.monotonic() - self._begun < happening.at:
                self.mind()
                time.sleep(0.1)
            self.mind()
            if self._do(happening):
                self.done[happening.what] += 1
                self.say(f"{happening.what} [{self._roll()}] {told()}")
            else:
                self.say(f"{happening.what}: nobody there for it")
        while self._broker_back_at is not None or any(member.paused for member in self._crew):
            self.mind()
            time.sleep(0.1)

    def mind(self) -> None:
        """What is due: note who left, wake the paused, bring the broker back, start as many as are wanted."""
        now = time.monotonic()
        if self._broker_back_at is not None and now >= self._broker_back_at:
            self._broker_is_back()
        for member in self._crew:
            if member.wakes_at is not None and now >= member.wakes_at:
                self._wake(member)
        for member in list(self._crew):
            code = member.worker.process.poll()
            if code is not None:
                self._crew.remove(member)
                self._note(member, code)
                self._not_before = time.monotonic() + RESTART_AFTER
            elif member.did == "told to leave" and time.monotonic() - member.since > LEAVING:
                self._wrong(member, f"did not leave within {LEAVING:.0f} s")
                member.did = "killed"
                member.worker.process.kill()
        staying = [member for member in self._crew if member.did == "nothing"]
        if len(staying) < self.wanted and time.monotonic() >= self._not_before:
            self._start()

    def stop(self) -> None:
        """Let everybody leave in order."""
        self.wanted = 0
        for member in self._crew:
            self._wake(member)
            self._leave(member)
        while self._crew:
            self.mind()
            time.sleep(0.1)

    def restore(self) -> None:
        """Whatever happened: the broker runs, nobody is left paused."""
        for member in self._crew:
            self._wake(member)
        self._broker_is_back()

    @property
    def living(self) -> list[Worker]:
        """Workers that run."""
        return [member.worker for member in self._crew if member.running]

    def say(self, words: str) -> None:
        """A line of progress."""
        print(f"{time.monotonic() - self._begun:6.1f}  {words}", file=sys.stderr, flush=True)

    # -- happenings

    def _do(self, happening: Happening) -> bool:
        match happening.what:
            case "start":
                self.wanted += 1
                self._start()
            case "leave":
                self.wanted -= 1
                return self._for_one(happening, self._leave)
            case "kill":
                return self._in_time(lambda: self._for_one(happening, self._kill))
            case "leave in a rebalance":
                return self._leave_in_a_rebalance(happening)
            case "pause":
                return self._pause_one(happening)
            case "broker dies":
                assert isinstance(self._broker, ApacheKafka), "this broker forgets everything when it stops"
                self._broker.kill()
                self._broker_back_at = time.monotonic() + happening.lasts
            case "broker stalls":
                return self._stall(happening)
        return True

    def _for_one(
        self, happening: Happening, act: Callable[[Member], None], among: Callable[[Member], bool] | None = None
    ) -> bool:
        fit = [member for member in self._awake() if among is None or among(member)]
        if fit:
            act(fit[int(happening.pick * len(fit))])
        return bool(fit)

    def _awake(self) -> list[Member]:
        return [member for member in self._crew if member.running and not member.paused]

    def _pause_one(self, happening: Happening) -> bool:
        """One that works, while another is there to take over: only then a zombie wakes, every second time to a lost seat."""

        def pause(member: Member) -> None:
            member.wakes_at = time.monotonic() + happening.lasts
            member.worker.process.send_signal(signal.SIGSTOP)
            if member.seat is not None and self.done["pause"] % 2 == 0:
                self._start(member.seat)

        return self._in_time(lambda: len(self._awake()) > 1 and self._for_one(happening, pause, Member.is_ready))

    def _in_time(self, holds: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.mind()
            if holds():
                return True
            time.sleep(0.05)
        return False

    def _leave_in_a_rebalance(self, happening: Happening) -> bool:
        """One more worker; the moment the others give partitions back for it, one of those is told to leave."""
        self._in_time(lambda: any(member.is_ready() for member in self._awake()))
        self._start()
        if self._in_time(lambda: self._for_one(happening, self._leave, Member.gives_back)):
            return True
        self._for_one(happening, self._leave)
        return False

    def _stall(self, happening: Happening) -> bool:
        """The broker stands still; a worker dies while it waits for answers; the broker goes on."""
        broker = self._broker._process  # type: ignore[attr-defined]
        if broker is None:
            return False
        broker.send_signal(signal.SIGSTOP)
        try:
            time.sleep(happening.lasts)
            return self._for_one(happening, self._kill)
        finally:
            broker.send_signal(signal.SIGCONT)

    def _start(self, seat: int | None = None) -> None:
        options = self._options
        if self.seats:
            taken = {member.seat for member in self._crew}
            seat = seat if seat is not None else next(number for number in count() if number not in taken)
            options += ("--instance-id", f"undertow-{seat}")
        self._crew.append(Member(self._here.worker(*options, ready=False), len(self._here.workers), seat))

    def _leave(self, member: Member) -> None:
        if member.running:
            member.did, member.since = "told to leave", time.monotonic()
            member.worker.process.terminate()

    def _kill(self, member: Member) -> None:
        member.did = "killed"
        member.worker.process.kill()
        member.worker.process.wait()

    def _wake(self, member: Member) -> None:
        if member.paused:
            member.wakes_at = None
            member.worker.process.send_signal(signal.SIGCONT)
            self.done["wake"] += 1
            self.say(f"wake {member.number}")

    def _broker_is_back(self) -> None:
        if self._broker_back_at is not None and isinstance(self._broker, ApacheKafka):
            self._broker.restart()
            self._broker_back_at = None
            self.say("the broker is back")

    # -- exits

    def _note(self, member: Member, code: int) -> None:
        reason = member.reason() if code == exits.FAILED else ""
        self.exits[f"{code} {reason}".strip()] += 1
        self.say(f"worker {member.number} ({member.did}) left with exit code {code} {reason}".strip())
        if code not in EXPECTED[member.did] or reason == UNKNOWN:
            self._wrong(member, f"left with exit code {code} {reason}")

    def _wrong(self, member: Member, what: str) -> None:
        self.wrong.append(f"worker {member.number} ({member.did}) {what}")
        self.say(f"{self.wrong[-1]}\n{member.worker.tail()}")

    def _roll(self) -> str:
        return " ".join(
            f"{member.number}{'~' if member.paused else '' if member.running else '-'}" for member in self._crew
        )
