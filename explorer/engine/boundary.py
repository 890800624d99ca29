"""What a search has counted at a level's boundary, as plain data and back: a part of a checkpoint's head
(docs/formats.md). States are hexadecimal texts there, since other programs read large numbers inexactly.
"""

from __future__ import annotations

from typing import Any

from explorer.engine.compiled import Compiled
from explorer.engine.space_builder import FirstFailure, SpaceBuilder
from explorer.ir.expressions import Failure


def counted(space: SpaceBuilder) -> dict[str, Any]:
    """The counts of a search that has expanded all its levels. Later counting does not change them."""
    depth = len(space.levels)
    return {
        "level": depth,
        "enabled": [*space.enabled],
        "changed": [*space.changed],
        "expanded": space.expanded,
        "least": space.least,
        "most": space.most,
        "cut": {**space.cut},
        "orbits": space.orbits_sum,
        # a property that failed in an earlier level is done with
        "violations": [v for v in space.violations.values() if v.level < depth],
    }


def plain(counts: dict[str, Any], compiled: Compiled) -> dict[str, Any]:
    """The counts as JSON has them."""
    return {**counts, "violations": [plain_violation(v, failures_of(compiled)) for v in counts["violations"]]}


def count_on(space: SpaceBuilder, data: dict[str, Any]) -> None:
    """Take over counts from plain data; the levels are the engine's affair."""
    space.enabled, space.changed = [*data["enabled"]], [*data["changed"]]
    space.expanded, space.least, space.most = data["expanded"], data["least"], data["most"]
    space.cut, space.orbits_sum = {**data["cut"]}, data["orbits"]
    failures = failures_of(space.compiled)
    space.violations = {v["name"]: first_failure(v, failures) for v in data["violations"]}


def failures_of(compiled: Compiled) -> list[Failure]:
    """What the checks of the generated code mean, in the order of the code."""
    return [*compiled.code("expand")[0].failures, *compiled.code("judgements")[0].failures]


def plain_violation(violation: FirstFailure, failures: list[Failure]) -> dict[str, Any]:
    """Where a property fails first, as JSON has it."""
    return {
        "name": violation.name,
        "kind": violation.kind,
        "level": violation.level,
        "states": [f"{s:x}" for s in violation.states],
        "edges": [[f"{s:x}", instance, f"{t:x}"] for s, instance, t in violation.edges],
        "failures": [
            [f"{s:x}", instance, failures.index(failure)]
            for s, (instance, failure) in violation.failures.items()
        ],
    }


def first_failure(data: dict[str, Any], failures: list[Failure]) -> FirstFailure:
    """The same again, from JSON."""
    return FirstFailure(
        data["name"],
        data["kind"],
        data["level"],
        states=[int(s, 16) for s in data["states"]],
        edges=[(int(s, 16), instance, int(t, 16)) for s, instance, t in data["edges"]],
        failures={int(s, 16): (instance, failures[k]) for s, instance, k in data["failures"]},
    )
