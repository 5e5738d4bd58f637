"""The commands that create and check topics, by kafka-python.

Stock Faust reports OK and consumes nothing when a source topic is missing, and explodes at the first table write when
partition counts differ; so the worker compares the cluster with the registry before it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, Literal

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    InvalidTopicError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from msgspec import Struct

from undertow.clients import BOOTSTRAP_MS
from undertow.settings import Settings
from undertow.topics import DAY_MS, OWN, Topic, app_id, registry

_FOR_EVER: Final = 2**63 - 1
"""Kafka's word for no limit."""


class Problem(Struct, frozen=True):
    """One difference between cluster and registry. ``missing`` ones are cured by ``topics apply``."""

    topic: str
    words: str
    kind: Literal["missing", "partitions", "replication", "config"]
    own: bool = False
    """Whether the topic is a vendor's own, which a contract names."""


class TopicsError(Exception):
    """The cluster cannot be asked or changed; the message says what to do."""


def check(settings: Settings, own: Collection[str] = ()) -> list[Problem]:
    """Differences between the cluster and the registry; ``own`` are the topics that contracts name.

    Raises :class:`TopicsError` when the cluster does not answer.
    """
    with _Admin(settings) as admin:
        return list(_differences(registry(settings, own), settings, admin))


def partitions(settings: Settings, own: Collection[str] = ()) -> dict[str, int]:
    """How many partitions each topic of the registry has that there is. Raises as :func:`check` does."""
    with _Admin(settings) as admin:
        have = _shapes(admin)
    return {topic.name: have[topic.name].partitions for topic in registry(settings, own) if topic.name in have}


def apply(settings: Settings, own: Collection[str] = ()) -> list[str]:
    """Create what is missing and set retention. Returns what was done; never deletes, never repartitions."""
    done = []
    topics = registry(settings, own)
    with _Admin(settings) as admin:
        existing = _shapes(admin)
        for topic in topics:
            if topic.name in existing:
                continue
            wanted: dict[str, Any] = {
                "num_partitions": topic.partitions or settings.source_partitions,
                "replication_factor": settings.replication,
                "configs": dict(topic.config),
            }
            (answer,) = admin.create_topics({topic.name: wanted}, raise_errors=False)["topics"]
            if answer["error_code"] == TopicAlreadyExistsError.errno:
                continue
            if answer["error_code"] != NoError.errno:
                raise TopicsError(_refused(topic.name, answer, settings))
            done.append(f"created {topic.name} with {wanted['num_partitions']} partitions")
        # a broker answers before every one of its metadata caches has heard of the topic
        admin.wait_for_topics([topic.name for topic in topics])
        for problem in list(_differences(topics, settings, admin)):
            if problem.kind == "config":
                topic = next(t for t in topics if t.name == problem.topic)
                _set_config(admin, topic)
                done.append(f"set {', '.join(key for key, _ in topic.config)} of {topic.name}")
    return done


def _refused(topic: str, answer: Mapping[str, Any], settings: Settings) -> str:
    """Why the broker did not create a topic, in its own words, and what to change where that is ours to say."""
    why = answer.get("error_message") or for_code(answer["error_code"]).__name__
    advice = {
        InvalidReplicationFactorError.errno: f"--replication {settings.replication} is more than the cluster has brokers",
        InvalidTopicError.errno: "check --namespace, and the topics that contracts name under 'feeds:'",
        TopicAuthorizationFailedError.errno: "the account (--username) may not create topics",
        ClusterAuthorizationFailedError.errno: "the account (--username) may not create topics",
    }.get(answer["error_code"])
    return f"topic {topic} cannot be created: {why}" + (f" ({advice})" if advice else "")


def _differences(topics: Collection[Topic], settings: Settings, admin: KafkaAdminClient) -> Iterator[Problem]:
    existing = _shapes(admin)
    for topic in topics:
        have = existing.get(topic.name)
        if have is None:
            own = topic.purpose == OWN
            words = f"topic {topic.name} is missing{', and a contract names it' if own else ''}"
            yield Problem(topic.name, words, "missing", own)
            continue
        if topic.partitions is not None and have.partitions != topic.partitions:
            words = f"topic {topic.name} has {have.partitions} partitions and must have {topic.partitions}"
            yield Problem(topic.name, words, "partitions")
        if have.replicas < settings.replication:
            words = f"topic {topic.name} has {have.replicas} replicas and must have {settings.replication}"
            yield Problem(topic.name, words, "replication")
        if settings.broker.kind != "embedded" and topic.config:  # the embedded broker knows no topic configuration
            config = _config(admin, topic.name)
            wrong = [
                f"{key}={config.get(key)} (must be {value})" for key, value in topic.config if config.get(key) != value
            ]
            if wrong:
                words = f"topic {topic.name} has {', '.join(wrong)}"
                yield Problem(topic.name, words, "config", topic.purpose == OWN)


class _Shape(Struct, frozen=True):
    """What a topic has. ``replicas`` of the partition with the fewest."""

    partitions: int
    replicas: int


def _shapes(admin: KafkaAdminClient) -> Mapping[str, _Shape]:
    return {
        topic["name"]: _Shape(
            len(topic["partitions"]), min(len(partition["replica_nodes"]) for partition in topic["partitions"])
        )
        for topic in admin.describe_topics()
        if not topic.get("error_code") and topic["partitions"]
    }


def _config(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {key: str(entry["value"]) for key, entry in found["topic"][topic].items()}


def _set_config(admin: KafkaAdminClient, topic: Topic) -> None:
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=dict(topic.config))])


class _Admin:
    """An admin client that answers in our words."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> KafkaAdminClient:
        try:
            self._client = KafkaAdminClient(**self._settings.broker.client(), bootstrap_timeout_ms=BOOTSTRAP_MS)
        except (KafkaError, OSError, ValueError) as error:
            raise TopicsError(self._settings.broker.silent(error)) from None
        return self._client

    def __exit__(self, kind: object, error: BaseException | None, *trace: object) -> None:
        self._client.close()
        if isinstance(error, KafkaError):  # it went away meanwhile, or refuses
            raise TopicsError(self._settings.broker.failed(error)) from None


def advice(problems: list[Problem]) -> str:
    """What to do about differences, in one line."""
    if any(problem.kind == "partitions" for problem in problems):
        return "a partition count cannot be changed under data: set --partitions to what is there, or use another --namespace"
    if any(problem.kind == "replication" for problem in problems):
        return (
            "replicas are added with Kafka's own kafka-reassign-partitions, or accept what is there with --replication"
        )
    if any(problem.own for problem in problems):
        missing = any(problem.own and problem.kind == "missing" for problem in problems)
        return f"run: undertow topics apply --contracts FOLDER{' (or correct the name in the contract)' if missing else ''}"
    return "run: undertow topics apply"


def unread(settings: Settings, ends: Mapping[TopicPartition, int]) -> int:
    """Records before ``ends`` whose reading no worker has committed. Raises as :func:`check` does.

    What is committed is on the topics that follow: a worker commits nothing before.
    """
    group = app_id(settings)
    with _Admin(settings) as admin:
        read = admin.list_group_offsets({group: list(ends)})[group]
    return sum(max(end - max(read[at].offset, 0) if at in read else end, 0) for at, end in ends.items())


def retentions(settings: Settings, names: Collection[str]) -> dict[str, str]:
    """How long each topic keeps a record, in words. Raises :class:`TopicsError` when the cluster does not answer."""
    return _configured(settings, names, _retention)


def compactions(settings: Settings, names: Collection[str]) -> dict[str, str]:
    """Within what time each compacted topic has lost what was overwritten, in words. Raises as :func:`retentions`."""
    return _configured(settings, names, _compaction)


def _configured(
    settings: Settings, names: Collection[str], words: Callable[[Mapping[str, str]], str]
) -> dict[str, str]:
    if settings.broker.kind == "embedded":  # it knows no topic configuration
        return dict.fromkeys(names, "as long as the embedded broker runs")
    with _Admin(settings) as admin:
        existing = _shapes(admin)
        return {name: words(_config(admin, name)) for name in names if name in existing}


def _retention(config: Mapping[str, str]) -> str:
    if "delete" not in config.get("cleanup.policy", "delete"):
        return "compacted: the last record of each key for good"
    kept = int(config.get("retention.ms", "-1"))
    return "for good: it has no retention" if kept < 0 else f"{kept / DAY_MS:g} days"


def _compaction(config: Mapping[str, str]) -> str:
    longest, grace = (int(config.get(key, "0")) for key in ("max.compaction.lag.ms", "delete.retention.ms"))
    if not 0 < longest < _FOR_EVER:
        return "whenever the broker likes, for it has no max.compaction.lag.ms: run 'undertow topics apply'"
    return f"within {longest / DAY_MS:g} days; keys of what is gone {grace / DAY_MS:g} days longer"


def delete(settings: Settings, own: Collection[str] = ()) -> None:
    """Delete every topic of the registry. For a namespace of a demo or a test; nothing else calls it."""
    with _Admin(settings) as admin:
        existing = _shapes(admin)
        admin.delete_topics([topic.name for topic in registry(settings, own) if topic.name in existing])
