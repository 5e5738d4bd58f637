"""Intervals and exact tests of counts, with the source of every formula. Nothing here knows tickets."""
