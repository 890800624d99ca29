"""What is made of a model before it is explored, and travels with its space. Knows nothing of search."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from types import FunctionType
from typing import Any, TypeVar, cast

from explorer.codegen.alike import alike_source, unmoved
from explorer.codegen.python_canonical import NAMES, canonical_source, settle_reached, tied_source
from explorer.codegen.python_conditions import judgements
from explorer.codegen.python_functions import Code, successors
from explorer.engine.candidates import Candidates
from explorer.engine.handle import Edge as Edge
from explorer.engine.handle import Handle as Handle
from explorer.engine.handle import Level
from explorer.engine.lanes import Costs, Lanes
from explorer.ir.data import dataclass
from explorer.ir.expressions import functions_in, with_names
from explorer.ir.kept import code_of
from explorer.ir.model import Model
from explorer.ir.operators import PYTHON_NAMES
from explorer.ir.semantics import State
from explorer.ir.verify import verify_model, verifying
from explorer.program.layout import Layout, lay_out
from explorer.program.program import Program, reduce
from explorer.program.verify import verify_layout, verify_program
from explorer.symmetry.find import Symmetry
from explorer.symmetry.group import Table
from explorer.symmetry.plan import Plan, plan

T = TypeVar("T")

FEW = 10_000
"""The most initial states that are kept with a model."""


@dataclass(frozen=True, slots=True)
class Quotient:
    """A space of representatives: each stands for its orbit, the states that renaming identities makes of it.

    `scalarsets` are the names of those that are renamed; `canonical` gives the representative of any state,
    `orbit` the number of states that a representative stands for, `encode` the handle of any state.
    """

    symmetry: Symmetry
    scalarsets: tuple[str, ...]
    canonical: Callable[[Handle], Handle]
    orbit: Callable[[Handle], int]
    encode: Callable[[State], Handle]

    @property
    def orbit_of(self) -> tuple[int, ...]:
        """Action instances with the same number are renamings of each other."""
        return self.symmetry.orbit_of

    @property
    def unproved(self) -> frozenset[str]:
        """Properties that are not the same for all states of an orbit, and are not checked."""
        return self.symmetry.unproved


class Compiled:
    """A model with its program, layout, plan of symmetry and generated functions: made once for a run, each
    when it is first asked for.

    With a `quotient` successors are replaced by their representatives; `seen` are successors that are none
    and whose representative is known.
    """

    def __init__(self, model: Model, symmetry: Symmetry | None = None):
        self.model = model
        self._symmetry = symmetry
        self.plan: Plan | None = (
            self.once("plan", lambda: plan(symmetry, self.layout))
            if symmetry is not None and symmetry.proven
            else None
        )
        self.quotient: Quotient | None = None
        self.seen: set[int] = set()
        self.notes: list[str] = []
        self._made: dict[str, tuple[Code, dict[str, Any]]] = {}
        self._renaming: dict[str, Any] = {}
        if symmetry is not None and self.plan is not None:
            self.notes = [
                f"{name} is not used as a symmetry: with the others there would be too many renamings"
                for name in self.plan.unused
            ]
            functions = run_source(
                self.once("representatives", partial(canonical_source, self.plan)),
                f"<representatives of {model.name}>",
                NAMES,
            )
            self.quotient = Quotient(
                symmetry, self.plan.names, functions["canonical"], functions["orbit"], self.layout.pack
            )
            self._renaming = functions

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What is made of the model under its symmetry alone, known by a key: kept with it, also on disk."""
        if key not in self._derived:
            self._derived[key] = make()
        return cast(T, self._derived[key])

    @property
    def _derived(self) -> dict[Any, Any]:
        return self.model.derived if self._symmetry is None else self._symmetry.derived

    @cached_property
    def program(self) -> Program:
        known = self._symmetry.program if self._symmetry is not None else None
        program = known if known is not None else self.once("program", partial(reduce, self.model))
        if verifying():
            verify_model(self.model)
            verify_program(program)
        return program

    @cached_property
    def layout(self) -> Layout:
        layout = self.once("layout", lambda: lay_out(self.program))
        if verifying():
            verify_layout(self.program, layout)
        return layout

    def code(self, part: str) -> tuple[Code, dict[str, Any]]:
        """The generated source of a part (`expand`, `edges`, `into`, `judgements`) and its functions."""
        if part not in self._made:
            generated = self.once(("code", part), partial(self._generated, part))
            names = dict[str, Any]()
            if self.quotient is not None:
                names = {"canonical": self.quotient.canonical, "seen": self.seen, "see": self.seen.add}
            if self.plan is not None and part == "into":
                names |= {"alike": self.alike, "unmoved": unmoved(self.plan)}
            self._made[part] = (
                generated,
                run_source(generated.text, f"<{part} of {self.model.name}>", names),
            )
        return self._made[part]

    def _generated(self, part: str) -> Code:
        if part == "judgements":
            return judgements(self.program, self.layout)
        return successors(self.program, self.layout, part, self.quotient is not None)

    @cached_property
    def digest(self) -> str:
        """Identifies the program, its layout and its symmetry: where digests are equal, states are packed
        equally, and the same ones are visited.
        """
        texts = [self.code(part)[0].text for part in ("expand", "judgements")]
        if self.plan is not None:
            texts.append(self.once("representatives", partial(canonical_source, self.plan)))
        return hashlib.sha256(with_names("\n".join(texts)).encode()).hexdigest()[:16]

    def renaming(self, left: Sequence[Table], large: bool = False) -> Callable[..., tuple[int, int]]:
        """What gives the representative of a state, and what becomes of a number (0 if none is given) on the
        way: exchange g makes left[g][number] of it. With `large` of several numbers the first one is taken.
        """
        made, names = self._renaming["renamed"], {**self._renaming, "L": left}
        if large:
            names["settle_named"] = settle_reached
        return FunctionType(made.__code__, names, argdefs=made.__defaults__)

    def tied(self) -> Callable[[int], list[int]]:
        """The exchanges that make what leaves a representative as it is (see `tied_source`)."""
        assert self.plan is not None
        made: Callable[[int], list[int]] = run_source(
            tied_source(self.plan), f"<ties of {self.model.name}>", NAMES
        )["tied"]
        return made

    def exchanges(self) -> list[Callable[[int], int]]:
        """What the exchanges of the plan make of a state."""
        assert self.plan is not None
        return [self._renaming[f"swap{g}"] for g in range(len(self.plan.swaps))]

    def edges(self, states: Iterable[int], targets: Any) -> list[Edge]:
        result: list[Edge] = self.code("edges")[1]["edges"](states, targets)
        return result

    @cached_property
    def alike(self) -> Callable[[int], int] | None:
        """What gives the same number for all states of an orbit; None without a symmetry."""
        if self.plan is None:
            return None
        made: Callable[[int], int] = run_source(alike_source(self.plan), "<alike>")["alike"]
        return made

    @cached_property
    def candidates(self) -> Candidates:
        return Candidates(self.program, self.layout, self.alike)

    def before(self, level: Level, later: Costs, lanes: Lanes) -> dict[int, int]:
        """The costs of the states of a level from which a step leads to one that has a cost."""
        costs = dict(later.items())
        return self.costs_of(self.candidates.among(level, costs), costs, lanes)

    def costs_of(self, states: Iterable[int], costs: dict[int, int], lanes: Lanes) -> dict[int, int]:
        """The same for any states."""
        renamed = None if self.quotient is None else self.renaming(lanes.turned)
        edges: list[Edge] = self.code("into")[1]["into"](states, costs)
        return lanes.costs(edges, costs, renamed)

    def initial(self) -> list[int]:
        """The packed initial states, or their representatives, each once; kept where they are few."""
        known: list[int] | None = self._derived.get("initial")
        if known is None:
            packed = map(self.layout.pack, self.model.initial_states())
            known = [
                *dict.fromkeys(packed if self.quotient is None else map(self.quotient.canonical, packed))
            ]
            if len(known) <= FEW:
                self._derived["initial"] = known
        return [*known]

    def orbits(self, states: Iterable[int]) -> int:
        """How many states some representatives stand for; 0 without a symmetry."""
        return 0 if self.quotient is None else sum(map(self.quotient.orbit, states))


def run_source(text: str, name: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names that generated source defines, which uses `names`; its lines appear in tracebacks."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    space: dict[str, Any] = {**PYTHON_NAMES, **functions_in(text), **(names or {})}
    exec(code_of(text, name), space)
    return space
