"""Whatever stands in a contract's file, it is read or refused with a reason; nothing else can happen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from undertow.contracts import BadContract, duration, in_words, parse
from undertow.contracts.document import Document
from undertow.contracts.quantities import span
from undertow.domain.agreement.contract import Contract

EXAMPLE = (Path(__file__).parents[2] / "deploy" / "contracts" / "acme.yaml").read_text(encoding="utf-8")
LINES = EXAMPLE.splitlines()
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["30d", "12-24"])
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def outcome(text: str) -> None:
    """A contract, or reasons that can be shown."""
    try:
        assert isinstance(parse(text, "acme.yaml"), Contract)
        refused = None
    except BadContract as bad:
        refused = bad
    if refused is not None:
        assert refused.problems
        lines = len(text.splitlines()) + 1
        assert all(name == "acme.yaml" and said.words and 0 <= said.line <= lines for name, said in refused.problems)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    """Promise: no crash, and no refusal without a reason."""
    outcome(text)


@settings(max_examples=150)
@given(st.data())
def test_a_contract_that_was_spoilt_is_read_or_refused(data):
    """Promise: the same for lines dropped, doubled, put elsewhere, and characters changed."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at, to = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["drop", "move", "double", "change"])):
            case "drop":
                del lines[at]
            case "move":
                lines.insert(to, lines.pop(at))
            case "double":
                lines.insert(to, lines[at])
            case "change":
                place = data.draw(st.integers(0, len(lines[at])))
                lines[at] = (
                    lines[at][:place]
                    + data.draw(st.sampled_from(list("{}[]:,-# 0z~&*!|>'\"")))
                    + lines[at][place + 1 :]
                )
    outcome("\n".join(lines))


@given(st.sampled_from(Document.__struct_fields__), VALUES)
def test_any_value_of_any_key_is_read_or_refused(key, value):
    """Promise: the same for every key with values of every kind."""
    outcome(json.dumps({"vendor": "acme"} | {key: value}))


@given(st.one_of(st.integers(0, 10**9), st.floats(0, 1e9)))
def test_a_duration_in_words_is_the_same_duration(seconds):
    """Promise: what a message shows can be copied into the file."""
    words = in_words(seconds)
    if "e" in words:
        assert seconds < 1e-3
    else:
        assert duration(words) == pytest.approx(seconds, rel=1e-12)


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_hours_are_read_to_the_minute(start, end):
    """Promise: every span within a day that ends after it starts, and no other."""
    text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    if start < end:
        assert (span(text).start, span(text).end) == (start, end)
    else:
        with pytest.raises(ValueError, match="ends"):
            span(text)
