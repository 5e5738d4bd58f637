"""When a vendor's statements are delivered, and where to. No secret stands here: only where one is found."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

DAY: Final = 86_400.0
Kind = Literal["kafka", "webhook", "email"]


class Destination(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver of a vendor's statements."""

    kind: Kind
    """kafka: a topic of this cluster; webhook: signed after the Standard Webhooks specification; email: HTML and CSV attached."""
    address: Annotated[str, Meta(min_length=1, max_length=2048)]
    """Name of the topic, without the namespace; https address of the webhook; one e-mail address."""
    secret_variable: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    """For a webhook: name of the environment variable that holds its signing secret (whsec_...). Never the secret itself."""
    secret_file: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    """For a webhook: path of the file that holds its signing secret (whsec_...)."""


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The schedule and the receivers."""

    after: Annotated[float, Meta(ge=0, le=3650 * DAY)] = 3 * DAY
    """So long after the end of its last day a period's statement is delivered; one that is issued later, once it is issued."""
    since: float | None = None
    """Statements of periods that ended before this time (seconds) are not delivered; None: all are."""
    to: tuple[Destination, ...] = ()
