"""Random specs, written as the text an author would write: a failing one can be printed, pasted and shrunk.

`spec_text(Random(seed), size)` is the text of a module that ends in `spec = Spec()`; `spec_of(text)` runs it.
Everything the language has occurs: every domain, computed indices on reads and writes, queues, sets, records,
free initial choices, rigid variables, constraints, terminal states, step invariants, and expressions without
a value. Spaces are small, not always finite in few steps: explore under a limit.
"""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field

from explorer import Spec
from tests.support.kinds import BOOL, COLOR, MODE, Kind, integers, maps, optional, queues, records, sets

HEADER = """\
import enum
from dataclasses import dataclass
from typing import Annotated
from explorer import *

class Color(enum.Enum):
    RED, GREEN, BLUE = range(3)

class Mode(enum.Enum):
    OFF, ON = range(2)

class Proc(Scalarset):
    size = constant("PROCS", {procs})

class Node(Scalarset):
    size = {nodes}

@dataclass(frozen=True)
class Note:
    mode: Mode
    n: Annotated[int, Range(0, 2)]

@dataclass(frozen=True)
class Pair:
    who: Proc | None
    note: Note
"""


@dataclass(frozen=True)
class Text:
    """An expression; `symbolic` tells that it reads the state, so that `~` and `//` work on it."""

    text: str
    symbolic: bool = True


@dataclass
class Scope:
    """What an expression may use: parameters with their kinds, and whether `.next` can be read."""

    parameters: dict[str, Kind] = field(default_factory=dict)
    primed: bool = False


class Author:
    """Writes one random spec."""

    def __init__(self, rng: random.Random, size: int):
        self.rng, self.size = rng, size
        self.procs, self.nodes = rng.randint(1, 3), rng.randint(1, 2)
        self.proc = Kind("identity", "Proc", tuple(f"Proc({i})" for i in range(self.procs)))
        self.node = Kind("identity", "Node", tuple(f"Node({i})" for i in range(self.nodes)))
        self.agent = Kind("union", "Proc | Node", self.proc.values + self.node.values, (self.proc, self.node))
        self.note = records("Note", mode=MODE, n=integers(0, 2))
        self.pair = records("Pair", who=optional(self.proc), note=self.note)
        self.variables: dict[str, Kind] = {}

    # Kinds.

    def index(self) -> Kind:
        """A domain for keys, elements and parameters."""
        low = self.rng.choice((-1, 0, 0, 1))
        return self.rng.choice(
            (
                BOOL,
                COLOR,
                MODE,
                self.proc,
                self.proc,
                self.node,
                self.agent,
                optional(MODE),
                optional(self.proc),
                integers(low, low + self.rng.randint(0, 2)),
                self.note,
            )
        )

    def scalar(self) -> Kind:
        low = self.rng.choice((-2, 0, 0, 1))
        plain = (
            BOOL,
            COLOR,
            MODE,
            self.proc,
            self.agent,
            integers(low, low + self.rng.randint(1, 4)),
            integers(low, low + 2),
        )
        return optional(self.rng.choice(plain)) if self.rng.random() < 0.2 else self.rng.choice(plain)

    def kind(self) -> Kind:
        roll = self.rng.randrange(11)
        if roll < 4:
            return self.scalar()
        if roll == 4:
            return self.rng.choice((self.note, self.pair, optional(self.note)))
        if roll == 5:
            return sets(self.index())
        if roll == 6:
            return queues(self.rng.choice((self.scalar(), self.note)), self.rng.randint(1, 3))
        if roll == 7:
            return maps(self.rng.choice((MODE, self.proc)), maps(self.index(), self.scalar()))
        inner = self.rng.choice(
            (
                self.scalar,
                self.scalar,
                lambda: sets(self.proc),
                lambda: queues(self.scalar(), 2),
                lambda: self.note,
            )
        )
        return maps(self.index(), inner())

    # Places and expressions.

    def place(
        self, wanted: Callable[[Kind], bool], scope: Scope, depth: int, writing: bool = False
    ) -> tuple[str, Kind] | None:
        """A random place of the state whose kind is wanted."""
        for _ in range(6):
            name = self.rng.choice(list(self.variables))
            found = self.descend(f"s.{name}", self.variables[name], wanted, scope, depth)
            if found is not None:
                prime = scope.primed and not writing and self.rng.random() < 0.6
                return (found[0] + ".next" if prime else found[0]), found[1]
        return None

    def descend(
        self, text: str, kind: Kind, wanted: Callable[[Kind], bool], scope: Scope, depth: int
    ) -> tuple[str, Kind] | None:
        while True:
            if wanted(kind):
                return text, kind
            if kind.tag == "map":
                text, kind = f"{text}[{self.key(kind.parts[0], scope, depth)}]", kind.parts[1]
            elif kind.tag == "record":
                i = self.rng.randrange(len(kind.names))
                text, kind = f"{text}.{kind.names[i]}", kind.parts[i]
            else:
                return None

    def key(self, kind: Kind, scope: Scope, depth: int) -> str:
        names = [n for n, k in scope.parameters.items() if k == kind]
        if names and self.rng.random() < 0.7:
            return self.rng.choice(names)
        if depth > 0 and self.rng.random() < 0.5:
            return self.value(kind, scope, depth - 1).text
        return self.rng.choice(kind.values)

    def value(self, kind: Kind, scope: Scope, depth: int) -> Text:
        """An expression of a kind."""
        rng = self.rng
        names = [
            n
            for n, k in scope.parameters.items()
            if k == kind or (kind.tag in ("optional", "union") and k in kind.parts)
        ]
        if names and rng.random() < 0.4:
            return Text(rng.choice(names), False)
        if kind.tag == "bool":
            return self.condition(scope, depth)
        if kind.tag == "int" and depth > 0 and rng.random() < 0.8:
            return self.bounded(kind, scope, depth)
        if depth > 0 and rng.random() < 0.2:
            a, b = self.value(kind, scope, depth - 1), self.value(kind, scope, depth - 1)
            test = self.condition(scope, depth - 1)
            return Text(f"ite({test.text}, {a.text}, {b.text})") if a.symbolic or b.symbolic else a
        if depth > 0 and kind.tag in ("set", "queue") and rng.random() < 0.7:
            made = self.operation(kind, scope, depth)
            if made:
                return made
        if kind.annotation == "Note" and depth > 0 and rng.random() < 0.4:
            mode, n = self.value(MODE, scope, depth - 1), self.value(kind.parts[1], scope, depth - 1)
            return Text(f"record(Note, mode={mode.text}, n={n.text})")
        if rng.random() < 0.5:
            found = self.read(kind, scope, depth)
            if found:
                return found
        return Text(rng.choice(kind.values), False)

    def read(self, kind: Kind, scope: Scope, depth: int) -> Text | None:
        """A read of the state that has the kind: a place, the content of an optional, an element of a
        queue.
        """

        def wanted(k: Kind) -> bool:
            return (
                k == kind
                or (k.tag == "optional" and k.parts[0] == kind)
                or (k.tag == "queue" and k.parts[0] == kind)
            )

        found = self.place(wanted, scope, max(depth - 1, 0))
        if found is None:
            return None
        text, k = found
        if k == kind:
            return Text(text)
        if k.tag == "optional":
            return Text(f"{text}.value")
        position = self.key(integers(0, k.high - 1), scope, depth - 1)
        return Text(self.rng.choice((f"{text}.head", f"{text}[{position}]")))

    def operation(self, kind: Kind, scope: Scope, depth: int) -> Text | None:
        """A set or queue made from one of the state."""
        found = self.place(lambda k: k == kind, scope, depth - 1)
        if found is None:
            return None
        text, rng = found[0], self.rng
        element = self.value(kind.parts[0], scope, depth - 1).text
        if kind.tag == "set":
            other = self.value(kind, scope, depth - 1).text
            return Text(
                rng.choice(
                    (
                        f"{text}.add({element})",
                        f"{text}.remove({element})",
                        f"{text}.union({other})",
                        f"{text}.intersection({other})",
                        f"{text}.difference({other})",
                    )
                )
            )
        position = self.key(integers(0, kind.high - 1), scope, depth - 1)
        guarded = rng.random() < 0.5
        made = rng.choice(
            (
                f"{text}.push({element})",
                f"{text}.push({element})",
                f"{text}.pop()",
                f"{text}.remove_at({position})",
            )
        )
        return Text(
            f"ite({text}.{'full' if '.push' in made else 'empty'}, {text}, {made})" if guarded else made
        )

    def bounded(self, kind: Kind, scope: Scope, depth: int) -> Text:
        """A number for a range: usually inside it, sometimes not."""
        rng, span = self.rng, kind.high - kind.low + 1
        made = self.number(scope, depth - 1)
        roll = rng.random()
        if roll < 0.35 or not made.symbolic:
            return Text(f"({made.text}) % {span} + {kind.low}", made.symbolic)
        if roll < 0.65:
            return Text(
                f"ite(({kind.low} <= {made.text}) & ({made.text} <= {kind.high}), {made.text},"
                f" {rng.choice(kind.values)})"
            )
        return made

    def number(self, scope: Scope, depth: int) -> Text:
        """Any number."""
        rng = self.rng
        names = [n for n, k in scope.parameters.items() if k.tag == "int"]
        if names and rng.random() < 0.2:
            return Text(rng.choice(names), False)
        if depth <= 0 or rng.random() < 0.4:
            found = self.place(lambda k: k.tag in ("int", "set", "queue"), scope, depth)
            if found is None or rng.random() < 0.15:
                return Text(str(rng.randint(0, 3)), False)
            return Text(found[0] + {"int": "", "set": ".size", "queue": ".length"}[found[1].tag])
        a, b = self.number(scope, depth - 1), self.number(scope, depth - 1)
        roll = rng.randrange(8)
        if roll == 0:
            return Text(
                "count(("
                + ", ".join(self.condition(scope, depth - 1).text for _ in range(rng.randint(1, 3)))
                + ",))"
            )
        if roll == 1:
            test = self.condition(scope, depth - 1)
            return Text(f"ite({test.text}, {a.text}, {b.text})", test.symbolic or a.symbolic or b.symbolic)
        if roll == 2:
            return Text(f"(-{a.text})", a.symbolic)
        if roll in (3, 4):
            if not b.symbolic or rng.random() < 0.3:
                b = Text(str(rng.choice((-2, 1, 2, 3))), False)
            return Text(f"({a.text} {rng.choice(('//', '%'))} {b.text})", a.symbolic or b.symbolic)
        return Text(f"({a.text} {rng.choice(('+', '-', '*'))} {b.text})", a.symbolic or b.symbolic)

    def condition(self, scope: Scope, depth: int) -> Text:
        """A condition."""
        rng = self.rng
        roll = rng.randrange(12) if depth > 0 else rng.randrange(4)
        if roll < 4 or not self.variables:
            return self.atom(scope, depth)
        if roll < 6:
            a, b = self.condition(scope, depth - 1), self.condition(scope, depth - 1)
            return Text(f"({a.text} {rng.choice('&|')} {b.text})", a.symbolic or b.symbolic)
        if roll == 6:
            a = self.condition(scope, depth - 1)
            return Text(f"(~{a.text})" if a.symbolic else f"(not {a.text})", a.symbolic)
        if roll == 7:
            kind = self.index()
            name = f"x{depth}"
            inner = self.condition(Scope({**scope.parameters, name: kind}, scope.primed), depth - 1)
            return Text(
                f"{rng.choice(('every', 'some'))}({inner.text} for {name} in domain({kind.annotation}))"
            )
        if roll == 8:
            return Text(
                f"implies({self.condition(scope, depth - 1).text}, {self.condition(scope, depth - 1).text})"
            )
        if roll == 9:
            found = self.place(lambda k: k.tag in ("set", "queue"), scope, depth - 1)
            if found:
                element = self.value(found[1].parts[0], scope, depth - 1).text
                return Text(f"{found[0]}.contains({element})")
        if roll == 10:
            a, b, c = (self.condition(scope, depth - 1) for _ in range(3))
            return Text(f"ite({a.text}, {b.text}, {c.text})") if a.symbolic else a
        a, b = self.number(scope, depth - 1), self.number(scope, depth - 1)
        return Text(
            f"({a.text} {rng.choice(('<', '<=', '==', '!=', '>', '>='))} {b.text})", a.symbolic or b.symbolic
        )

    def atom(self, scope: Scope, depth: int) -> Text:
        """A comparison of a place."""
        rng = self.rng
        found = self.place(lambda k: k.tag not in ("map",), scope, depth)
        if found is None:
            return Text("True", False)
        text, kind = found
        if kind.tag == "bool":
            return Text(text)
        if kind.tag == "optional" and rng.random() < 0.4:
            return Text(f"{text}.is_none")
        if kind.tag in ("set", "queue") and rng.random() < 0.4:
            return Text(f"{text}.empty" if kind.tag == "set" else f"{text}.{rng.choice(('empty', 'full'))}")
        if kind.tag == "set" and rng.random() < 0.3:
            return Text(f"{text}.issubset({rng.choice(kind.values)})")
        sign = rng.choice(("==", "!=", "<", "<=") if kind.tag == "int" else ("==", "==", "!="))
        other = self.value(kind, scope, depth - 1).text if depth > 0 else rng.choice(kind.values)
        return Text(f"({text} {sign} {other})")

    # Declarations.

    def parameters(self, most: int) -> dict[str, Kind]:
        return {
            f"p{i}": self.rng.choice((self.proc, self.proc, self.index()))
            for i in range(self.rng.randint(0, most))
        }

    def initial(self, kind: Kind, outer: bool = True) -> str:
        """The argument of initially(...)."""
        rng = self.rng
        if kind.tag == "map":
            if outer and rng.random() < 0.15:
                return (
                    "{"
                    + ", ".join(f"{k}: {self.initial(kind.parts[1], False)}" for k in kind.parts[0].values)
                    + "}"
                )
            return self.initial(kind.parts[1], False)
        if kind.tag not in ("set", "queue", "record") and rng.random() < 0.1:
            return f"any_of({kind.annotation})"
        if rng.random() < 0.15:
            return f"any_of({', '.join(rng.choice(kind.values) for _ in range(2))})"
        return rng.choice(kind.values)

    def state(self) -> str:
        lines = ["class S(State):"]
        for i in range(self.rng.randint(1, 1 + self.size)):
            kind = self.kind()
            self.variables[f"v{i}"] = kind
            bare = kind.tag in ("map", "set", "queue")
            lines.append(
                f"    v{i}: {kind.annotation if bare else f'Var[{kind.annotation}]'} ="
                f" initially({self.initial(kind)})"
            )
        return "\n".join(lines)

    def function(
        self, decorator: str, name: str, parameters: dict[str, Kind], body: list[str], doc: str = ""
    ) -> str:
        signature = ", ".join(["s: S", *(f"{n}: {k.annotation}" for n, k in parameters.items())])
        lines = [f"    {line}" for line in ([f'"""{doc}"""'] if doc else []) + body]
        return "\n".join([decorator, f"def {name}({signature}):", *lines])

    def action(self, number: int) -> str:
        rng, parameters = self.rng, self.parameters(2)
        scope, depth = Scope(parameters), min(self.size, 3)
        body = [
            f"when({self.condition(scope, rng.randint(0, depth)).text})" for _ in range(rng.randint(0, 3))
        ]
        mutable = [
            n for n in self.variables if not n.endswith("0") or len(self.variables) == 1 or rng.random() < 0.7
        ]
        chosen = rng.sample(mutable, rng.randint(1, min(2, len(mutable))))
        targets: set[str] = set()
        for name in chosen + [n for n in chosen if self.variables[n].tag == "map" and rng.random() < 0.4]:
            found = self.descend(
                f"s.{name}",
                self.variables[name],
                lambda k: k.tag != "map" and (k.tag != "record" or rng.random() < 0.5),
                scope,
                depth - 1,
            )
            if found is None or any(found[0].startswith(t) or t.startswith(found[0]) for t in targets):
                continue
            target, kind = found
            targets.add(target)
            roll = rng.random()
            if kind.tag == "int" and roll < 0.3:
                body[:0] = [f"when({target} < {kind.high})"]
                new = f"{target} + 1"
            elif kind.tag == "queue" and roll < 0.5:
                new = f"{target}.push({self.value(kind.parts[0], scope, depth - 1).text})"
                body[:0] = [f"when(~{target}.full)"] if roll < 0.4 else []
            else:
                new = self.value(kind, scope, rng.randint(0, depth)).text
            body.append(f"{target}.next = {new}")
        if rng.random() < 0.2 and self.variables:
            body.append(f"opens({rng.choice([*parameters, '1'])})")
        actor = rng.choice([*(f'actor="{p}"' for p in parameters), 'actor="hardware"', ""])
        label = (
            f"{{s.{rng.choice(list(self.variables))}}} by " + " ".join(f"{{{p}}}" for p in parameters)
            if rng.random() < 0.5
            else ""
        )
        return self.function(f"@action({actor})", f"act{number}", parameters, body, label)

    def driver(self, number: int) -> str | None:
        """An action that moves one variable through its whole domain, so that the space is more than a few
        states.
        """
        rng, name = self.rng, self.rng.choice(list(self.variables))
        target, kind = f"s.{name}", self.variables[name]
        parameters: dict[str, Kind] = {}
        while kind.tag in ("map", "record"):
            if kind.tag == "map":
                key = f"k{len(parameters)}"
                parameters[key] = kind.parts[0]
                target, kind = f"{target}[{key}]", kind.parts[1]
            else:
                i = rng.randrange(len(kind.names))
                target, kind = f"{target}.{kind.names[i]}", kind.parts[i]
        element = kind.parts[0] if kind.tag in ("set", "queue") else kind
        if (
            element.tag in ("set", "queue", "record") and element.annotation != "Note"
        ) or element == optional(self.note):
            return None
        parameters["x"] = element
        moves = {
            "set": f"ite({target}.contains(x), {target}.remove(x), {target}.add(x))",
            "queue": f"ite({target}.full, {target}.pop(), {target}.push(x))",
        }
        guard = [f"when({self.condition(Scope(parameters), 1).text})"] if rng.random() < 0.3 else []
        body = [*guard, f"{target}.next = {moves.get(kind.tag, 'x')}"]
        return self.function('@action(actor="x")', f"drive{number}", parameters, body)

    def condition_function(self, decorator: str, name: str, most: int, primed: bool = False) -> str:
        parameters = self.parameters(most)
        scope = Scope(parameters, primed)
        text = self.condition(scope, self.rng.randint(0, min(self.size, 3))).text
        if self.rng.random() < 0.4:
            text = f"implies({self.condition(scope, 1).text}, {text})"
        return self.function(f"@{decorator}", name, parameters, [f"return {text}"])

    def spec(self) -> str:
        rng = self.rng
        blocks = [HEADER.format(procs=self.procs, nodes=self.nodes), self.state()]
        blocks += [self.action(i) for i in range(rng.randint(1, 2 + self.size))]
        blocks += [d for d in (self.driver(i) for i in range(rng.randint(0, 2))) if d]
        blocks += [self.condition_function("invariant", f"inv{i}", 1) for i in range(rng.randint(0, 2))]
        blocks += [
            self.condition_function("step_invariant", f"stepwise{i}", 1, True)
            for i in range(rng.randint(0, 2))
        ]
        for decorator, likelihood in (
            ("terminal", 0.3),
            ("constraint", 0.25),
            ("initial", 0.1),
            ("observe", 0.1),
        ):
            if rng.random() < likelihood:
                blocks.append(self.condition_function(decorator, decorator + "_one", 0))
        return "\n\n".join(blocks) + "\n\nspec = Spec()\n"


def spec_text(rng: random.Random, size: int = 2) -> str:
    """The text of a random spec; `size` from 1 to 4 bounds variables, actions and the depth of
    expressions.
    """
    return Author(rng, size).spec()


def spec_of(text: str) -> Spec:
    """The spec that a text defines."""
    module = sys.modules["generated"] = types.ModuleType("generated")
    exec(compile(text, "<generated>", "exec"), vars(module))
    found = module.spec
    assert isinstance(found, Spec)
    return found


def shrink(text: str, fails: Callable[[str], bool]) -> str:
    """A smaller text that still fails: blocks, then lines, are left out while it does."""
    for separator in ("\n\n", "\n"):
        parts = text.split(separator)
        i = len(parts) - 1
        while i >= 0:
            fewer = separator.join(parts[:i] + parts[i + 1 :])
            if fails(fewer):
                text, parts = fewer, parts[:i] + parts[i + 1 :]
            i -= 1
    return text
