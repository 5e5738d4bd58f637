"""What makes a worker stop instead of going on with a hole in its state."""

from __future__ import annotations

from faust.exceptions import FaustError


class PublishFailed(FaustError):  # a state of affairs, like Faust's own NotReady
    """A record that must be on the broker is not there; no offset may be committed any more."""


class LeaseExpired(FaustError):  # a state of affairs, like Faust's own NotReady
    """The group may have given our partitions away; a write now could overwrite the state of their new owner."""


class MissingChangelog(FaustError):  # a state of affairs, like Faust's own NotReady
    """A source partition is assigned without its table's changelog partition: its table would start from nothing."""
