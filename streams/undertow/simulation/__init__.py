"""A world whose truth is known: seeded customers and vendors, what they did as events, and what a fair judge must find.

Pure: the same seed gives the same events, byte for byte. Read ``plans`` first, then ``story``; ``world`` is the API.
Vendors that game, and honest ones who look close to it, stand in ``conduct``; ``month`` plays them.
"""

from undertow.simulation.plans import DEFAULT, FADING, VendorPlan
from undertow.simulation.truth import Truth
from undertow.simulation.world import World

__all__ = ["DEFAULT", "FADING", "Truth", "VendorPlan", "World"]
