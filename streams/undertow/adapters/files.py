"""Files as they come: plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from undertow.adapters.message import Unreadable


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked when its name ends in ``.gz``, without a byte order mark.

    Raises ``OSError``, :class:`Unreadable` while it is read.
    """
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as content:
        try:
            if content.peek(len(BOM_UTF8)).startswith(BOM_UTF8):  # as spreadsheets and Windows write it
                content.read(len(BOM_UTF8))
            yield cast(BinaryIO, content)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Unreadable(f"{path.name} is cut off or damaged: {error}") from None
