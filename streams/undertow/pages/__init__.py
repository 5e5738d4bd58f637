"""The leaders' page at ``/`` of the worker's server, for those without Grafana: a function of the board's state."""
