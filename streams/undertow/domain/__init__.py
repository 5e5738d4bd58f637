"""What Undertow decides. Pure: no Kafka, no Faust, no Prometheus, no I/O, no clock; ``tests/unit`` enforces it."""
