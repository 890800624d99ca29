"""The calls that a declaration stands for: one for each combination of its parameters, each traced once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from explorer.ground.signatures import crash, domain_of, is_component
from explorer.ir.data import dataclass
from explorer.ir.errors import SpecError
from explorer.ir.steps import Doubt
from explorer.ir.types import SetType, Type
from explorer.language.declarations import Declaration
from explorer.language.lifting import lift
from explorer.language.state import State
from explorer.language.tracing import Impossible, Trace, tracing, unusual


@dataclass(frozen=True, slots=True)
class Argument:
    """A value of a quantified parameter, and its text."""

    name: str
    value: Any
    text: str


def part_name(chosen: list[Argument]) -> str:
    """How a part of a property is called: by the values of its parameters."""
    return ", ".join(f"{argument.name}={argument.text}" for argument in chosen)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls authors' functions. `each` is called before every one, `doubts` gets what looks odd in them."""

    components: Mapping[type[State], State]
    doubts: list[Doubt]
    each: Callable[[], None]
    impossible: set[str] = field(default_factory=set)
    """The actions with a call whose guard is false whatever the state."""

    def run(
        self, d: Declaration, kind: str, arguments: dict[str, Any], asked: tuple[int, ...] = ()
    ) -> tuple[Any, Trace]:
        """Trace one call; whatever the author's code raises becomes a SpecError with its place."""
        self.each()
        with tracing(Trace(kind, d.name, doubts=self.doubts, asked=asked)) as trace:
            try:
                return d.function(**arguments), trace
            except Impossible:
                return None, trace
            except SpecError:
                raise
            except RecursionError:
                raise SpecError(
                    "E0603",
                    f"recursion without end while tracing {d.name}",
                    expected="functions that return while being traced",
                    write="a loop over a domain, or one action for each turn",
                    place=d.place,
                ) from None
            except (Exception, SystemExit) as error:
                raise crash(error, f"tracing {d.name}", d.place) from error

    def of(
        self, d: Declaration, parameters: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], list[Argument]]]:
        """The arguments of each ground copy: all of them, and the quantified ones."""
        fixed = {name: self.components[a] for name, a in parameters.items() if is_component(a)}
        types = {name: domain_of(d, name, a) for name, a in parameters.items() if not is_component(a)}
        domains = [
            [Argument(name, value, type.name_of(value)) for value in type.values()]
            for name, type in types.items()
        ]
        for picked in itertools.product(*domains):
            given = {a.name: _given(types[a.name], a.value) for a in picked}
            yield {**fixed, **given}, list(picked)

    def choices_of(
        self, d: Declaration, parameters: dict[str, Any]
    ) -> Iterator[tuple[dict[str, Any], list[Argument], Any, Trace]]:
        """Every call of an action, once for each way to make its choices besides the parameters."""
        for arguments, chosen in self.of(d, parameters):
            todo: list[tuple[int, ...]] = [()]
            while todo:
                asked = todo.pop()
                result, trace = self.run(d, "action", arguments, asked)
                if trace.impossible:
                    self.impossible.add(d.name)
                picks = trace.picked
                for i in reversed(range(len(asked), len(picks))):
                    before = tuple(pick.chosen for pick in picks[:i])
                    todo += [(*before, other) for other in reversed(range(1, picks[i].count))]
                text = unusual(picks)
                yield arguments, [*chosen, *([Argument("where", text, text)] if text else [])], result, trace


def _given(type: Type, value: Any) -> Any:
    """What an author's function is given for a value of a parameter: a set is one of the language's."""
    return lift(type, value, "a parameter") if isinstance(type, SetType) else value
