"""`python -m explorer walk SPEC`: a behaviour chosen step by step at the terminal. Every step is the
reference's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from explorer.ir.model import Instance, Model
from explorer.render.machine.itf import itf
from explorer.render.text.terminal import BOLD, DIM, RED, clean, paint
from explorer.render.text.text import change, story
from explorer.render.whole_file import write_whole
from explorer.trace.step_builder import StepBuilder
from explorer.trace.trace import Trace
from explorer.trace.walk import Blocked, Walk
from explorer.verdict import exit_codes
from explorer.verdict.report_context import origin

HELP = """\
NUMBER or NAME   take this action        u [N]   undo, N steps        g N   go back to step N
s                the whole state         t       the story so far     w FILE   save as ITF, for replay
l                the actions again       ?       this help            q   end
NAME is that of an instance, such as send(X), or send alone where one of its instances is possible; of one
that is not possible it says what it waits for. help, undo, back and quit are words for ?, u, u and q, unless
an action has that name."""

WORDS = {"help": "?", "undo": "u", "back": "u", "quit": "q"}


def walk(model: Model, lines: Iterator[str], say: Callable[[str], None], colour: bool = False) -> int:
    """Talk until the lines end or `q`; the exit code."""
    session = _Session(model, say, colour)
    session.show()
    while True:
        print("> ", end="", file=sys.stderr, flush=True)
        line = next(lines, None)
        line = line and session.short(line.strip())
        if line is None or line == "q":
            return exit_codes.UNWRITTEN if session.unwritten else exit_codes.OK
        session.obey(line)


class _Session:
    def __init__(self, model: Model, say: Callable[[str], None], colour: bool):
        self.unwritten = False
        self.model, self.say, self.colour = model, say, colour
        self.walk, self.steps = Walk(model), StepBuilder(model)
        self.choices: list[Instance] = []
        self.actions = {instance.action.name for instance in model.instances}

    def show(self) -> None:
        """Where we are and what can be done."""
        walk = self.walk
        number = len(walk.taken)
        if number:
            step = self.steps.next(walk.taken[-1], number, *walk.states[-2:])
            head = f"{step.actor}: {step.label}" if step.actor else step.label
            self.say(paint(f"step {number}  {clean(head)}", BOLD, self.colour))
            for name, pair in step.changed.items():
                self.say(f"    {change(name, pair)}")
        else:
            self.say(paint(f"{clean(self.model.name)}: the initial state (? for help)", BOLD, self.colour))
        for broken in walk.broken():
            self.say(paint(f"    {clean(broken)} is violated here", RED, self.colour))
        self.list()

    def list(self) -> None:
        self.choices = self.walk.enabled()
        for number, instance in enumerate(self.choices, 1):
            step = self.steps.next(instance, 0, self.walk.state, _after(instance, self.walk))
            label = clean(f"{step.actor}: {step.label}" if step.actor else step.label)
            self.say(f"  {number:3}  {label}  {paint(clean(instance.name), DIM, self.colour)}")
        if not self.choices:
            self.say("  nothing is possible")

    def short(self, line: str) -> str:
        """The line with its first word as a letter, if it is the word of a command and no action's."""
        word, space, rest = line.partition(" ")
        return line if word in self.actions else WORDS.get(word, word) + space + rest

    def obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        simple: dict[str, Callable[[], None]] = {
            "s": self._state,
            "t": self._story,
            "l": self.list,
            "?": self._help,
            "": self._nothing,
        }
        if word in simple and not rest:
            simple[word]()
        elif word == "u" and (not rest or rest.isdigit()):
            self._back(int(rest or 1))
        elif word == "g" and rest.isdigit() and int(rest) <= len(self.walk.taken):
            self._back(len(self.walk.taken) - int(rest))
        elif word == "w" and rest:
            self._save(Path(rest))
        elif line.isdigit() and 1 <= int(line) <= len(self.choices):
            self._take(self.choices[int(line) - 1].name)
        elif line in self.walk.instances or line in self.actions:
            self._take(line)
        else:
            self.say(f"{line!r} is no command here; ? lists them")

    def _help(self) -> None:
        self.say(HELP)

    def _nothing(self) -> None:
        pass

    def _take(self, name: str) -> None:
        try:
            self.walk.take(name)
        except Blocked as error:
            self.say(str(error))
        else:
            self.show()

    def _back(self, steps: int) -> None:
        if not self.walk.taken:
            self.say("this is the initial state")
            return
        self.walk.back(steps)
        self.show()

    def _state(self) -> None:
        for name, text in self.walk.texts().items():
            self.say(f"    {clean(name)} = {clean(text)}")

    def _trace(self) -> Trace:
        return self.walk.trace()

    def _story(self) -> None:
        self.say(story(self._trace(), colour=self.colour))

    def _save(self, path: Path) -> None:
        try:
            write_whole(path, itf(origin(self.model), self._trace()))
            self.say(f"written: {path}")
        except OSError as error:
            self.unwritten = True
            self.say(f"{path} was not written: {error.strerror or error}")


def _after(instance: Instance, walk: Walk) -> tuple[int, ...]:
    from explorer.engine.reference import step

    after = step(instance, walk.state)
    assert after is not None
    return after
