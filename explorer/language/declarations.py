"""What an author declares about a state machine: actions and properties. Knows nothing of how they are
checked.

A decorator leaves the function as it is and notes a `Declaration` on it; tracing happens when the spec is
compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import field
from typing import Any, TypeVar, overload

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError, caller
from explorer.ir.steps import Condition, Fairness, Mark
from explorer.language.options import check_kinds, check_options, defaults_of
from explorer.language.symbolic import condition
from explorer.language.tracing import DECORATORS, Impossible, current
from explorer.language.values import Value
from explorer.language.where import unconditional

F = TypeVar("F", bound=Callable[..., Any])
P = TypeVar("P", bound=Callable[..., Any])


WEAK, STRONG = Fairness.WEAK, Fairness.STRONG


@dataclass(frozen=True, slots=True)
class Declaration:
    """One decorated function. `kind`: action, invariant, step, temporal, terminal, constraint, initial or
    observe.
    """

    kind: str
    function: Callable[..., Any]
    place: Place
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.function.__name__


def declaration_of(obj: Any) -> Declaration | None:
    noted = getattr(obj, "__declaration__", None) if inspect.isfunction(obj) else None
    return noted if isinstance(noted, Declaration) else None


def declare(kind: str, function: F, **options: Any) -> F:
    name = f"@{DECORATORS[kind]}"
    if not inspect.isfunction(function):
        shown = f"the class {function.__name__}" if inspect.isclass(function) else f"{function!r}"
        raise SpecError(
            "E0401",
            f"{name} on {shown}",
            expected="a function",
            write=f"{name}\ndef step(component: Component): ...",
        )
    place = Place(function.__code__.co_filename, function.__code__.co_firstlineno)
    if kind == "process" and not inspect.isgeneratorfunction(function):
        raise SpecError(
            "E0803",
            f"@process on {function.__name__}, which has no `yield`",
            expected="a generator function: its steps begin with `yield`",
            place=place,
            write='yield "what the step does", before each step, or @action for a single one',
        )
    if kind != "process" and (inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function)):
        shown = "async" if inspect.iscoroutinefunction(function) else "a generator: it has a `yield`"
        raise SpecError(
            "E0401",
            f"{name} on {function.__name__}, which is {shown}",
            expected="a plain function",
            place=place,
            write=f"@process above {function.__name__}, or no yield"
            if kind == "action" and inspect.isgeneratorfunction(function)
            else "def without async, yield and await",
        )
    known = declaration_of(function)
    if known is not None:
        raise SpecError(
            "E0402",
            f"{function.__name__} has {name} and @{DECORATORS[known.kind]}",
            expected="one decorator",
            write="two functions, one for each",
            place=place,
        )
    other = declaration_of(function.__globals__.get(function.__name__))
    if other is not None and other.function.__qualname__ == function.__qualname__ and other.place != place:
        raise SpecError(
            "E0504",
            f"two declarations named {function.__name__!r} (the other at {other.place})",
            expected="one name for each action and property",
            write="another name for one of them",
            place=place,
        )
    setattr(function, "__declaration__", Declaration(kind, function, place, options))
    return function


@overload
def action(function: F, /) -> F: ...
@overload
def action(
    *,
    actor: str | None = None,
    fair: Fairness | None = None,
    per: tuple[str, ...] | None = None,
    group: str | None = None,
    source: str = "",
    defensive: bool = False,
    stutters: bool = False,
) -> Callable[[F], F]: ...
def action(
    function: Any = None,
    /,
    *,
    actor: str | None = None,
    fair: Fairness | None = None,
    per: tuple[str, ...] | None = None,
    group: str | None = None,
    source: str = "",
    defensive: bool = False,
    stutters: bool = False,
) -> Any:
    """A step of the protocol: one instance for every value of its domain parameters.

    `actor` names the parameter that acts (or a fixed lane, such as "hardware"); `fair` is WEAK or STRONG,
    `per` the parameters whose values are fair separately (default: all), and each may be a constant. Actions
    of one `group` are fair together: some step of the group is taken; `per` names parameters that all of them
    have (default: none). `source` is where the step stands, "path:function". A `defensive` step handles what
    should never happen: that it never does is a note, no finding that fails under --strict. One that
    `stutters` may leave the state as it is, and need not assign anything. The first line of the docstring is
    the step's text in traces; `{expression}` in it reads the old state.
    """

    options = {"actor": actor, "fair": fair, "per": per, "group": group}

    def decorate(function: F) -> F:
        known = list(inspect.signature(function).parameters) if inspect.isfunction(function) else []
        default = defaults_of(function) if inspect.isfunction(function) and fair is None else None
        given = options if default is None else {**options, "fair": default.fair}
        what = f"action {getattr(function, '__name__', '?')}"
        check_options(what, known, given)
        more = {"source": source, "defensive": defensive, "stutters": stutters}
        check_kinds(what, more)
        return declare("action", function, **options, **more)

    return decorate if function is None else decorate(function)


def invariant(function: F) -> F:
    """A condition that must hold in every reachable state."""
    return declare("invariant", function)


def step_invariant(function: F) -> F:
    """A condition on every step: plain reads see the state before, `.next` the state after."""
    return declare("step", function)


def temporal(function: F) -> F:
    """A formula on whole behaviours, such as `leads_to(p, q)`: every fair behaviour must meet it."""
    return declare("temporal", function)


def terminal(function: F) -> F:
    """A state without successors where this holds is an end, not a deadlock."""
    return declare("terminal", function)


def constraint(function: F) -> F:
    """A bound on exploration: states where it fails are checked but not left, and every verdict says so."""
    return declare("constraint", function)


def initial(function: F) -> F:
    """A condition that initial states must meet."""
    return declare("initial", function)


def observe(function: F) -> F:
    """An expression shown along traces; never part of the state."""
    return declare("observe", function)


def when(ok: bool | Value[bool]) -> None:
    """A guard: the action can be taken only where this holds. Several are evaluated in order, up to the first
    that fails. Where the constants and the parameters settle that it fails, the instance ends here.
    """
    trace = current("when(...)")
    if not trace.may_write:
        raise SpecError(
            "E0406",
            f"when(...) in {trace.decorator} {trace.subject}",
            expected="a returned condition",
            write="return implies(condition, ...)",
        )
    unconditional(trace, "when(...)")
    trace.conditions.append(Condition(condition(ok, "when(...)"), caller()))
    if trace.impossible:
        raise Impossible


def fair_when(ok: bool | Value[bool]) -> None:
    """Fairness is promised for the steps where this holds, as TLA's `WF(A /\\ P)`. Those where it fails may
    be taken, too, and nothing is promised of them.
    """
    trace = current("fair_when(...)")
    if not trace.may_write:
        raise SpecError(
            "E0406",
            f"fair_when(...) in {trace.decorator} {trace.subject}",
            expected="a step that is fair",
            write="fair_when(condition) in the @action with fair=",
        )
    unconditional(trace, "fair_when(...)")
    promised = condition(ok, "fair_when(...)")
    if not ex.is_const(promised):
        trace.promised = not trace.pick("beyond fair_when", 2)
        promised = promised if trace.promised else ex.negate(promised)
        trace.conditions.append(Condition(promised, caller()))
    elif not promised.value:
        trace.promised = False


def opens(*key: Any) -> None:
    """Mark the step as the issue of something deferred (a buffered store); a later `closes` with an equal key
    ends it.
    """
    _mark("opens", key)


def closes(*key: Any) -> None:
    """Mark the step as the moment when the oldest open span of this key becomes visible."""
    _mark("closes", key)


def sends(receiver: Any, message: str = "") -> None:
    """Mark the step as a message to another actor: an arrow in pictures."""
    _mark("sends", (receiver, message))


def _mark(kind: str, key: tuple[Any, ...]) -> None:
    trace = current(f"{kind}(...)")
    if not trace.may_write:
        raise SpecError(
            "E0407",
            f"{kind}(...) in {trace.decorator} {trace.subject}",
            expected="marks in actions only",
            write=f"{kind}(...) in the @action that does it",
        )
    unconditional(trace, f"{kind}(...)")
    trace.marks.append(Mark(kind, key))
