"""Digests of everything that is generated from a shipped spec: what a refactoring must not change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from explorer.codegen.guard_counters import chains, plain_counter
from explorer.codegen.native_flags import flag_source
from explorer.codegen.native_functions import native_source
from explorer.codegen.native_guard_counters import native_counter
from explorer.codegen.python_canonical import canonical_source
from explorer.codegen.python_conditions import judgements
from explorer.codegen.python_functions import successors
from explorer.ground.ground import ground
from explorer.program.layout import lay_out
from explorer.program.program import reduce
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.symmetry.plan import plan

HOUSE = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("sources.json")


def specs() -> list[Path]:
    """Every spec file that is shipped, in order."""
    return sorted((HOUSE / "spec").glob("*.py"))


def digests(path: Path) -> dict[str, str]:
    """The digest of each generated text of a spec with its default constants, by part."""
    return {part: hashlib.sha256(stable(text).encode()).hexdigest()[:16] for part, text in texts(path)}


def stable(text: str) -> str:
    """A text in which the functions of a memory are numbered as they come, not as the process made them."""
    known: dict[str, str] = {}
    return re.sub(r"\bapply[0-9]+\b", lambda found: known.setdefault(found[0], f"apply{len(known)}"), text)


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Each generated part of a spec and its text; under the spec's symmetry too, where it has one."""
    model = ground(load(path))
    program = reduce(model)
    layout = lay_out(program)
    for mode in ("expand", "edges"):
        yield f"python {mode}", successors(program, layout, mode).text
    yield "python judgements", judgements(program, layout).text
    rules = chains(program)
    yield "python guards", plain_counter(program, layout, rules).text
    native = native_source(program, layout)
    yield "native search", native.search
    yield "native edges", native.edges
    counter = native_counter(program, layout, rules)
    yield "native guards", f"{counter.text}{counter.order}{counter.signed}{counter.unsigned}"
    conditions = [c for formula in model.temporal for c in formula.conditions]
    if conditions:
        yield "native flags", flag_source(program, layout, conditions)
    symmetry = find(model)
    orbits = plan(symmetry, layout) if symmetry.proven else None
    if orbits is not None:
        yield "python canonical", canonical_source(orbits)
        yield "native canonical", native_source(program, layout, orbits).search
