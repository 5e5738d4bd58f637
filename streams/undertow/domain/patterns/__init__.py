"""Patterns of gaming: what makes a figure look good without the work. Read ``agreement.thresholds`` first, then ``tickets``.

A ticket's facts give cases; a vendor's cases give suspicions; ``accusations`` decides which of them are said aloud.
"""

from undertow.domain.agreement.thresholds import CATALOG, Allowed, Pattern, Patterns

__all__ = ["CATALOG", "Allowed", "Pattern", "Patterns"]
