"""Files as they come: plain or gzipped."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked when its name ends in ``.gz``. Raises ``OSError``."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as content:
        yield cast(BinaryIO, content)
