"""The operators of expressions, a row each: what they take, give and mean, and how they are written.

Everything that handles operators reads this table: the meaning (`semantics.py`), the text for people
(`show` in `expressions.py`), Python source and machine code (`codegen/*_expressions.py`), bounds and constant
folding (`program/simplify.py`), symmetry proofs (`symmetry/normal_forms.py`) and the verifier (`verify.py`).

An operator is *plain* if its value is a function of the values of its operands. Its row says all there is to
say: a new one needs a row here, and nothing else. The others read the state, are lazy or carry a payload;
each module above has a case of its own for them. Knows nothing of expressions.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable

from explorer.ir.data import dataclass

Interval = tuple[int, int]
"""The least and the largest value."""


class Kind(enum.Enum):
    """What an operand or a value is. All are integers: a CONDITION is 0 or 1, a SET is a mask of members, an
    ELEMENT is the number of a member.
    """

    NUMBER = enum.auto()
    CONDITION = enum.auto()
    SET = enum.auto()
    ELEMENT = enum.auto()
    ANY = enum.auto()
    """A number, a condition or a set."""


class Form(enum.Enum):
    """How the text for people is composed. An operand that is INFIX itself stands in brackets, except in a
    CALL.
    """

    INFIX = enum.auto()
    PREFIX = enum.auto()
    CALL = enum.auto()


@dataclass(frozen=True, slots=True)
class Operator:
    """One row. `operands` are the kinds of the operands, the last of which may be repeated where `many`.

    `shown` is the sign of an infix or prefix operator, and the text of a call with `{0}`, `{1}` ... for its
    operands. A plain operator has all of what follows: `value` is its meaning; `python` and `machine` are its
    source texts, over integers and over signed 64-bit words; `bounds` gives the least and the largest value
    from those of the operands; `defined` says whether there is a value for all of an interval that the last
    operand lies in. `truth`: the source texts give a truth value, not a number.
    """

    name: str
    operands: tuple[Kind, ...]
    result: Kind
    shown: str
    form: Form
    value: Callable[..., int] | None = None
    python: str = ""
    machine: str = ""
    bounds: Callable[..., Interval] | None = None
    defined: Callable[[int, int], bool] | None = None
    truth: bool = False
    many: bool = False

    @property
    def plain(self) -> bool:
        return self.value is not None

    def has_value(self, low: int, high: int) -> bool:
        """Whether there is a value wherever the last operand lies between two numbers."""
        return self.defined is None or self.defined(low, high)


# Bounds.


def _truth(*operands: Interval) -> Interval:
    return 0, 1


def _corners(function: Callable[[int, int], int], a: Interval, b: Interval) -> Interval:
    """Bounds of a function that is monotonic in each operand."""
    corners = [function(x, y) for x in a for y in b]
    return min(corners), max(corners)


def _quotient(a: Interval, b: Interval) -> Interval:
    if b[0] <= 0 <= b[1] or b[0] > b[1]:
        bound = max(abs(a[0]), abs(a[1]))
        return -bound, bound
    return _corners(operator.floordiv, a, b)


def _union(a: Interval, b: Interval) -> Interval:
    return max(a[0], b[0]), (1 << max(a[1], b[1]).bit_length()) - 1


LARGEST_ELEMENT = 62
"""The largest number of a member of a set."""


def _singleton(i: Interval) -> Interval:
    return 0, 1 << min(max(i[1], 0), LARGEST_ELEMENT)


# Where an operator has a value.


def _no_zero(low: int, high: int) -> bool:
    return not low <= 0 <= high


def _no_negative(low: int, high: int) -> bool:
    return low >= 0


_N, _C, _S, _E, _A = Kind.NUMBER, Kind.CONDITION, Kind.SET, Kind.ELEMENT, Kind.ANY


def _infix(
    name: str,
    operands: tuple[Kind, Kind],
    result: Kind,
    shown: str,
    value: Callable[[int, int], int],
    source: str,
    bounds: Callable[[Interval, Interval], Interval],
    defined: Callable[[int, int], bool] | None = None,
) -> Operator:
    """A row of an operator with two operands that is written alike in Python and in machine code."""
    truth = result is Kind.CONDITION
    return Operator(
        name,
        operands,
        result,
        shown,
        Form.INFIX,
        value=value,
        python=source,
        machine=source,
        bounds=bounds,
        defined=defined,
        truth=truth,
    )


_ROWS = (
    # Plain: arithmetic, comparisons, sets.
    _infix("add", (_N, _N), _N, "+", lambda a, b: a + b, source="({0} + {1})",
           bounds=lambda a, b: (a[0] + b[0], a[1] + b[1])),
    _infix("sub", (_N, _N), _N, "-", lambda a, b: a - b, source="({0} - {1})",
           bounds=lambda a, b: (a[0] - b[1], a[1] - b[0])),
    _infix("mul", (_N, _N), _N, "*", lambda a, b: a * b, source="({0} * {1})",
           bounds=lambda a, b: _corners(operator.mul, a, b)),
    _infix("floordiv", (_N, _N), _N, "//", lambda a, b: a // b, source="({0} // {1})",
           bounds=_quotient, defined=_no_zero),
    _infix("mod", (_N, _N), _N, "%", lambda a, b: a % b, source="({0} % {1})",
           bounds=lambda a, b: (min(0, b[0] + 1), max(0, b[1] - 1)), defined=_no_zero),
    Operator("neg", (_N,), _N, "-", Form.PREFIX, value=lambda a: -a, python="(-{0})", machine="(-{0})",
             bounds=lambda a: (-a[1], -a[0])),
    _infix("eq", (_A, _A), _C, "==", lambda a, b: int(a == b), source="({0} == {1})", bounds=_truth),
    _infix("lt", (_N, _N), _C, "<", lambda a, b: int(a < b), source="({0} < {1})", bounds=_truth),
    _infix("le", (_N, _N), _C, "<=", lambda a, b: int(a <= b), source="({0} <= {1})", bounds=_truth),
    Operator("not", (_C,), _C, "~", Form.PREFIX, value=lambda a: int(not a), python="(not {0})",
             machine="(not {0})", bounds=_truth, truth=True),
    _infix("bor", (_S, _S), _S, "∪", lambda a, b: a | b, source="({0} | {1})", bounds=_union),
    _infix("band", (_S, _S), _S, "∩", lambda a, b: a & b, source="({0} & {1})",
           bounds=lambda a, b: (0, min(a[1], b[1]))),
    _infix("bandnot", (_S, _S), _S, "∖", lambda a, b: a & ~b, source="({0} & ~{1})",
           bounds=lambda a, b: (0, a[1])),
    Operator("bit", (_E,), _S, "{{{0}}}", Form.CALL, value=lambda i: 1 << i,
             python="(1 << {0})", machine="(I(1) << {0})", bounds=_singleton, defined=_no_negative),
    Operator("has", (_S, _E), _C, "{0}.contains({1})", Form.CALL, value=lambda a, i: a >> i & 1,
             python="({0} >> {1} & 1)", machine="({0} >> {1} & I(1))", bounds=_truth, defined=_no_negative),
    Operator("popcount", (_S,), _N, "size({0})", Form.CALL, value=lambda a: a.bit_count(),
             python="popcount({0})", machine="popcount({0})",
             bounds=lambda a: (0, max(0, a[1].bit_length()))),
    # Lazy: what is not needed is not evaluated, and need not have a value.
    Operator("and", (_C,), _C, "&", Form.INFIX, truth=True, many=True),
    Operator("or", (_C,), _C, "|", Form.INFIX, truth=True, many=True),
    Operator("ite", (_C, _A, _A), _A, "ite({0}, {1}, {2})", Form.CALL),
    Operator("require", (_C, _A), _A, "", Form.CALL),
    # Of the state, or with a payload.
    Operator("const", (), _A, "", Form.CALL),
    Operator("load", (), _A, "", Form.CALL),
    Operator("next", (), _A, "", Form.CALL),
    Operator("loadat", (_N,), _A, "", Form.CALL),
    Operator("nextat", (_N,), _A, "", Form.CALL),
    Operator("table", (_N,), _A, "", Form.CALL),
    Operator("apply", (_A,), _A, "", Form.CALL, many=True),
)  # fmt: skip

OPERATORS: dict[str, Operator] = {row.name: row for row in _ROWS}

CONDITIONS = frozenset(row.name for row in _ROWS if row.result is Kind.CONDITION)
"""The operators whose value is 0 or 1."""

LOADS = frozenset({"load", "loadat", "next", "nextat"})
"""The operators that read a cell of a state."""

PYTHON_NAMES: dict[str, Callable[..., int]] = {"popcount": int.bit_count}
"""What the Python texts of operators call."""
