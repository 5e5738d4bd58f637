"""Undertow: a support vendor's reported SLA figures held against what really happened to the customers."""
