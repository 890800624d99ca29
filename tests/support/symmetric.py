"""Random specs whose identities are interchangeable: as `generators.py` writes them, but no identity has a
name.

Where a constant identity would stand stands a parameter, which every function has; initial values are free or
name nobody.
"""

from __future__ import annotations

import random
from dataclasses import replace

from tests.support.generators import Author, Scope
from tests.support.kinds import Kind, optional, records

ME, IT = "me", "it"


class Anonymous(Author):
    """Writes one random symmetric spec."""

    def __init__(self, rng: random.Random, size: int):
        super().__init__(rng, size)
        self.procs, self.nodes = rng.randint(2, 3), rng.randint(1, 2)
        self.proc, self.node = replace(self.proc, values=(ME,)), replace(self.node, values=(IT,))
        self.agent = Kind("union", "Proc | Node", (ME, IT), (self.proc, self.node))
        self.pair = records("Pair", who=optional(self.proc), note=self.note)

    def function(
        self, decorator: str, name: str, parameters: dict[str, Kind], body: list[str], doc: str = ""
    ) -> str:
        text = "\n".join([decorator, *body])
        used = {
            name: kind
            for name, kind in ((ME, self.proc), (IT, self.node))
            if name in text.replace("(", " ").replace(")", " ")
        }
        return super().function(decorator, name, {**parameters, **used}, body, doc)

    def initial(self, kind: Kind, outer: bool = True) -> str:
        if kind.tag == "map":
            return self.initial(kind.parts[1], False)
        if kind.tag in ("set", "queue"):
            return "set()" if kind.tag == "set" else "[]"
        found = super().initial(kind, False)
        if ME not in found and IT not in found:
            return found
        if kind.tag in ("identity", "union"):
            return f"any_of({kind.annotation})"
        if kind.tag == "optional":
            return "None" if self.rng.random() < 0.7 else f"any_of({kind.annotation})"
        nobody = next(v for v in kind.values if ME not in v)
        return nobody


def symmetric_text(rng: random.Random, size: int = 2) -> str:
    """The text of a random spec that proves symmetric in every scalarset."""
    return Anonymous(rng, size).spec()


class Eventual(Anonymous):
    """Writes temporal properties too, each of every identity that its conditions mention."""

    def formula(self, scope: Scope, depth: int) -> str:
        """The text of a temporal formula."""
        if not depth or self.rng.random() < 0.15:
            return self.condition(scope, self.rng.randint(0, 1)).text
        a, b = self.formula(scope, depth - 1), self.formula(scope, depth - 1)
        return self.rng.choice(
            (
                f"always({a})",
                f"eventually({a})",
                f"leads_to({a}, {b})",
                f"leads_to({a}, {b})",
                f"always_eventually({a})",
                f"eventually_always({a})",
                f"until({a}, {b})",
                f"(eventually({a}) & {b})",
                f"(always({a}) | {b})",
                f"next_step({a})",
            )
        )

    def spec(self) -> str:
        head, _, _ = super().spec().rpartition("\n\nspec = Spec()")
        blocks = []
        for i in range(3):
            scope = Scope({}, False)
            text = self.rng.choice(
                (
                    f"leads_to({self.condition(scope, 1).text}, {self.condition(scope, 1).text})",
                    f"always({self.formula(scope, 2)})",
                    f"eventually({self.formula(scope, 2)})",
                )
            )
            blocks.append(self.function("@temporal", f"in_time{i}", {}, [f"return {text}"]))
        return "\n\n".join([head, *blocks]) + "\n\nspec = Spec()\n"


def temporal_text(rng: random.Random, size: int = 2) -> str:
    """The text of a random symmetric spec with temporal properties."""
    return Eventual(rng, size).spec()
