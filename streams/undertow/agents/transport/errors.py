"""What makes a worker stop instead of going on with a hole in its state."""

from __future__ import annotations

from aiokafka.errors import KafkaError
from faust.exceptions import FaustError


class NotWritten(FaustError, KafkaError):  # type: ignore[misc]  # aiokafka is untyped
    """A record is not on the broker. A KafkaError, for aiokafka fails a batch by no other kind; it never retries ours."""

    __str__ = Exception.__str__  # a KafkaError's says the class a second time


class PublishFailed(NotWritten):  # a state of affairs, like Faust's own NotReady
    """A record that must be on the broker is not there; no offset may be committed any more."""


class LeaseExpired(NotWritten):  # a state of affairs, like Faust's own NotReady
    """The group may have given our partitions away; a write now could overwrite the state of their new owner."""


class LogBeganAnew(FaustError):
    """A topic was deleted and made again while records of the old one were in hand: their offsets mean others now."""


class Refused(FaustError):
    """The group will not have us, and will not tomorrow."""


class SeatLost(FaustError, KafkaError):  # type: ignore[misc]  # aiokafka is untyped
    """Another process has this worker's seat in the group. A KafkaError, for aiokafka's coordinator expects no other."""

    __str__ = Exception.__str__


class MissingChangelog(FaustError):  # a state of affairs, like Faust's own NotReady
    """A source partition is assigned without its table's changelog partition, or the other way round."""
