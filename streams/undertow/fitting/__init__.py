"""Fitting: the one room that imports numpy and scipy, and only those who fit import it (``pip install 'undertow[churn]'``)."""

from __future__ import annotations

from undertow.fitting.book import Book
from undertow.fitting.models import alive, fit, log_likelihood, lost, silent

__all__ = ["Book", "alive", "fit", "log_likelihood", "lost", "silent"]
