"""An expression that a person types in, in the words of the language: `count(at[c] == INSIDE for c in Cpu)`.

Names are those that a trace shows: variables, components, identities, enum members, domains, and the
functions of the language. Only expressions are taken, and only attributes that values of the language have:
what is typed computes a value of a state and can do nothing else. Knows nothing of who types.
"""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import CodeType
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError, closest
from explorer.ir.expressions import walk
from explorer.ir.model import Model
from explorer.ir.places import Path
from explorer.ir.semantics import EvaluationError, State
from explorer.ir.types import value_text
from explorer.language import choosing, operators
from explorer.language.annotations import domain
from explorer.language.concrete import concrete, expressions_of
from explorer.language.constants import bound
from explorer.language.domains import Scalarset
from explorer.language.memory_wiring import MemoryType
from explorer.language.spec import Spec
from explorer.language.structure import read
from explorer.language.symbolic import Symbolic
from explorer.language.values import Value

LONGEST = 2_000
"""Characters of an expression."""

FUNCTIONS = {
    function.__name__: function
    for function in (
        *(operators.count, operators.every, operators.some, operators.implies, operators.ite),
        *(choosing.maximum, choosing.minimum, choosing.first_that, choosing.last_that),
        *(choosing.lookup, choosing.is_in, choosing.subset, domain),
    )
}

NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.keyword, ast.Load),
    *(ast.UnaryOp, ast.Not, ast.Invert, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv),
    *(ast.Mod, ast.BitAnd, ast.BitOr, ast.BoolOp, ast.And, ast.Or, ast.IfExp, ast.Compare, ast.cmpop),
    *(
        ast.GeneratorExp,
        ast.ListComp,
        ast.SetComp,
        ast.comprehension,
        ast.Store,
        ast.Tuple,
        ast.List,
        ast.Set,
    ),
)
"""What an expression may be made of: nothing that defines, assigns or imports."""


class Mistyped(Exception):
    """An expression that means nothing; `str` is one sentence."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression with a value in every state."""

    value: Any

    def text(self, state: State) -> str:
        """The value in a state, in the author's words."""
        try:
            found = concrete(self.value, state)
        except EvaluationError as error:
            return f"<{error.failure.message}>"
        return self.value._type.name_of(found) if isinstance(self.value, Value) else value_text(found)


class Vocabulary:
    """The names that expressions about a model may use."""

    def __init__(self, model: Model, spec: Spec):
        self.model, self.spec = model, spec
        with self._bound():
            self._collect()

    def _bound(self) -> AbstractContextManager[object]:
        return bound(self.model.constants, self.spec.place)

    def _collect(self) -> None:
        model, spec = self.model, self.spec
        self.names: dict[str, Any] = dict(FUNCTIONS)
        components: dict[str, dict[str, Any]] = {}
        for variable in model.variables:
            if not isinstance(variable.type, MemoryType):
                place = read(variable.type, Path(variable, "", (), False))
                own = variable.name.rpartition(".")[2]
                components.setdefault(model.components.get(variable.name, ""), {})[own] = place
                if variable.name.isidentifier():
                    self.names.setdefault(variable.name, place)
        members = {}
        for name, value in _domains(spec):
            self.names.setdefault(name, value)
            members.update({value_text(member): member for member in value})
        for name, places in components.items():
            holder = _Component(name, places)
            self.names.setdefault(name, holder)
            self.names.setdefault(_snake(name), holder)
        for name, member in members.items():
            if name.isidentifier():
                self.names.setdefault(name, member)
        self.attributes = {a for cls in _classes(Symbolic) for a in dir(cls) if not a.startswith("_")}
        self.attributes -= {"next"}
        self.attributes |= {a for places in components.values() for a in places}
        self.attributes |= {f.rpartition(".")[2] for v in model.variables for f in v.families}
        self.attributes |= {a for _, d in _domains(spec) if issubclass(d, enum.Enum) for a in d.__members__}

    def read(self, text: str) -> Typed:
        """The expression that a text means. Raises Mistyped."""
        code = self._checked(text)
        try:
            with self._bound():
                value = eval(code, {"__builtins__": {}, **self.names})
        except SpecError as error:
            advice = f"; write: {error.write}" if error.write else ""
            raise Mistyped(f"{error.found}: expected {error.expected or 'a value'}{advice}") from None
        except RecursionError:
            raise Mistyped("the expression is nested too deep; write: a shorter one") from None
        except Exception as error:
            raise Mistyped(f"this has no value: {error}") from None
        if isinstance(value, _Component):
            raise Mistyped(f"{value} is a component; write: one of its variables, such as {value.example}")
        if not isinstance(value, (Value, bool, int, str, enum.Enum, Scalarset, type(None))):
            raise Mistyped(
                f"{text.strip()} is {_kind(value)}, no value of a state; write: count(...), or every(...)"
            )
        if any(at.op in ("next", "nextat") for e in expressions_of(value) for at in walk(e)):
            raise Mistyped("the state after a step is asked for, and there is none; write: it without .next")
        return Typed(value)

    def _checked(self, text: str) -> CodeType:
        if len(text) > LONGEST:
            raise Mistyped(f"{len(text)} characters: an expression has at most {LONGEST}")
        try:
            tree = ast.parse(text.strip() or "?", mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            where = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
            reason = getattr(error, "msg", "it cannot be read")
            raise Mistyped(
                f"not an expression{where}: {reason}; write: one such as {self._example}"
            ) from None
        chosen = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for node in ast.walk(tree):
            self._check(node, chosen)
        return compile(tree, "<typed>", "eval")

    def _check(self, node: ast.AST, chosen: set[str]) -> None:
        if not isinstance(node, NODES):
            raise Mistyped(f"{_named(node)} is no part of an expression on states")
        if isinstance(node, ast.Constant) and not isinstance(node.value, (bool, int, str, type(None))):
            raise Mistyped(
                f"{node.value!r} is no value here; write: a whole number, True, False, None or a name"
            )
        if isinstance(node, ast.Name) and node.id not in self.names and node.id not in chosen:
            near = closest(node.id, list(self.names))
            known = (
                f"did you mean {near}?"
                if near
                else f"write: a name that the trace shows, such as {self._example}"
            )
            raise Mistyped(f"{node.id} is not known; {known}")
        if isinstance(node, ast.Attribute) and node.attr not in self.attributes:
            near = closest(node.attr, sorted(self.attributes))
            raise Mistyped(f"no value has {node.attr}" + (f"; did you mean {near}?" if near else ""))
        if isinstance(node, ast.Call) and not isinstance(node.func, (ast.Name, ast.Attribute)):
            raise Mistyped("only functions of the language are called, such as count(...)")

    @property
    def _example(self) -> str:
        return next((n for n, value in self.names.items() if isinstance(value, Value)), "count(...)")


class _Component:
    """A component of the state, by whose name its variables are reached too."""

    def __init__(self, name: str, places: dict[str, Any]):
        self.__dict__.update(places)
        self.__dict__["_of"] = name, next(iter(places))

    def __str__(self) -> str:
        return str(self.__dict__["_of"][0])

    @property
    def example(self) -> str:
        return ".".join(self.__dict__["_of"])

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self} has no variable {name}")


def _domains(spec: Spec) -> Iterator[tuple[str, Any]]:
    """The domains that stand in the files of a spec, each once."""
    seen: set[type] = set()
    for space in spec.spaces():
        for name, value in space.items():
            if isinstance(value, type) and issubclass(value, (enum.Enum, Scalarset)) and value not in seen:
                if value.__module__.partition(".")[0] not in ("enum", "explorer"):
                    seen.add(value)
                    yield name, value


def _classes(cls: type[Any]) -> Iterator[type[Any]]:
    yield cls
    below: list[type[Any]] = cls.__subclasses__()
    for each in below:
        yield from _classes(each)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _named(node: ast.AST) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
    return f"`{ast.unparse(node)}` ({words})" if isinstance(node, ast.expr) else f"{words!r}"


def _kind(value: Any) -> str:
    return "a domain" if isinstance(value, type) else f"a {type(value).__name__}"
