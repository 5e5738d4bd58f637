"""What the workers under test share: their settings, their reports (JSON lines), and how they are told to rejoin.

Environment: RUN, BROKER, SCHEME, OUT (the reports), REJOIN (a file: each time it appears the worker leaves and joins its
group again), COMMIT (seconds between commits), HEARTBEAT (seconds between heartbeats), SESSION (seconds without one that end
a session), INSTANCE (the group instance id of a worker with a seat), SEEK (seconds by which every seek of the sources begins
late), FAIL (the agent raises on an event whose value is it).
"""

import asyncio
import json
import os
from pathlib import Path

import faust

RUN, FAIL = os.environ["RUN"], os.environ.get("FAIL", "").encode()
PARTITIONS = 2
SOURCE = os.environ.get("SOURCE", f"src-{RUN}")
CELLS = f"cells-{RUN}"
OUT, REJOIN = Path(os.environ["OUT"]), Path(os.environ["REJOIN"])


def create(**settings: object) -> faust.App:
    return faust.App(
        f"book-{RUN}",
        broker=f"{os.environ['SCHEME']}://{os.environ['BROKER']}",
        store="memory://",
        datadir=str(OUT.parent / "data"),
        topic_partitions=PARTITIONS,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        broker_session_timeout=float(os.environ.get("SESSION", "3")),
        consumer_group_instance_id=os.environ.get("INSTANCE"),
        consumer_metadata_max_age_ms=1000,
        broker_heartbeat_interval=float(os.environ.get("HEARTBEAT", "0.5")),
        broker_commit_interval=float(os.environ.get("COMMIT", "0.5")),
        broker_commit_every=1_000_000,
        producer_request_timeout=10,
        worker_redirect_stdouts=False,
        web_enabled=False,
        **settings,
    )


def report(what: str, **more: object) -> None:
    with OUT.open("a") as out:
        out.write(json.dumps({"what": what, **more}) + "\n")


def watch_seeks(consumer: type) -> None:
    """Report each seek of the sources, when it begins and when it is done."""
    perform = consumer.perform_seek

    async def perform_seek(self) -> None:
        report("seek")
        await asyncio.sleep(float(os.environ.get("SEEK", "0")))
        await perform(self)
        report("sought")

    consumer.perform_seek = perform_seek


def rejoin_when_told(consumer: object) -> None:
    if REJOIN.exists():
        REJOIN.unlink()
        thread = consumer._thread
        thread.thread_loop.call_soon_threadsafe(thread._consumer._coordinator.request_rejoin)
