"""Simulated vendors against the patterns: who games is found, who only looks like it is not."""
