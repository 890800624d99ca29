"""Expressions that a person types in: the language's, with names as a trace shows them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.ground.ground import ground
from explorer.ground.typed import Mistyped, Vocabulary
from explorer.run.load import load
from explorer.trace.walk import Walk
from tests.support.stories import dekker


@pytest.fixture
def walked(tmp_path: Path) -> tuple[Vocabulary, Walk]:
    spec = load(str(dekker(tmp_path)))
    model = ground(spec)
    walk = Walk(model)
    walk.take("store(cpu=B)")
    return Vocabulary(model, spec), walk


@pytest.mark.parametrize(
    "text, value",
    [
        ("at[A]", "START"),
        ("lock.at[B] == At.SET", "True"),
        ("at", "{A: START, B: SET}"),
        ("count(at[c] != START for c in Cpu)", "1"),
        ("every(flag[c] | (at[c] == START) for c in domain(Cpu))", "False"),
        ("Lock.turns + 2", "2"),
        ("implies(flag[A], flag[B])", "True"),
        ("waiting", "[B]"),
        ("last.is_none", "True"),
        ("ite(at[B] == SET, turns, 2)", "0"),
        ("3 - 1", "2"),
    ],
)
def test_an_expression_has_a_value(text: str, value: str, walked: tuple[Vocabulary, Walk]) -> None:
    """In the author's words."""
    vocabulary, walk = walked
    assert vocabulary.read(text).text(walk.state) == value


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "not an expression at character 1: invalid syntax; write: one such as at"),
        ("at[A", "not an expression at character 3: '[' was never closed; write: one such as at"),
        ("atx[A]", "atx is not known; did you mean at?"),
        ("turns.nxt", "no value has nxt"),
        ("turns.next", "no value has next"),
        ("Lock", "Lock is a component; write: one of its variables, such as Lock.at"),
        ("Cpu", "Cpu is a domain, no value of a state; write: count(...), or every(...)"),
        (
            "[c for c in Cpu]",
            "[c for c in Cpu] is a list, no value of a state; write: count(...), or every(...)",
        ),
        (
            "flag[A] and flag[B]",
            "a symbolic value used where Python needs a real bool: expected an expression: the value is"
            " known only during exploration; write: when(...), ite(...), &, | or ~",
        ),
        ("2 ** 9", "'pow' is no part of an expression on states"),
        ("1.5", "1.5 is no value here; write: a whole number, True, False, None or a name"),
        ("at[A].value", "`.value` of `at[A]`, which is never None: expected an optional value"),
        ("lock.turns[0]", "`turns` (Range(0, 2)) is indexed: expected a Map or a Queue before [...]"),
        ("x" * 2001, "2001 characters: an expression has at most 2000"),
    ],
)
def test_a_wrong_expression_has_a_message(text: str, message: str, walked: tuple[Vocabulary, Walk]) -> None:
    """One sentence, and what to write."""
    with pytest.raises(Mistyped) as error:
        walked[0].read(text)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "().__class__.__bases__[0].__subclasses__()",
        "at.__class__",
        "at._type",
        "(lambda: 1)()",
        "[x := 1]",
        "'{0.__class__}'.format(at)",
        "f'{at}'",
        "count.__globals__",
        "Cpu.mro()",
        "(c for c in Cpu).gi_frame",
        "exec('1')",
        "getattr(at, '_type')",
        "{**{}}",
        "At.SET.name",
        "(yield)",
        "print",
        "[*Cpu]",
    ],
)
def test_an_expression_reaches_nothing_but_the_state(text: str, walked: tuple[Vocabulary, Walk]) -> None:
    """Neither builtins nor Python's insides."""
    with pytest.raises(Mistyped):
        walked[0].read(text)
