"""What a page asks about a model, answered as plain data. A path is a list of numbers: that of an initial
state, and those of the action instances taken. Every state is the reference's, computed when it is asked for.

Knows nothing of HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from threading import Lock
from typing import Any

from explorer.ground.typed import Mistyped, Vocabulary
from explorer.ir.data import dataclass
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.language.spec import Spec
from explorer.render.html.walk import cleaned
from explorer.render.machine.itf import itf, read
from explorer.render.picture.svg_file import svg_file
from explorer.render.text.terminal import clean
from explorer.trace.explored import outline
from explorer.trace.outlook import Outlook, Outlooks, key
from explorer.trace.trace import Trace
from explorer.trace.walk import Blocked, Walk, follow
from explorer.verdict.report_context import origin

PATHS, LENGTH = 1_000, 20_000
"""Paths in one question, and steps of a path."""

KEPT = 100_000
"""States remembered by their paths."""

Path = tuple[int, ...]


class Refused(Exception):
    """A question that has no answer; `str` is one sentence."""


class Malformed(Refused):
    """A question that is none: of wrong types, or too large."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stored trace as a path, and what is to be known of it."""

    path: list[int]
    note: str


class Session:
    """Answers to the pages of one model. Raises Refused where a question makes no sense."""

    def __init__(self, model: Model, spec: Spec):
        first = next(model.initial_states(), None)
        if first is None:
            raise Refused(f"{model.name} has no initial state: there is nothing to walk from")
        self.model, self.outlooks = model, Outlooks(model, first)
        self.vocabulary = Vocabulary(model, spec)
        self.instances = {instance.name: instance.number for instance in model.instances}
        self.states: dict[Path, State] = {(0,): first}
        self.lock = Lock()

    def outline(self, traces: Mapping[str, Trace]) -> dict[str, Any]:
        """What a page knows before it asks."""
        with self.lock:
            return outline(self.model, self.outlooks, traces)

    def states_at(self, paths: object) -> dict[str, Any]:
        """What is to be seen at the end of each path."""
        if not isinstance(paths, list) or len(paths) > PATHS:
            raise Malformed(f"`paths` is no list of at most {PATHS} paths")
        with self.lock:
            return {"states": [cleaned(self._seen(_path(path))) for path in paths]}

    def initial(self) -> dict[str, Any]:
        """The first initial states, as paths, and whether there are more."""
        with self.lock:
            states = [*islice(self.model.initial_states(), PATHS + 1)]
            return {"paths": [[n] for n in range(min(len(states), PATHS))], "more": len(states) > PATHS}

    def values(self, path: object, expression: object) -> dict[str, Any]:
        """The value of an expression in each state of a path."""
        if not isinstance(expression, str):
            raise Malformed("`expression` is no text")
        with self.lock:
            try:
                typed = self.vocabulary.read(expression)
            except Mistyped as error:
                raise Refused(str(error)) from None
            return {"values": [clean(typed.text(state)) for state in self._along(_path(path))]}

    def itf(self, path: object) -> str:
        """The path as a trace file, as `walk` saves it and `replay` takes it."""
        with self.lock:
            return itf(origin(self.model), self._walk(_path(path)).trace())

    def picture(self, path: object) -> str:
        """The path as a sequence diagram, in SVG."""
        with self.lock:
            return svg_file(self._walk(_path(path)).trace())

    def open(self, text: object) -> dict[str, Any]:
        """A stored trace as a path."""
        if not isinstance(text, str):
            raise Malformed("`text` is no text")
        with self.lock:
            opened = self.opened(text)
        return {"path": opened.path, "note": opened.note}

    def opened(self, text: str) -> Opened:
        """A stored trace as a path."""
        try:
            texts, _ = read(text)
            meta = json.loads(text)["#meta"]
            digest = meta.get("digest")
            walked, trouble = follow(self.model, texts)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError):
            raise Refused(
                "this is no trace in the Informal Trace Format; write: --write itf, to make one"
            ) from None
        if walked is None or trouble:
            raise Refused(trouble)
        start = next(n for n, state in enumerate(self.model.initial_states()) if state == walked.states[0])
        self.states[(start,)] = walked.states[0]
        other = (
            ""
            if digest == self.model.digest
            else (
                f"the trace was made from another spec (digest {digest}, {self.model.name} has"
                f" {self.model.digest} now), but every step still fits"
            )
        )
        return Opened([start, *(instance.number for instance in walked.taken)], other)

    def _seen(self, path: Path) -> dict[str, Any]:
        state = self._state(path)
        before = self._state(path[:-1]) if len(path) > 1 else None
        return self._shown(self.outlooks.of(state, before), state)

    def _shown(self, seen: Outlook, state: State) -> dict[str, Any]:
        steps = []
        for step in seen.steps:
            texts = self.outlooks.texts(step.after)
            changes = [[n, new] for n, (old, new) in enumerate(zip(seen.texts, texts)) if old != new]
            steps.append([step.number, step.label, key(step.after), changes, step.breaks])
        return {
            "key": key(state),
            "texts": seen.texts,
            "steps": steps,
            "waits": seen.waits,
            "faults": [[fault.number, fault.message, fault.place] for fault in seen.faults],
            "truths": [[truth.value, truth.why] for truth in seen.truths],
            "ends": seen.ends,
            "beyond": seen.beyond,
        }

    def _state(self, path: Path) -> State:
        """The state at the end of a path, from the longest beginning of it that is known."""
        known = len(path)
        while known and path[:known] not in self.states:
            known -= 1
        if not known:
            first = next(islice(self.model.initial_states(), path[0], None), None)
            if first is None:
                raise Refused(f"there is no initial state {path[0]}")
            self.states[path[:1]], known = first, 1
        state = self.states[path[:known]]
        for at in range(known, len(path)):
            state = self._after(path, at, state)
            if len(self.states) >= KEPT:
                self.states.clear()
            self.states[path[: at + 1]] = state
        return state

    def _after(self, path: Path, at: int, state: State) -> State:
        if path[at] >= len(self.model.instances):
            raise Refused(f"step {at}: there is no action instance {path[at]}")
        after = self.outlooks.after(path[at], state)
        if after is None:
            name = self.model.instances[path[at]].name
            raise Refused(f"step {at}: {name} is not possible there; the address may be that of another spec")
        return after

    def _along(self, path: Path) -> list[State]:
        return [self._state(path[: end + 1]) for end in range(len(path))]

    def _walk(self, path: Path) -> Walk:
        walk = Walk.of(self.model, self._state(path[:1]))
        try:
            for number in path[1:]:
                if number >= len(self.model.instances):
                    raise Refused(f"step {len(walk.states)}: there is no action instance {number}")
                walk.take(self.model.instances[number].name)
        except Blocked as error:
            raise Refused(str(error)) from None
        return walk


def _path(given: object) -> Path:
    """A path as it was sent. Raises Refused."""
    numbers = isinstance(given, list) and all(type(n) is int and n >= 0 for n in given)
    if not isinstance(given, list) or not numbers or not given:
        raise Malformed("a path is no list of whole numbers from 0, the first that of an initial state")
    if len(given) > LENGTH:
        raise Malformed(f"a path of {len(given) - 1} steps: at most {LENGTH} are walked")
    return tuple(given)
