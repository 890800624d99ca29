"""What a ground action is made of: conditions of its guard, what it writes, what it means to a reader, how
fair it is.
"""

from __future__ import annotations

import enum
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expressions import Expr, Family


class Fairness(enum.Enum):
    """How often an action that can be taken must be (Lamport 1994): WEAK if enabled for ever, STRONG if again
    and again.
    """

    NONE = "none"
    WEAK = "weak"
    STRONG = "strong"


class Role(enum.Enum):
    """Who asks for a condition: the author; the place of a process; a higher level that has not returned; the
    end of all processes.
    """

    AUTHOR = "author"
    PLACE = "place"
    LEVEL = "level"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Condition:
    """A guard conjunct, a premise or an initial constraint, with its line."""

    expr: Expr
    place: Place
    role: Role = Role.AUTHOR


@dataclass(frozen=True, slots=True)
class Write:
    """`family[index]` becomes `expr`; `index` and `expr` read the old state."""

    family: Family
    index: Expr
    expr: Expr
    place: Place


@dataclass(frozen=True, slots=True)
class Mark:
    """What a step means to a reader: `opens`/`closes` a deferred store, `sends` to an actor. `key` are
    symbolic values.
    """

    kind: str
    key: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in a spec that its author probably did not mean: it becomes a finding of that `kind`, and
    fails under --strict where `severe`.
    """

    kind: str
    subject: str
    text: str
    place: Place
    severe: bool = True
