"""The file of recipients, read and checked: a typing error must not send a vendor's figures to somebody else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

Address = Annotated[str, Meta(pattern=r"^[^@\s,<>\"{}]+@[^@\s,<>\"{}]+$", max_length=254)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s{}@]+$", max_length=2048)]
"""Without user and password: those stand in files."""
SecretFile = Annotated[str, Meta(pattern=r"^/[^\s{}]+$", max_length=4096)]


class BadRecipients(Exception):
    """The file cannot be used; the message says what to change."""


class Recipient(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told, by mail, by webhook or both."""

    email: tuple[Address, ...] = ()
    webhook: Url | None = None
    token_file: SecretFile | None = None
    """Holds the bearer token that the webhook is called with."""

    @property
    def silent(self) -> bool:
        """True where nothing would be sent."""
        return not self.email and self.webhook is None


class Smtp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mail server. TLS is required unless ``require_tls`` says otherwise."""

    smarthost: Annotated[str, Meta(pattern=r"^[^\s:]+:[0-9]{1,5}$")]
    from_: Address = msgspec.field(name="from")
    username: str | None = None
    password_file: SecretFile | None = None
    require_tls: bool = True


class Recipients(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everybody."""

    leaders: Recipient
    engineers: Recipient
    vendors: dict[str, Recipient] = {}
    smtp: Smtp | None = None


def read(path: Path, contracted: Collection[str]) -> Recipients:
    """The recipients of a file. Raises :class:`BadRecipients`; ``contracted`` are the vendors with a contract."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = msgspec.convert(said, Recipients)
    except OSError as error:
        raise BadRecipients(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise BadRecipients(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    except (UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadRecipients(f"{path}: {error}") from None
    everybody = {"leaders": found.leaders, "engineers": found.engineers, **found.vendors}
    if strangers := sorted(set(found.vendors) - set(contracted)):
        raise BadRecipients(f"{path}: no contract names {', '.join(strangers)}: is the name spelled as there?")
    if nobody := [name for name, one in everybody.items() if one.silent]:
        raise BadRecipients(f"{path}: {', '.join(nobody)} would be told nothing: name an email or a webhook")
    if found.smtp is None and any(one.email for one in everybody.values()):
        raise BadRecipients(f"{path}: mail needs smtp: smarthost and from")
    for name, one in everybody.items():
        if one.token_file is not None and one.webhook is None:
            raise BadRecipients(f"{path}: {name} has a token_file and no webhook to use it for")
    shared = [(a, b) for a in found.vendors for b in everybody if a != b and _meet(found.vendors[a], everybody[b])]
    if shared:
        words = "; ".join(f"{a} and {b}" for a, b in shared)
        raise BadRecipients(
            f"{path}: a vendor must not read what is said of others, but these share an address: {words}"
        )
    return found


def _meet(one: Recipient, other: Recipient) -> bool:
    same = {address.casefold() for address in one.email} & {address.casefold() for address in other.email}
    return bool(same) or (one.webhook is not None and one.webhook == other.webhook)
