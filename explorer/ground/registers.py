"""The registers of a process: hidden variables for what later steps use. Knows nothing of places.

A register that no later step reads is blank, so that states differ only in what matters. Identities of a
scalarset have no blank among them: there the register may be None.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from explorer.ground.traced import Register, stale_variable
from explorer.ir.errors import NOWHERE, SpecError
from explorer.ir.expressions import Family
from explorer.ir.places import Path, Variable
from explorer.ir.types import IntType, RecordType, Type, UnionType
from explorer.language.annotations import resolve
from explorer.language.domains import Scalarset
from explorer.language.lifting import lift
from explorer.language.operators import optional, type_of
from explorer.language.process import Decision
from explorer.language.structure import default, read
from explorer.language.symbolic import INTEGER, bare, shown
from explorer.language.values import Value


class Registers:
    """Those of one process, for all its copies. `changed` tells that a type was found or grew; `dead` are
    those of choices, at a position where they do not live on.
    """

    def __init__(self, process: str):
        self.process = process
        self.types: dict[Register, Type] = {}
        self.names: dict[Register, str] = {}
        self.provisional: dict[Register, Variable] = {}
        self.dead: set[tuple[tuple[tuple[CodeType, int], ...], Register]] = set()
        self.changed = False

    @property
    def known(self) -> dict[str, Register]:
        return {name: register for register, name in self.names.items()}

    def kept(self, register: Register, decision: Decision) -> Value[Any]:
        """What a decision keeps; the register's type is that of all values kept in it."""
        asked = (
            resolve(decision.type, decision.place) if decision.type is not None else type_of(decision.value)
        )
        if asked is None or asked == INTEGER:
            raise SpecError(
                "E0809",
                f"keep({bare(decision.value)}), which may be any number" if asked else "keep(None)",
                expected="the domain of the register",
                write=f"{register.name} = yield keep(..., Range(0, 7)), with the least and greatest value",
                place=decision.place,
            )
        before = self.types.get(register)
        joined = Registers.joined(before, asked)
        if joined is None:
            assert before is not None
            raise SpecError(
                "E0809",
                f"keep({shown(decision.value)}) in the register {register.name}, which holds {before.name}",
                expected="values of one type under one name",
                write="another name for one of them",
                place=decision.place,
            )
        self.add(register, joined)
        try:
            value: Value[Any] = lift(asked, decision.value, f"the kept {register.name}")
        except SpecError as error:
            raise SpecError(
                error.code, error.found, expected=error.expected, write=error.write, place=decision.place
            ) from None
        return value

    def chosen(self, register: Register, type: Type | None) -> None:
        """A register for a choice."""
        if type is not None:
            before = self.types.get(register)
            self.add(register, Registers.joined(before, type) or type)

    def add(self, register: Register, type: Type) -> None:
        if self.types.get(register) == type:
            return
        self.types[register], self.changed = type, True
        name = f"{self.process}.{register.name}"
        taken = {n for r, n in self.names.items() if r != register}
        self.names.setdefault(register, name if name not in taken else f"{name}_{len(taken)}")
        self.provisional[register] = _provisional(self.names[register], held(type))

    @staticmethod
    def joined(a: Type | None, b: Type | None) -> Type | None:
        """The type of values of two types; None where there is none."""
        if a is None or b is None or a == b:
            return b if a is None else a
        if isinstance(a, IntType) and isinstance(b, IntType):
            return IntType(min(a.low, b.low), max(a.high, b.high))
        return next((c for c, d in ((optional(a), b), (a, optional(b))) if c in (d, optional(d))), None)

    def content(self, register: Register, path: Path | None) -> Any:
        """The value in a register; without a path that of no state yet."""
        stored = held(self.types[register])
        path = path or Path(self.provisional[register], "", (), False)
        return unwrap(self.types[register], read(stored, path))

    def stale(self, register: Register) -> Any:
        path = Path(stale_variable(self.provisional[register]), "", (), False)
        return unwrap(self.types[register], read(held(self.types[register]), path))

    def stored(self, register: Register, value: Any) -> Any:
        """A value of the register's type as its variable holds it; blank for None."""
        stored = held(self.types[register])
        return lift(stored, value, register.name) if value is not None else default(stored)


def held(type: Type) -> Type:
    """The type of the variable for values of a type: optional where no value may stand for none."""
    return optional(type) if _has_identities(type) else type


def unwrap(type: Type, content: Any) -> Any:
    wrapped = _has_identities(type) and held(type) != type
    return content.value if wrapped else content


def _has_identities(kind: Type) -> bool:
    if isinstance(kind, UnionType):
        return any(isinstance(cls, type) and issubclass(cls, Scalarset) for cls in kind.classes)
    return isinstance(kind, RecordType) and any(_has_identities(inner) for _, inner in kind.fields)


def _provisional(name: str, type: Type) -> Variable:
    """A variable for the time before the state is laid out: its cells have a name and a type, but no rank."""
    families: dict[str, Family] = {}
    for shape in type.cells():
        size = 1
        for dimension in shape.dimensions:
            size *= len(dimension.names)
        names = tuple(f"{name}{shape.path}" for _ in range(size))
        families[shape.path] = Family(
            number=1,
            first=0,
            size=size,
            low=shape.type.low,
            high=shape.type.high,
            variable=name,
            path=shape.path,
            names=names,
            type=shape.type,
            place=NOWHERE,
            keys=tuple(d.names for d in shape.dimensions),
        )
    return Variable(name, type, families, True)
