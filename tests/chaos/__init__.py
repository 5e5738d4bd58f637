"""Chaos: a seeded feed, a seeded plan of what goes wrong, and a verdict that allows no difference."""

import sys
from pathlib import Path

_TESTS = str(Path(__file__).parents[1])
if _TESTS not in sys.path:  # `python -m tests.chaos.run` must find what pytest finds by its own `pythonpath`
    sys.path.insert(0, _TESTS)
