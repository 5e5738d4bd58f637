"""End to end on real parts: broker, worker, Prometheus, Alertmanager, and somebody who is told."""
