"""How a simulated vendor behaves in the moments that patterns look at: one that games each, and an honest one close to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from undertow.domain.patterns import Pattern

Shares = Mapping[Pattern, float]


class Conduct(Struct, frozen=True, kw_only=True):
    """One vendor. Shares (0 to 1) are of the tickets that give occasion for a pattern, drawn independently of each other."""

    name: str
    tickets: int = 300
    """Opened in a month of thirty days."""
    late: float = 0.08
    """Share of tickets solved after their target."""
    games: Shares = {}
    """How often it does on purpose what a pattern describes."""
    slips: Shares = {}
    """How often it does the same by accident, or for a reason the feed does not show."""
    resembles: Shares = {}
    """How often something happens that looks like the pattern and is innocent by the pattern's own words."""

    def games_or_slips(self, pattern: Pattern) -> float:
        """How often the pattern is there to be found."""
        return self.games.get(pattern, 0.0) + self.slips.get(pattern, SLIPS.get(pattern, 0.0))


SLIPS: Final[Shares] = {
    "closed_unasked": 0.01,
    "paused_late": 0.08,
    "paused_unasked": 0.08,
    "lowered_late": 0.03,
    "flicker": 0.005,
    "continued": 0.005,
    "misdiagnosed": 0.01,
    "customer_blamed": 0.08,
    "edited": 0.01,
    "backdated": 0.005,
    "gaps": 0.001,
    "unknown_ticket": 0.002,
}
"""What happens at any vendor."""
PLAIN: Final = Conduct(name="plain")
"""Honest, and nothing looks otherwise."""
GAMES: Final[dict[Pattern, Conduct]] = {
    "closed_unasked": Conduct(name="closer", games={"closed_unasked": 0.15}),
    "paused_late": Conduct(name="brinkman", games={"paused_late": 0.55}),
    "paused_unasked": Conduct(name="idler", games={"paused_unasked": 0.55}),
    "lowered_late": Conduct(name="lowerer", late=0.2, games={"lowered_late": 0.5}),
    "flicker": Conduct(name="flickerer", games={"flicker": 0.08}),
    "continued": Conduct(name="continuer", games={"continued": 0.1}),
    "misdiagnosed": Conduct(name="guesser", games={"misdiagnosed": 0.14}),
    "mass_close": Conduct(name="sweeper", games={"mass_close": 0.3}),
    "customer_blamed": Conduct(name="blamer", games={"customer_blamed": 0.25}),
    "edited": Conduct(name="editor", late=0.15, games={"edited": 0.4}),
    "backdated": Conduct(name="backdater", games={"backdated": 0.12}),
    "gaps": Conduct(name="withholder", games={"gaps": 0.06}),
    "unknown_ticket": Conduct(name="inventor", games={"unknown_ticket": 0.05}),
}
"""Each does one thing."""
LOOKALIKES: Final[dict[Pattern, Conduct]] = {
    "closed_unasked": Conduct(name="thanked", slips={"closed_unasked": 0.05}, resembles={"closed_unasked": 0.3}),
    "paused_late": Conduct(name="hurried", slips={"paused_late": 0.21}, resembles={"paused_late": 0.2}),
    "paused_unasked": Conduct(name="waiting", slips={"paused_unasked": 0.25}, resembles={"paused_unasked": 0.6}),
    "lowered_late": Conduct(name="sorting", late=0.2, slips={"lowered_late": 0.10}, resembles={"lowered_late": 0.3}),
    "flicker": Conduct(name="clumsy", slips={"flicker": 0.02}, resembles={"flicker": 0.08}),
    "continued": Conduct(name="followed", slips={"continued": 0.03}, resembles={"continued": 0.15}),
    "misdiagnosed": Conduct(name="revisited", slips={"misdiagnosed": 0.05}, resembles={"misdiagnosed": 0.2}),
    "mass_close": Conduct(name="seasonal", resembles={"mass_close": 0.35}),
    "customer_blamed": Conduct(name="consumer", slips={"customer_blamed": 0.12}),
    "edited": Conduct(name="correcting", late=0.15, slips={"edited": 0.05}, resembles={"edited": 0.2}),
    "backdated": Conduct(name="offline", slips={"backdated": 0.03}, resembles={"backdated": 1.0}),
    "gaps": Conduct(name="shuffled", slips={"gaps": 0.005}, resembles={"gaps": 0.3}),
    "unknown_ticket": Conduct(name="early", slips={"unknown_ticket": 0.01}, resembles={"unknown_ticket": 0.4}),
}
"""Honest ones: at the very limit of what is allowed, and full of what only looks like the pattern."""


def _both(name: str, vendors: Mapping[Pattern, Conduct]) -> Conduct:
    return Conduct(
        name=name,
        late=max(conduct.late for conduct in vendors.values()),
        slips={pattern: conduct.games_or_slips(pattern) for pattern, conduct in vendors.items()},
        resembles={pattern: conduct.resembles.get(pattern, 0.0) for pattern, conduct in vendors.items()},
    )


UNLUCKY: Final = _both("unlucky", LOOKALIKES)
"""Honest, and close to every pattern at once: the hardest to be fair to."""
