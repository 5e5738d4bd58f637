"""One real Apache Kafka node without Docker: its jars by Maven, its data in a temporary directory."""

from __future__ import annotations

import atexit
import ctypes
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from undertow.embedded import answers, free_port

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "kafka"

#: Seconds: jars over a slow line; listening, about 5 s on two cores; a clean stop.
FETCH_TIMEOUT, START_TIMEOUT, STOP_TIMEOUT = 600, 60, 20

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{more}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=4194304
"""


class Unavailable(RuntimeError):
    """This machine cannot run Apache Kafka; the message says what is missing."""


class ApacheKafka:
    """A broker with the surface of `EmbeddedBroker`, and `kill()` and `restart()` that keep its port and data."""

    kind = "apache"
    scheme = "undertow"

    def __init__(self, listeners: str = "", properties: str = "", accounts: Iterable[str] = ()) -> None:
        """``listeners`` and ``properties`` beside the plain ones; ``accounts`` as the storage tool's --add-scram takes them."""
        self.port = free_port()
        self._listeners, self._properties, self._accounts = listeners, properties, list(accounts)
        self._root: Path | None = None
        self._libs = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Fetch the jars once, format the log directory, start. Raises Unavailable."""
        self._libs = jars()
        self._root = Path(tempfile.mkdtemp(prefix="undertow-kafka-"))
        atexit.register(self.stop)
        text = PROPERTIES.format(
            port=self.port,
            controller=free_port(),
            data=self._root / "data",
            more=self._listeners and f",{self._listeners}",
        )
        (self._root / "server.properties").write_text(text + self._properties)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # joined by "=": one id in 64 begins with a dash, and would pass for an option
        formatted = self._java(
            *("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", "server.properties"),
            *(word for account in self._accounts for word in ("--add-scram", account)),
        )
        if formatted.wait(60):
            raise RuntimeError(f"the broker's storage could not be formatted: exit code {formatted.returncode}")
        self.restart()

    def restart(self) -> None:
        """Start on the data that is there and wait for an answer."""
        assert self._root is not None, "start() comes first"
        assert self._process is None, "it still runs"
        self._process = self._java("kafka.Kafka", "server.properties")
        deadline = time.monotonic() + START_TIMEOUT
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = (self._root / "broker.log").read_text(errors="replace")[-2000:]
                self.stop()
                raise Unavailable(f"Apache Kafka did not come up:\n{tail}")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL; data stays for `restart`."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def lose(self, topic: str) -> None:
        """Delete the records of a topic under a broker that was killed, as the loss of a disk without a copy does."""
        assert self._root is not None, "start() comes first"
        assert self._process is None, "it still runs"
        for log in (self._root / "data").glob(f"{topic}-*"):
            shutil.rmtree(log)

    def stop(self) -> None:
        """End the process and delete its data."""
        atexit.unregister(self.stop)
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT)
                self._process = None
            except subprocess.TimeoutExpired:
                self.kill()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None

    def __enter__(self) -> ApacheKafka:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _java(self, *arguments: str) -> subprocess.Popen[bytes]:
        assert self._root is not None
        with (self._root / "broker.log").open("ab") as log:
            return subprocess.Popen(
                ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self._libs}/*", *arguments],
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )


def jars() -> Path:
    """Return the directory of Kafka's jars, fetched by Maven on first use. Raises Unavailable."""
    if shutil.which("java") is None:
        raise Unavailable("no java on PATH: Apache Kafka 4.1 needs Java 17 or later")
    libs = CACHE / "libs"
    pom = HERE / "pom.xml"
    done = CACHE / "pom.xml"  # written last: a copy that was interrupted is not a cache
    if done.is_file() and done.read_bytes() == pom.read_bytes():
        return libs
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("no mvn on PATH: it fetches Apache Kafka's jars")
    shutil.rmtree(libs, ignore_errors=True)
    libs.mkdir(parents=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={libs}"]
    command = [maven, "-q", "-B", "-f", str(pom), *goal]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT, check=False)
    except subprocess.TimeoutExpired as exc:
        raise Unavailable(f"mvn did not fetch Apache Kafka's jars within {FETCH_TIMEOUT} s") from exc
    if run.returncode != 0:
        raise Unavailable(f"mvn could not fetch Apache Kafka's jars: {run.stdout[-500:]}{run.stderr[-500:]}")
    shutil.copyfile(pom, done)
    return libs


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no broker outlives a test run
