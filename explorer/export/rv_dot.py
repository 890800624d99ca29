"""Automata of Linux's runtime verification, read from the dialect of DOT that the kernel's rvgen reads line
by line: deterministic ones, and hybrid ones with clocks and other variables of the environment. What rvgen
would read wrongly without a word is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from explorer.ir.data import dataclass
from explorer.ir.errors import closest

FIRST = "digraph state_automaton {"
LONGEST = 32
"""Characters of a name that rvgen takes."""

NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
_NODE = re.compile(r'\{node \[.*\] "([^"]*)"\};')
_EDGE = re.compile(r'"([^"]*)" -> "([^"]*)"( \[ label = "([^"]*)" \])?;')
_LABEL = re.compile(r'"([^"]*)" \[label = "([^"]*)".*\];')
_ATOM = re.compile(r"([A-Za-z_]\w+)(<=|>=|==|!=|<|>)(\d+|[A-Za-z_]+(?:\(\))?)([a-z]{1,2})?")
_RESET = re.compile(r"reset\(([A-Za-z_]\w+)\)")


class Unreadable(Exception):
    """What rvgen would not take, or would take for something else: the message says where."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A comparison of a variable of the environment: with a number (of nanoseconds, where it has a unit), or
    with what only the kernel knows.
    """

    env: str
    op: str
    value: int | str

    @property
    def text(self) -> str:
        return f"{self.env} {self.op} {self.value}"


@dataclass(frozen=True, slots=True)
class Constraint:
    """Comparisons with `&&` or `||` between them, which C binds as usual."""

    atoms: tuple[Atom, ...]
    between: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """What an event does in a state; `guard` may keep it back, and it may set the clock `reset` to 0."""

    source: str
    target: str
    event: str
    guard: Constraint | None = None
    reset: str | None = None


@dataclass(frozen=True, slots=True)
class Automaton:
    """States, the initial one first. `within` says of a state which clock may not reach which bound there."""

    name: str
    states: tuple[str, ...]
    marked: tuple[str, ...]
    edges: tuple[Edge, ...]
    within: dict[str, Atom] = field(default_factory=dict)

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(sorted({edge.event for edge in self.edges}))

    @property
    def clocks(self) -> tuple[str, ...]:
        """The variables that are set to 0: time."""
        return tuple(dict.fromkeys(edge.reset for edge in self.edges if edge.reset))

    def atoms(self) -> Iterator[Atom]:
        """All comparisons."""
        yield from (atom for edge in self.edges if edge.guard for atom in edge.guard.atoms)
        yield from self.within.values()


def read_dot(path: Path) -> Automaton:
    """The automaton in a file. Raises Unreadable."""
    return _Reader(path).automaton()


class _Reader:
    def __init__(self, path: Path):
        self.path, self.number = path, 0
        self.lines = [line.strip() for line in text_of(path).splitlines()]

    def automaton(self) -> Automaton:
        if not self.lines or self.lines[0].split()[:2] != FIRST.split()[:2]:
            found = f"`{self.lines[0]}`" if self.lines else "nothing"
            raise Unreadable(f"{self.path}:1: found {found}, expected `{FIRST}`")
        start = next((n for n, line in enumerate(self.lines) if line.startswith("{node")), None)
        if start is None:
            raise Unreadable(f'{self.path}: no state; write: {{node [shape = circle] "name"}};')
        initial, states, marked = self.nodes(start)
        edges: list[Edge] = []
        within: dict[str, Atom] = {}
        for number, line in enumerate(self.lines[self.number :], self.number + 1):
            self.number = number
            if not line.startswith('"'):
                break
            edge, label = _EDGE.fullmatch(line), _LABEL.fullmatch(line)
            if edge and edge[3]:
                edges += [*self.edge(edge, states)]
            elif label and self.known(label[1], states):
                within.update(self.label(label))
            else:
                raise self.wrong(line, '"state" -> "state" [ label = "event" ];')
        self.check(edges)
        ordered = (initial, *sorted(set(states) - {initial}))
        return Automaton(self.path.stem, ordered, marked or (initial,), tuple(edges), within)

    def nodes(self, start: int) -> tuple[str, list[str], tuple[str, ...]]:
        """The initial state, all states, and those that are marked as final. The line of the initial edge is
        the present one then.
        """
        states, marked, initial = [], [], None
        for number, line in enumerate(self.lines[start:], start + 1):
            self.number = number
            if not line.startswith("{node"):
                break
            node = _NODE.fullmatch(line)
            if node is None:
                raise self.wrong(line, '{node [shape = circle] "name"};')
            name = _name(node[1])
            if name.startswith("__init_"):
                initial = name.removeprefix("__init_")
                continue
            states.append(name)
            marked += [name] if "doublecircle" in line or "ellipse" in line else []
        if initial is None:
            raise Unreadable(
                f'{self.path}: no initial state; write: {{node [shape = plaintext] "__init_NAME"}};'
            )
        if not self.known(initial, states):
            raise Unreadable(
                f"{self.path}: the initial state {initial} is no node; {_nearest(initial, states)}"
            )
        edge = _EDGE.fullmatch(self.lines[self.number - 1])
        if edge is None or edge[3] or (edge[1], edge[2]) != (f"__init_{initial}", initial):
            raise self.wrong(self.lines[self.number - 1], f'"__init_{initial}" -> "{initial}";')
        return initial, states, tuple(dict.fromkeys(marked))

    def edge(self, edge: re.Match[str], states: list[str]) -> Iterator[Edge]:
        source, target = _name(edge[1]), _name(edge[2])
        for name in (source, target):
            if not self.known(name, states):
                raise Unreadable(f"{self.path}:{self.number}: {name} is no state; {_nearest(name, states)}")
        for text in edge[4].split("\\n"):
            event, *more = (part.replace(" ", "") for part in text.split(";"))
            if not re.fullmatch(r"[A-Za-z_]\w*", event):
                raise self.wrong(event, "the name of an event")
            if len(event) > LONGEST:
                raise self.wrong(event, f"a name of at most {LONGEST} characters")
            resets = [m[1] for part in more if (m := _RESET.fullmatch(part))]
            guards = [part for part in more if not _RESET.fullmatch(part)]
            if len(resets) > 1 or len(guards) > 1:
                raise self.wrong(text, "one constraint and one reset at most")
            guard = self.constraint(guards[0]) if guards else None
            yield Edge(source, target, event, guard, resets[0] if resets else None)

    def label(self, label: re.Match[str]) -> Iterator[tuple[str, Atom]]:
        """What is said of a state beside its name."""
        name, *more = label[2].split("\\n")
        if name != label[1] or len(more) > 1:
            raise self.wrong(label[2], f"{label[1]} and one constraint at most")
        for text in more:
            found = self.constraint(text.replace(" ", ""))
            if len(found.atoms) != 1 or found.atoms[0].op not in ("<", "<="):
                raise self.wrong(text, "an upper bound of a clock, as clk < 5us")
            yield _name(label[1]), found.atoms[0]

    def constraint(self, text: str) -> Constraint:
        between = tuple(re.findall(r"&&|\|\|", text))
        atoms = []
        for part in re.split(r"&&|\|\|", text):
            atom = _ATOM.fullmatch(part)
            if atom is None:
                raise self.wrong(part, "a comparison, as clk < 5us or irq_off == 1")
            value: int | str = int(atom[3]) * NANOSECONDS.get(atom[4], 1) if atom[3].isdigit() else atom[3]
            atoms.append(Atom(atom[1], atom[2], value))
        return Constraint(tuple(atoms), between)

    def check(self, edges: list[Edge]) -> None:
        """One target for each state and event: rvgen takes the last, and says nothing."""
        if not edges:
            raise Unreadable(f'{self.path}: no event; write: "state" -> "state" [ label = "event" ];')
        seen: dict[tuple[str, str], str] = {}
        for edge in edges:
            other = seen.setdefault((edge.source, edge.event), edge.target)
            if other != edge.target:
                raise Unreadable(
                    f"{self.path}: not deterministic: {edge.event} leads from {edge.source} to {other} and to"
                    f" {edge.target}"
                )

    def known(self, name: str, states: list[str]) -> bool:
        return name in states

    def wrong(self, found: str, expected: str) -> Unreadable:
        return Unreadable(f"{self.path}:{self.number}: found `{found}`, expected {expected}")


def text_of(path: Path) -> str:
    """The text of a file. Raises Unreadable."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path}: not text in UTF-8") from None


def _name(text: str) -> str:
    return text.replace(",", "_")


def _nearest(name: str, known: list[str]) -> str:
    near = closest(name, known)
    return f"did you mean {near}?" if near else f"the states are {', '.join(dict.fromkeys(known))}"
