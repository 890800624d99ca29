"""An automaton of Linux's runtime verification as a spec: a variable for its state, an action for each event.

Time is kept as far as the automaton asks: a clock runs from its first reset on, and a bit for each bound says
whether it has reached it. Other variables of the environment have any value at any time.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Iterator, Mapping

from explorer.export.names import word
from explorer.export.rv_dot import Atom, Automaton, Constraint, Edge, Unreadable
from explorer.ir.data import dataclass

WIDEST = 1000
"""Values of a variable of the environment."""

USED = """Annotated Formula Range Spec State Value Var action always any_of at_first enum eventually implies
initially is_in ite lookup next_step spec temporal terminal until when At""".split()
"""Names that a written spec has for other things."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A moment that a clock reaches: `value`, or the first one `after` it."""

    clock: str
    value: int | str
    after: bool = False

    @classmethod
    def of(cls, clock: str, value: int | str, after: bool) -> Bound:
        if after and isinstance(value, int):
            return cls(clock, value + 1)
        return cls(clock, value, after)

    @property
    def text(self) -> str:
        unit = " ns" if isinstance(self.value, int) else ""
        return f"{'what comes after ' if self.after else ''}{self.value}{unit}"


def python_name(text: str, taken: Iterable[str] = ()) -> str:
    """A name of Python that stands for nothing else."""
    name = text if text.isidentifier() else word(text)
    reserved = {*USED, *taken, *dir(builtins)}
    while keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in reserved:
        name += "_"
    return name


def module_name(text: str) -> str:
    """A name as of a file of Python."""
    name = word(text)
    return f"{name}_" if keyword.iskeyword(name) else name


def class_name(text: str) -> str:
    """A name as of a class."""
    return python_name("".join(part[:1].upper() + part[1:] for part in word(text).split("_")))


def spec_of(automaton: Automaton) -> str:
    """The text of the spec. Unreadable for a variable that is compared with numbers too far apart."""
    return "\n".join(_Writer(automaton).lines()) + "\n"


class _Writer:
    def __init__(self, automaton: Automaton):
        self.automaton = automaton
        self.kind = class_name(automaton.name)
        self.variable = "monitor"
        self.at = f"{self.variable}.at"
        self.members: dict[str, str] = {}
        for state in automaton.states:
            self.members[state] = python_name(word(state).upper(), self.members.values())
        self.bounds = dict.fromkeys(
            b for a in automaton.atoms() if a.env in automaton.clocks for b in _bounds(a)
        )
        self.ranges = dict(self._ranges())
        self.unknown = dict.fromkeys(
            a for a in automaton.atoms() if a.env not in automaton.clocks and isinstance(a.value, str)
        )
        for atom in automaton.within.values():
            if atom.env not in automaton.clocks:
                raise Unreadable(
                    f"{automaton.name}: `{atom.text}` bounds a state, and no event resets {atom.env}"
                )

    def _ranges(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """The numbers that each variable of the environment may be, as far as they differ here."""
        compared: dict[str, list[int]] = {}
        for atom in self.automaton.atoms():
            if atom.env not in self.automaton.clocks and isinstance(atom.value, int):
                compared.setdefault(atom.env, []).append(atom.value)
        for env, values in compared.items():
            low, high = max(0, min(values) - 1), max(values) + 1
            if high - low >= WIDEST:
                raise Unreadable(
                    f"{self.automaton.name}: {env} is compared with {min(values)} and {max(values)}:"
                    f" more than {WIDEST:,} values"
                )
            yield env, (low, high)

    def lines(self) -> Iterator[str]:
        name = self.automaton.name
        yield f'"""{name}: an automaton of Linux\'s runtime verification, written from its {name}.dot.'
        yield ""
        yield "An event is an action: whatever the automaton allows may happen."
        yield '"""'
        yield ""
        yield "import enum"
        yield "from typing import Annotated"
        yield ""
        yield "from explorer import *"
        yield ""
        yield ""
        yield "class At(enum.Enum):"
        yield f"    {', '.join(self.members.values())} = " + (
            f"range({len(self.members)})" if len(self.members) > 1 else "0"
        )
        yield ""
        yield ""
        yield f"class {self.kind}(State):"
        yield f"    at: Var[At] = initially({self.member(self.automaton.states[0])})"
        for clock in self.automaton.clocks:
            yield f"    {clock}_runs: Var[bool] = initially(False)"
        for bound in self.bounds:
            yield f"    {self.bit(bound)}: Var[bool] = initially(False)"
        for env, (low, high) in self.ranges.items():
            anything = f"initially(any_of(*range({low}, {high + 1})))"
            yield f"    {env}: Var[Annotated[int, Range({low}, {high})]] = {anything}"
        for atom in self.unknown:
            yield f"    {_flag(atom)}: Var[bool] = initially(any_of(False, True))"
        names: list[str] = [self.kind]
        for event in self.automaton.events:
            names.append(python_name(event, names))
            yield from self.event(names[-1], [e for e in self.automaton.edges if e.event == event])
        yield from self.time()
        yield from self.environment()
        yield ""
        yield ""
        yield "@terminal"
        yield f"def may_end({self.variable}: {self.kind}) -> Value[bool]:"
        yield f"    return {self.among(self.automaton.marked)}"
        yield ""
        yield ""
        yield "spec = Spec()"

    def member(self, state: str) -> str:
        return f"At.{self.members[state]}"

    def among(self, states: Iterable[str]) -> str:
        """The condition that the state is one of these."""
        named = [self.member(state) for state in dict.fromkeys(states)]
        return f"{self.at} == {named[0]}" if len(named) == 1 else f"is_in({self.at}, {{{', '.join(named)}}})"

    def event(self, name: str, edges: list[Edge]) -> Iterator[str]:
        targets = {edge.source: edge.target for edge in edges}
        moves = {source: target for source, target in targets.items() if source != target}
        idle = not moves and not any(edge.reset for edge in edges)
        yield from self.head(name, edges[0].event, "(stutters=True)" if idle else "")
        sources = targets.keys() < set(self.automaton.states)
        yield from [f"    when({self.among(targets)})"] if sources else ()
        guards: dict[str, list[str]] = {}
        for edge in edges:
            guards.setdefault(" & ".join(self.conditions(edge)), []).append(edge.source)
        for held, of in guards.items():
            if held:
                whole = len(of) == len(edges)
                yield f"    when({held})" if whole else f"    when(implies({self.among(of)}, {held}))"
        if moves:
            yield from self.move(targets)
        elif idle and not sources and not any(guards):
            yield "    pass"
        for clock in dict.fromkeys(edge.reset for edge in edges if edge.reset):
            yield from self.reset(clock, [e.source for e in edges if e.reset == clock], len(edges))

    def conditions(self, edge: Edge) -> Iterator[str]:
        """What lets an event happen in a state: its guard, and that the next state may be entered now."""
        if edge.guard:
            yield self.condition(edge.guard)
        within = self.automaton.within.get(edge.target)
        if (
            within is not None
            and edge.reset != within.env
            and within != self.automaton.within.get(edge.source)
        ):
            yield self.atom(within)

    def head(self, name: str, says: str, options: str = "") -> Iterator[str]:
        yield ""
        yield ""
        yield f"@action{options}"
        yield f"def {name}({self.variable}: {self.kind}) -> None:"
        yield f'    """{says}"""'

    def move(self, targets: Mapping[str, str]) -> Iterator[str]:
        """The next state, which may be the present one."""
        if len(set(targets.values())) == 1:
            yield f"    {self.at}.next = {self.member(next(iter(targets.values())))}"
            return
        moves = {source: target for source, target in targets.items() if source != target}
        yield f"    {self.at}.next = lookup("
        yield "        {"
        yield from (f"            {self.member(a)}: {self.member(b)}," for a, b in moves.items())
        yield "        },"
        yield f"        {self.at},"
        yield from [f"        otherwise={self.at},"] if len(moves) < len(targets) else ()
        yield "    )"

    def reset(self, clock: str, sources: list[str], every: int) -> Iterator[str]:
        """The clock begins again, if the event does that in this state."""
        values = {f"{clock}_runs": True, **{self.bit(b): False for b in self.bounds if b.clock == clock}}
        for name, value in values.items():
            place = f"{self.variable}.{name}"
            if len(sources) == every:
                yield f"    {place}.next = {value}"
            else:
                yield f"    {place}.next = ite({self.among(sources)}, {value}, {place})"

    def time(self) -> Iterator[str]:
        """Each clock reaches each of its bounds, smaller numbers first; not where a state keeps it below."""
        for bound in self.bounds:
            yield from self.head(
                f"{bound.clock}_reaches_{self.bit(bound)}", f"{bound.clock} reaches {bound.text}"
            )
            yield f"    when({self.variable}.{bound.clock}_runs & ~{self.variable}.{self.bit(bound)})"
            for other in self.bounds:
                if other.clock == bound.clock and _earlier(other, bound):
                    yield f"    when({self.variable}.{self.bit(other)})"
            below = [s for s, atom in self.automaton.within.items() if bound in _bounds(atom)]
            if below:
                yield (
                    f"    when(~{self.among(below)})"
                    if len(below) > 1
                    else (f"    when({self.at} != {self.member(below[0])})")
                )
            yield f"    {self.variable}.{self.bit(bound)}.next = True"

    def environment(self) -> Iterator[str]:
        """What the automaton only looks at changes at any time."""
        for env, (low, high) in self.ranges.items():
            yield ""
            yield ""
            yield "@action"
            value = f"value: Annotated[int, Range({low}, {high})]"
            yield f"def {env}_changes({self.variable}: {self.kind}, {value}) -> None:"
            yield f'    """{env} is {{value}}"""'
            yield f"    when({self.variable}.{env} != value)"
            yield f"    {self.variable}.{env}.next = value"
        for atom in self.unknown:
            yield from self.head(f"{_flag(atom)}_changes", f"`{atom.text}` changes")
            yield f"    {self.variable}.{_flag(atom)}.next = ~{self.variable}.{_flag(atom)}"

    def bit(self, bound: Bound) -> str:
        """The variable that says whether a clock has reached a bound."""
        return word(f"{bound.clock}_{'after' if bound.after else 'at'}_{bound.value}")

    def condition(self, guard: Constraint) -> str:
        """A guard: `&&` binds closer, as in C."""
        ways: list[list[str]] = [[]]
        for atom, before in zip(guard.atoms, ("&&", *guard.between)):
            if before == "||":
                ways.append([])
            ways[-1].append(self.atom(atom))
        text = " | ".join(" & ".join(way) for way in ways)
        return f"({text})" if len(ways) > 1 else text

    def atom(self, atom: Atom) -> str:
        """A comparison. One of a clock that does not run yet holds, as in the kernel."""
        if atom.env in self.automaton.clocks:
            at, after = (f"{self.variable}.{self.bit(b)}" for b in _both(atom))
            if atom.op in ("<", "<="):  # not reached by a clock that does not run
                return f"~{at}" if atom.op == "<" else f"~{after}"
            reached = {
                ">=": at,
                ">": after,
                "==": f"{at} & ~{after}",
                "!=": f"~{at} | {after}",
            }[atom.op]
            return f"(~{self.variable}.{atom.env}_runs | {reached})"
        if isinstance(atom.value, str):
            return f"{self.variable}.{_flag(atom)}"
        return f"({self.variable}.{atom.env} {atom.op} {atom.value})"


def _both(atom: Atom) -> tuple[Bound, Bound]:
    return Bound.of(atom.env, atom.value, False), Bound.of(atom.env, atom.value, True)


def _bounds(atom: Atom) -> tuple[Bound, ...]:
    """The bounds that a comparison of a clock asks about."""
    at, after = _both(atom)
    return {"<": (at,), ">=": (at,), "<=": (after,), ">": (after,)}.get(atom.op, (at, after))


def _earlier(a: Bound, b: Bound) -> bool:
    """Whether a clock surely reaches `a` before `b`."""
    if isinstance(a.value, int) and isinstance(b.value, int):
        return a.value < b.value
    return a.value == b.value and not a.after and b.after


def _flag(atom: Atom) -> str:
    """The variable for a comparison with what only the kernel knows."""
    words = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least", "==": "is", "!=": "is_not"}
    return word(f"{atom.env}_{words[atom.op]}_{atom.value}")
