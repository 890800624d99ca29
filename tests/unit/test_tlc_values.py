"""What TLC prints is read back as values."""

from __future__ import annotations

import pytest

from explorer.judge.tlc_values import items, read_value


@pytest.mark.parametrize(
    "text, value",
    [
        ("-3", -3),
        ("TRUE", True),
        ('"SYNC"', "SYNC"),
        ("{}", frozenset()),
        ("{0, 2}", frozenset({0, 2})),
        ("0..2", frozenset({0, 1, 2})),
        ("<<>>", ()),
        ("<<1, <<2, {}>>>>", (1, (2, frozenset()))),
        ("(0 :> <<4>> @@ 1 :> FALSE)", {0: (4,), 1: False}),
        ("[need |-> (0 :> 255), value |-> 1]", {"need": {0: 255}, "value": 1}),
    ],
)
def test_each_kind_of_value_is_read(text: str, value: object) -> None:
    """Numbers, truth values, texts, sets, intervals, sequences, functions and records, in each other."""
    assert read_value(text) == value


@pytest.mark.parametrize("text", ["", "<<1", "{1 2}", "[a |-> ]", "(0 :> 1", "1 2", "a"])
def test_what_is_no_value_is_an_error(text: str) -> None:
    """A text that ends too early, goes on, or has something else is no value."""
    with pytest.raises(ValueError):
        read_value(text)


def test_sequences_and_functions_hold_their_items_in_order() -> None:
    """A function from 0 on, and a sequence, are read alike."""
    assert items({1: "b", 0: "a"}) == ("a", "b") == items(("a", "b"))
