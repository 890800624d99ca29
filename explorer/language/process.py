"""Processes: generator functions whose steps become ordinary actions. Knows nothing of how they are traced.

`yield "text"` ends a step and begins the next. What a step decides is yielded, too: `branch`, `choose` and
`keep` make a `Decision`, and the yield gives its outcome.
"""

from __future__ import annotations

import enum
import inspect
import sys
from collections.abc import Callable, Generator
from contextvars import ContextVar
from types import CodeType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError, caller
from explorer.ir.steps import Fairness
from explorer.language.constants import value_of
from explorer.language.declarations import declare
from explorer.language.options import check_kinds, check_options
from explorer.language.symbolic import condition, shown
from explorer.language.tracing import current
from explorer.language.values import Value
from explorer.language.where import unconditional

T = TypeVar("T")
P = TypeVar("P", bound=Callable[..., Generator[Any, Any, Any]])


class Level(enum.IntEnum):
    """What may interrupt what on one CPU: a process runs only while no process of a higher level is active
    there.
    """

    MAINLINE = 0
    IRQ = 1
    NMI = 2


MAINLINE, IRQ, NMI = Level.MAINLINE, Level.IRQ, Level.NMI
UNFAIR = Fairness.NONE


@dataclass(frozen=True, slots=True)
class Step:
    """The beginning of an atomic step. What is None is as the procedure or the process says."""

    text: str
    name: str
    fair: Fairness | None
    actor: str | None
    source: str | None
    defensive: bool
    atomic: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step turned out to be, and the names that expressions in its text see."""

    step: Step
    outer: dict[str, Any]
    local: dict[str, Any]


class Decision:
    """What a step asks for; `yield` gives the answer. `options` are a domain or values (choose), `value`
    what is tested or kept.
    """

    __slots__ = ("kind", "options", "place", "type", "value", "yielded")

    def __init__(
        self, kind: str, place: Place, value: Any = None, options: tuple[Any, ...] = (), type: Any = None
    ):
        self.kind, self.place, self.value, self.options, self.type = kind, place, value, options, type
        self.yielded = False

    @property
    def is_way(self) -> bool:
        """A choice among texts: which way the step goes. No register holds it."""
        return all(isinstance(option, str) for option in self.options)

    if not TYPE_CHECKING:

        def __bool__(self):
            raise forgotten(self)

        def __getattr__(self, name):
            raise forgotten(self) if not name.startswith("__") else AttributeError(name)


Steps = Generator[str | Step | Decision, Any, Any]
"""The return annotation of a process and of its procedures."""


def forgotten(decision: Decision) -> SpecError:
    return SpecError(
        "E0806",
        f"{decision.kind}(...) without `yield`",
        expected=f"the outcome of {decision.kind}",
        write=f"yield {decision.kind}(...), in parentheses inside an expression",
        place=decision.place,
    )


@overload
def process(function: P, /) -> P: ...
@overload
def process(
    *,
    actor: str | None = None,
    fair: Fairness | None = None,
    level: int = MAINLINE,
    restart: bool = False,
    source: str = "",
    atomic: bool = False,
) -> Callable[[P], P]: ...
def process(
    function: Any = None,
    /,
    *,
    actor: str | None = None,
    fair: Fairness | None = None,
    level: int = MAINLINE,
    restart: bool = False,
    source: str = "",
    atomic: bool = False,
) -> Any:
    """A sequence of atomic steps, for each combination of the values of its parameters: `yield "text"`
    begins a step.

    `fair` is a promise about the whole process: if it can take a step for ever (WEAK) or again and again
    (STRONG), it does. With `restart` it begins again when it returns. A process of a higher `level`
    interrupts those of lower ones with the same value of the parameter `actor`: between any two of their
    steps it may begin, and they wait until it returns. `source` is where it stands, "path:function".
    `atomic` says that its steps may access several shared places.
    """

    def decorate(function: P) -> P:
        known = list(inspect.signature(function).parameters) if inspect.isfunction(function) else []
        name = getattr(function, "__name__", "?")
        check_options(f"process {name}", known, {"actor": actor, "fair": fair})
        if not isinstance(level, int) or isinstance(level, bool) or level < 0:
            raise SpecError(
                "E0812",
                f"level={level!r} on process {name}",
                expected="MAINLINE, IRQ, NMI",
                write="level=IRQ",
            )
        options = {"level": int(level), "restart": restart, "atomic": atomic}
        check_kinds(f"process {name}", {"source": source, "restart": restart, "atomic": atomic})
        return declare("process", function, actor=actor, fair=fair, source=source, **options)

    return decorate if function is None else decorate(function)


PROCEDURES: dict[CodeType, tuple[str, Fairness | None]] = {}
"""What procedures say of their steps: source and fairness."""


def procedure(*, source: str = "", fair: Fairness | None = None) -> Callable[[P], P]:
    """Says where the steps of a generator function stand that processes call by `yield from`, or their
    fairness.
    """

    check_options("procedure(...)", [], {"fair": fair})
    check_kinds("procedure(...)", {"source": source})

    def decorate(function: P) -> P:
        PROCEDURES[function.__code__] = source, fair
        return function

    return decorate


def step(
    text: str,
    *,
    name: str = "",
    fair: Fairness | None = None,
    actor: str | None = None,
    source: str | None = None,
    defensive: bool = False,
    atomic: bool = False,
) -> Step:
    """`yield step("text", ...)`: a step that differs from the rest of its process.

    `name` is its place for `at(...)`; a step with `fair` is promised on its own; `defensive` handles what
    should never happen; `atomic` may access several shared places at once.
    """
    return _checked(
        Step(
            text=text,
            name=name,
            fair=value_of(fair),
            actor=actor,
            source=source,
            defensive=defensive,
            atomic=atomic,
            place=caller(),
        )
    )


def _checked(said: Step) -> Step:
    """A step as it is. Raises SpecError where an option is no value of its kind."""
    what = f"step {said.text!r}"
    check_options(what, [], {"actor": said.actor, "fair": said.fair})
    texts = {"name": said.name, "source": said.source or ""}
    check_kinds(what, {**texts, "defensive": said.defensive, "atomic": said.atomic})
    return said


def outcome(
    text: str,
    *,
    name: str = "",
    fair: Fairness | None = None,
    actor: str | None = None,
    source: str | None = None,
    defensive: bool = False,
) -> None:
    """After a `branch` or `choose`: what the step is on this way, in place of what its `yield` says.

    So each way has a text, a name in coverage, a fairness and a source of its own. `at` knows the step by
    its `yield`.
    """
    place, trace = caller(), current("outcome(...)")
    if trace.kind != "process":
        raise SpecError(
            "E0814",
            f"outcome(...) in {trace.decorator} {trace.subject}",
            expected="a @process",
            write="the text in the docstring of the action",
            place=place,
        )
    if trace.outcomes:
        raise SpecError(
            "E0815",
            f"a second outcome(...) in a step of process {trace.subject}",
            expected="one on each way through a step",
            write='yield "what the next step does" between the two',
            place=place,
        )
    if not isinstance(text, str) or not text.strip():
        raise SpecError(
            "E0801",
            f"outcome({text!r}) in process {trace.subject}",
            expected="the text of the step on this way",
            write='outcome("what the step does here")',
            place=place,
        )
    said = _checked(
        Step(
            text=text,
            name=name,
            fair=fair,
            actor=actor,
            source=source,
            defensive=defensive,
            atomic=False,
            place=place,
        )
    )
    frame = sys._getframe(1)
    trace.outcomes.append(Outcome(said, frame.f_globals, dict(frame.f_locals)))


def branch(test: bool | Value[bool]) -> Decision:
    """`if (yield branch(condition)):` both ways are steps, one where the condition holds and one where it
    fails.
    """
    place = caller()
    if isinstance(test, bool) or not isinstance(test, Value):
        condition(test, "branch(...)")
        raise SpecError(
            "E0805",
            f"branch({test}): the condition is constant",
            expected="a condition on the state",
            write="if, while or `and` as in plain Python",
            place=place,
        )
    condition(test, "branch(...)")
    return _decision(Decision("branch", place, test))


def choose(*options: Any) -> Decision:
    """`target = yield choose(Target)`: one step for each value of a domain, or of those listed.

    Texts name the ways that a step can go: `choose("exit", "cede")`.
    """
    place = caller()
    if not options:
        raise SpecError(
            "E0813", "choose() without a choice", expected="a domain or values", write="choose(Target)"
        )
    return _decision(Decision("choose", place, options=options))


def keep(value: Any, domain: Any = None) -> Decision:
    """`old = yield keep(place)`: the value as it is in this step, kept in a register for later ones.

    A computed number needs the `domain` of the register.
    """
    return _decision(Decision("keep", caller(), value, type=domain))


def _decision(decision: Decision) -> Decision:
    trace = current(f"{decision.kind}(...)")
    if trace.kind != "process":
        raise SpecError(
            "E0814",
            f"{decision.kind}(...) in {trace.decorator} {trace.subject}",
            expected="a @process",
            write="when(...) for a guard, a parameter for a choice",
            place=decision.place,
        )
    unconditional(trace, f"{decision.kind}(...)")
    trace.decisions.append(decision)
    return decision


class Places(Protocol):
    """Where processes may stand: what `at` asks and `kill` changes while a spec is ground."""

    def at(
        self, process: Callable[..., Any], label: str | None, arguments: tuple[Any, ...]
    ) -> Value[bool]: ...

    def kill(self, process: Callable[..., Any], arguments: tuple[Any, ...], place: Place) -> None: ...


places: ContextVar[Places | None] = ContextVar("places", default=None)


def at(process: Callable[..., Generator[Any, Any, Any]], label: str | None, *arguments: Any) -> Value[bool]:
    """Whether the process is at this label (Lamport 1977): its next step is the one with this text or name.

    `arguments` are the values of the process's domain parameters, in order. None stands for the end of the
    process.
    """
    return _places(process, "at").at(process, label, arguments)


def kill(process: Callable[..., Generator[Any, Any, Any]], *arguments: Any) -> None:
    """In a step of somebody else: the process ends, wherever it stands, and what it kept is forgotten. One
    with `restart` is at its beginning again. `arguments` are those of `at`.
    """
    asked, place, trace = _places(process, "kill"), caller(), current("kill(...)")
    if not trace.may_write:
        raise SpecError(
            "E0215",
            f"kill({process.__name__}, ...) in {trace.decorator} {trace.subject}",
            expected="an @action or a @process",
            write="at(...) for where a process stands",
            place=place,
        )
    asked.kill(process, arguments, place)


def _places(process: Any, word: str) -> Places:
    label = ", 'label'" if word == "at" else ""
    asked = places.get()
    if asked is None:
        raise SpecError(
            "E0201",
            f"{word}(...) outside an action or property",
            expected="a call while a spec is being compiled",
            write="move it into a function decorated with @invariant"
            if word == "at"
            else "move it into a function decorated with @action or @process",
        )
    if not inspect.isfunction(process):
        raise SpecError(
            "E0810",
            f"{word}({shown(process)}, ...)",
            expected="a @process function",
            write=f"{word}(process{label}, cpu)",
        )
    return asked
