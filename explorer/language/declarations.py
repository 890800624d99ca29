"""What an author declares about a state machine: actions and properties. Knows nothing of how they are
checked.

A decorator leaves the function as it is and notes a `Declaration` on it; tracing happens when the spec is
compiled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from explorer.ir.errors import Place, SpecError, caller, nearest
from explorer.ir.steps import Condition, Fairness, Mark
from explorer.language.constants import Constant
from explorer.language.symbolic import condition
from explorer.language.tracing import DECORATORS, Impossible, current
from explorer.language.values import Value

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
            write="def without async, yield and await",
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
    fair: Fairness = Fairness.NONE,
    per: tuple[str, ...] | None = None,
    source: str = "",
    defensive: bool = False,
) -> Callable[[F], F]: ...
def action(
    function: Any = None,
    /,
    *,
    actor: str | None = None,
    fair: Fairness = Fairness.NONE,
    per: tuple[str, ...] | None = None,
    source: str = "",
    defensive: bool = False,
) -> Any:
    """A step of the protocol: one instance for every value of its domain parameters.

    `actor` names the parameter that acts (or a fixed lane, such as "hardware"); `fair` is WEAK or STRONG,
    `per` the parameters whose values are fair separately (default: all), and each may be a constant; `source`
    is where the step stands, "path:function". A `defensive` step handles what should never happen: that it
    never does is a note, no finding that fails under --strict. The first line of the docstring is the step's
    text in traces; `{expression}` in it reads the old state.
    """

    def decorate(function: F) -> F:
        known = list(inspect.signature(function).parameters) if inspect.isfunction(function) else []
        check_options(getattr(function, "__name__", "?"), known, actor, fair, per)
        return declare(
            "action", function, actor=actor, fair=fair, per=per, source=source, defensive=defensive
        )

    return decorate if function is None else decorate(function)


def check_options(
    name: str, known: list[str], actor: Any, fair: Any, per: Any, *, place: Place | None = None
) -> None:
    """SpecError where an option of an action is no value of its kind. Constants are checked late."""
    if any(isinstance(option, Constant) for option in (actor, fair, per)):
        return
    if not isinstance(fair, Fairness):
        raise SpecError(
            "E0403",
            f"fair={fair!r} on action {name}",
            expected="WEAK or STRONG",
            write="@action(fair=WEAK)",
            place=place,
        )
    if actor is not None and not isinstance(actor, str):
        raise SpecError(
            "E0404",
            f"actor={getattr(actor, '__name__', actor)} on action {name}",
            write='@action(actor="cpu")',
            expected="the name of a parameter, as text",
            place=place,
        )
    if per is not None and not isinstance(per, (tuple, list)):
        raise SpecError(
            "E0405",
            f"per={per!r} on action {name}",
            expected="a tuple of names of parameters",
            write=f"per=({per!r},)",
            place=place,
        )
    if per is not None and fair is Fairness.NONE:
        raise SpecError(
            "E0405",
            f"per={per!r} on action {name}, which is not fair",
            expected="per= beside fair=",
            write=f"@action(fair=WEAK, per={tuple(per)!r})",
            place=place,
        )
    for item in per or ():
        if item not in known:
            raise SpecError(
                "E0405",
                f"per={item!r} on action {name}",
                expected=nearest(item, known),
                write='per=("cpu",) with names of parameters',
                place=place,
            )


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
    trace.conditions.append(Condition(condition(ok, "when(...)"), caller()))
    if trace.impossible:
        raise Impossible


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
    trace.marks.append(Mark(kind, key))
