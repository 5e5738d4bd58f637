"""``make bench-peers``: the same job by every engine of ``../shared/peers``, beside the floor and ours, on one broker.

The peers' jobs, their feed and their check are read where they are and run as they stand; only the environments and the
scratch are ours (``environments``). A peer that cannot be installed or fails stands in the results with its reason.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench import job
from bench.child import Failed, Ran, run
from bench.environments import Absent, brief, java_classes, python_of
from bench.results import part, say
from brokers.apache import ApacheKafka
from brokers.client import Client

PEERS = job.ROOT.parent / "shared" / "peers"
EVENTS = int(os.environ.get("EVENTS", "300000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
CHOSEN = [name for name in os.environ.get("PEERS", "").split(",") if name]
TOPIC = "peer-big"
"""Two of the peers' jobs name it themselves."""
TOOLS = ("confluent-kafka==2.16.1",)


class Here(NamedTuple):
    """What a peer needs to run."""

    client: Client
    tools: Path
    """Python that runs the peers' feed and check."""
    scratch: Path
    name: str
    """Of this run: names its group, topics and state."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PEER_BROKER": self.client.broker.address,
            "PEER_SCRATCH": str(self.scratch),
            "PEER_TOPIC": TOPIC,
            "PEER_N": str(EVENTS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RUN": self.name,
        }

    def tool(self, script: str, *arguments: str) -> str:
        """One of the peers' own tools; what it said."""
        done = subprocess.run(
            [self.tools, PEERS / script, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise Failed(f"{script}: {(done.stdout + done.stderr)[-500:]}")
        return done.stdout

    def changelog(self) -> str:
        """The one changelog topic of this run."""
        (topic,) = (topic for topic in self.client.topics() if self.name in topic and "changelog" in topic)
        return topic


class Peer(NamedTuple):
    """One engine: what it is, what it needs, how it runs, and how what it keeps is checked."""

    version: str
    durability: str
    install: Callable[[], object]
    command: Callable[[Any, Here], list[str]]
    check: Callable[[Any, Here, Ran], str]
    environment: tuple[tuple[str, str], ...] = ()


def by_changelog(_: object, here: Here, __: Ran) -> str:
    """What a restore would give."""
    return here.tool("check.py", here.changelog())


def bytewax(python: Path, here: Here) -> list[str]:
    state = here.scratch / f"recovery-{here.name}"
    state.mkdir()
    subprocess.run([python, "-m", "bytewax.recovery", state, "4"], check=True, capture_output=True)
    flow = str(PEERS / "bytewax" / "job.py")
    return [str(python), "-m", "bytewax.run", flow, "-r", str(state), "-s", "10", "-b", "0"]


def by_a_second_run(python: Path, here: Here, _: Ran) -> str:
    """Pathway keeps its input and not a state that others can read: a run that subscribes to its output checks itself."""
    again = here._replace(name=f"{here.name}-check")
    return run(pathway(python, again), here.scratch, {**again.environment, "PEER_CHECK": "1"}).said


def pathway(python: Path, _: Here) -> list[str]:
    return [str(python), str(PEERS / "pathway" / "job.py")]


def faust(python: Path, _: Here) -> list[str]:
    return [str(python), str(PEERS / "faust" / "job.py"), "--loop", "uvloop", "worker", "-l", "info", "--without-web"]


def python_peer(name: str, *packages: str) -> Callable[[], Path]:
    return lambda: python_of(name, packages)


ENGINES = {
    "quix": Peer(
        "Quix Streams 3.28.1",
        "re-key through Kafka, RocksDB, changelog",
        python_peer("quix", "quixstreams==3.28.1"),
        lambda python, _: [str(python), str(PEERS / "quix" / "job.py")],
        by_changelog,
    ),
    "bytewax": Peer(
        "Bytewax 0.21.1",
        "in-process exchange, local SQLite snapshots every 10 s",
        python_peer("bytewax", "bytewax[kafka]==0.21.1"),
        bytewax,
        lambda _, here, __: here.tool("bytewax/check.py", str(here.scratch / f"recovery-{here.name}")),
    ),
    "kstreams": Peer(
        "Kafka Streams 4.1.0, -Xmx1g",
        "re-key through Kafka, RocksDB, changelog",
        lambda: java_classes(PEERS / "kstreams"),
        lambda classes, _: ["java", "-Xmx1g", "-cp", classes, "peer.Job"],
        by_changelog,
    ),
    "pathway": Peer(
        "Pathway 0.33.0",
        "in-process exchange, local input log",
        python_peer("pathway", "pathway==0.33.0", "confluent-kafka==2.16.1"),
        pathway,
        by_a_second_run,
    ),
    "faust": Peer(
        "Faust 0.15.3, tuned, uvloop",
        "re-key through Kafka, memory, changelog",
        python_peer("faust", "faust-streaming==0.15.3", "orjson==3.13.0", "uvloop==0.23.0", "cramjam==2.14.0"),
        faust,
        by_changelog,
        (("TUNED", "1"),),
    ),
}


def verdict(words: str) -> dict[str, Any]:
    """The peers' check prints one dict; what of it says whether the counts are right."""
    found = ast.literal_eval(words[words.index("{") : words.rindex("}") + 1])
    return {"identical_customers": found["identical"], "customers": found["of"], "events_counted": found["events"]}


def check_ours(here: Here, changelog: str) -> dict[str, Any]:
    """Our changelog under the peers' own check."""
    state = here.scratch / "ours.json"
    state.write_text(json.dumps(job.durable(here.client.broker.address, changelog)))
    code = f"import sys, json; sys.path.insert(0, {str(PEERS)!r}); import verify; "
    code += "print(verify.check(json.load(open(sys.argv[1]))))"
    done = subprocess.run(
        [here.tools, "-c", code, state],
        env={**os.environ, **here.environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return verdict(done.stdout)


def broker_cpu() -> float:
    """CPU seconds of the broker, the one Java process that is our child."""
    return sum(
        sum(child.cpu_times()[:2])
        for child in psutil.Process().children()
        if "kafka.Kafka" in " ".join(child.cmdline())
    )


def one(name: str, here: Here, *, check: bool) -> dict[str, Any]:
    """One run of one engine, ours or the floor, and what it left behind checked."""
    address = here.client.broker.address
    before = broker_cpu()
    if name == "floor":
        ran = job.floor(address, TOPIC, EVENTS, here.scratch)
        row = ran.row(EVENTS) | {"state": ran.result["state"]}
    elif name == "ours":
        ran, changelog = job.ours(here.client, TOPIC, EVENTS, here.scratch)
        row = ran.row(EVENTS) | {"state": ran.result["state"]}
    else:
        peer = ENGINES[name]
        installed = peer.install()
        command = peer.command(installed, here)
        ran = run(command, here.scratch, here.environment | dict(peer.environment))
        row = ran.row(EVENTS)
    row["broker_us_per_event"] = round((broker_cpu() - before) / EVENTS * 1e6, 1)
    if check and name == "ours":
        row |= check_ours(here, changelog)
    elif check and name in ENGINES:
        row |= verdict(peer.check(installed, here, ran))
    return row


def compare(names: list[str], client: Client, tools: Path, scratch: Path) -> dict[str, Any]:
    """Every round runs every job once, so that whatever else the machine does falls on all alike."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    absent: dict[str, str] = {}
    for turn in range(ROUNDS):
        for name in names:
            if name in absent:
                continue
            here = Here(client, tools, scratch, f"{name}{turn}-{os.getpid()}")
            try:
                runs[name].append(one(name, here, check=True))
                say(f"{turn + 1}/{ROUNDS} {name}: {runs[name][-1]}")
            except (Absent, Failed) as why:
                absent[name] = brief(str(why))
                say(f"{turn + 1}/{ROUNDS} {name} is absent: {why}")
    return {"runs": {name: found for name, found in runs.items() if found}, "absent": absent}


def main() -> None:
    if not (PEERS / "run.py").is_file():
        sys.exit(
            f"the peers' code is not at {PEERS}: this comparison needs it beside the checkout (`make bench` does not)"
        )
    if unknown := set(CHOSEN) - ENGINES.keys():
        sys.exit(f"PEERS names {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    try:
        tools = python_of("tools", TOOLS)
    except Absent as why:
        sys.exit(f"the peers' feed and check need confluent-kafka: {why}")
    engines = CHOSEN or list(ENGINES)
    ready, absent = [], {}
    for name in engines:
        try:
            ENGINES[name].install()
            ready.append(name)
        except Absent as why:
            absent[name] = str(why)
            say(f"{name} is absent: {why}")
    scratch = Path(tempfile.mkdtemp(prefix="undertow-bench-"))
    try:
        with part("peers") as found:
            with ApacheKafka() as kafka:
                client = Client(kafka)
                here = Here(client, tools, scratch, "feed")
                say(f"publishing {EVENTS:,} events with the peers' own feed")
                say(here.tool("produce.py", str(EVENTS)).strip()[:80])
                (scratch / "events.jsonl").unlink()
                found.update(compare(["floor", "ours", *ready], client, tools, scratch), events=EVENTS)
                client.close()
            found["absent"] = absent | found["absent"]
            found["about"] = {name: [ENGINES[name].version, ENGINES[name].durability] for name in engines}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    floor = statistics.median(row["cpu_us_per_event"] for row in found["runs"]["floor"])
    for name, rows in found["runs"].items():
        median = statistics.median(row["cpu_us_per_event"] for row in rows)
        right = all(row.get("identical_customers", 0) == row.get("customers", 0) for row in rows)
        words = f"{name:9} {median:7.2f} us CPU an event, {median / floor:6.2f} of the floor"
        sys.stdout.write(f"{words}{'' if right else ', COUNTS DIFFER'}\n")
    for name, why in found["absent"].items():
        sys.stdout.write(f"{name:9} absent: {why}\n")


if __name__ == "__main__":
    main()
