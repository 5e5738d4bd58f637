"""A vendor's figures from its cells: what it reports against what was recomputed, and what has just got worse.

All are functions of tallies, claims, contract and a day. :mod:`undertow.domain.standing` brings them together.
"""
