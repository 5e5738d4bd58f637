"""Tokens: who may sign in. 256 random bits, shown once, kept as a hash in a file that only its owner can read.

The file is read again whenever it has changed, so what is created or revoked counts at once. A file that cannot be read lets
nobody in.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from undertow.clock import wall

PREFIX: Final = "undertow-"
"""So that scanners for secrets find a token that was published by mistake."""
BYTES: Final = 32


class BadTokens(Exception):
    """The file of tokens cannot be used; the message says what to change."""


class Token(Struct, frozen=True, kw_only=True):
    """One token. Times in seconds since 1970-01-01T00:00Z. ``vendor`` is None for the company's own people."""

    id: str
    name: str
    """Whose it is; events carry it as ``by``."""
    vendor: str | None
    hash: str
    """SHA-256 of the token, hexadecimal. It needs no salt and no stretching: nobody guesses 256 random bits."""
    created: float
    expires: float
    revoked: float | None = None

    def valid(self, now: float) -> bool:
        """Whether it lets anybody in."""
        return self.revoked is None and now < self.expires


class Tokens:
    """The tokens of a file. Raises :class:`BadTokens`; ``find`` and ``standing`` never do, and let nobody in instead."""

    def __init__(self, path: Path, clock: Callable[[], float] = wall) -> None:
        self._path, self._clock = path, clock
        self._read_at: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    def create(self, name: str, vendor: str | None, lifetime: float) -> tuple[str, Token]:
        """A new token, in clear and as it is kept. ``lifetime`` in seconds."""
        secret = PREFIX + secrets.token_urlsafe(BYTES)
        now = self._clock()
        with self._locked():
            known = self.all()
            token = Token(
                id=secrets.token_hex(4),
                name=name,
                vendor=vendor,
                hash=_hash(secret),
                created=now,
                expires=now + lifetime,
            )
            self._write((*known, token))
        return secret, token

    def revoke(self, id: str) -> Token | None:
        """Revoke one for good; None where there is none of that id."""
        with self._locked():
            known = self.all()
            now = self._clock()
            changed = tuple(
                msgspec.structs.replace(one, revoked=now) if one.id == id and one.revoked is None else one
                for one in known
            )
            self._write(changed)
        return next((one for one in changed if one.id == id), None)

    def all(self) -> tuple[Token, ...]:
        """Every token, oldest first; none where there is no file."""
        try:
            with self._path.open("rb") as file:
                stat = os.fstat(file.fileno())
                if stat.st_mode & 0o077:
                    raise BadTokens(f"{self._path} can be read by others: chmod 600 {self._path}")
                return tuple(msgspec.json.decode(file.read(), type=list[Token]))
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise BadTokens(f"{self._path} is no file of tokens that can be read: {error}") from None

    def find(self, secret: str) -> Token | None:
        """The valid token of this secret."""
        hashed = _hash(secret)
        found = [one for one in self._current() if secrets.compare_digest(one.hash, hashed)]
        return found[0] if found and found[0].valid(self._clock()) else None

    def standing(self, id: str) -> bool:
        """Whether the token of this id is still valid."""
        return any(one.id == id and one.valid(self._clock()) for one in self._current())

    def _current(self) -> tuple[Token, ...]:
        try:
            stat = self._path.stat()
            read_at = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if read_at != self._read_at:
                self._tokens, self._read_at = self.all(), read_at
        except (OSError, BadTokens):
            self._tokens, self._read_at = (), None
        return self._tokens

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two commands at once must not lose each other's change."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._path.with_name(self._path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise BadTokens(f"tokens cannot be kept in {self._path}: {error}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        """Whole or not at all, and for its owner alone from the first byte."""
        fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(tokens), indent=1))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
