"""Grafana's dashboards as code: ``python -m dashboards.generate`` writes ``grafana/*.json``, a test holds them equal."""
