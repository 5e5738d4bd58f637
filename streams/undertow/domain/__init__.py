"""What Undertow decides. Pure: no Kafka, no Faust, no Prometheus, no I/O, no clock; ``tests/unit`` enforces it.

Start with ``verdicts``, what everything else is for. The rooms in the order in which they build on each other, which a test
holds too: ``statistics``, ``agreement``, ``counting``; one ticket in ``tickets``, ``measuring``, ``patterns``, ``judging``; a
vendor in ``figures``, ``statements`` and ``standing``. ``customers`` stands beside them, on the first three alone.
"""
