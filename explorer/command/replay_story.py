"""`python -m explorer replay --story FILE SPEC`: an interleaving that a commit message or a mail prints,
found among the behaviours of a spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from explorer.ir.data import dataclass
from explorer.ir.errors import nearest
from explorer.ir.model import Model
from explorer.ir.semantics import State
from explorer.render.text.commit import commit
from explorer.render.text.read_commit import StoryText, UnreadableStory, read_stories
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import story
from explorer.run.options import UsageError
from explorer.trace.step_builder import state_texts
from explorer.trace.story_arrows import Checked, arrows, check_arrows
from explorer.trace.story_labels import Labels, Meaning, NoMeaning, Said
from explorer.trace.story_search import Limits, Stuck, Told, Unfinished, find
from explorer.trace.trace import Trace
from explorer.trace.walk import Blocked, Walk
from explorer.verdict import exit_codes

INSTEAD = 8
"""So many of the steps that were possible instead are shown."""

FILLED = "  // filled in"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a story is read and shown: `names` are the story's words for the spec's, `format` is `text` or
    `commit`.
    """

    names: Sequence[str] = ()
    format: str = "text"
    full: bool = False
    limits: Limits = Limits()


def replay_stories(file: Path, model: Model, wishes: Wishes) -> tuple[str, int]:
    """What was found of each story of a file, and the exit code: 0 if all are behaviours of the model, 1 if
    one is not, 20 if a limit ended the search for one. UsageError where a line cannot be read, or means no
    label or several.
    """
    try:
        stories = read_stories(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"replay --story {file}: {error.strerror or error}") from None
    except (UnicodeDecodeError, UnreadableStory) as error:
        what = str(error) if isinstance(error, UnreadableStory) else "not text in UTF-8"
        raise UsageError(f"replay --story {file}: {what}") from None
    labels = Labels(model)
    names = _names(wishes.names)
    read = [_Reading(file, text, labels, names) for text in stories]
    found = [one.found(wishes) for one in read]
    return "\n\n".join(text for text, _ in found), exit_codes.worst([code for _, code in found])


def _names(pairs: Sequence[str]) -> dict[str, str]:
    names = {}
    for pair in pairs:
        theirs, sign, ours = pair.partition("=")
        if not (theirs and sign and ours):
            raise UsageError(f"--as {pair}: expected the story's name and the spec's, such as CPU0=A")
        names[theirs] = ours
    return names


class _Reading:
    """One story of a file: its lines with what they mean."""

    def __init__(self, file: Path, text: StoryText, labels: Labels, names: dict[str, str]):
        self.file, self.text, self.labels = file, text, labels
        said = [
            Said(_renamed(x.actor, names), _renamed(x.text, names), x.indent, x.arrow, x.column)
            for x in text.lines
        ]
        meanings = list(labels.meanings(said))
        wrong = [
            f"{file}:{line.number}: {line.actor and f'{line.actor}: '}{line.text}: {meaning}"
            for line, meaning in zip(text.lines, meanings)
            if isinstance(meaning, NoMeaning)
        ]
        if wrong:
            raise UsageError("\n".join([f"replay --story {wrong[0]}", *wrong[1:]]))
        self.lines = [(s, m) for s, m in zip(said, meanings) if isinstance(m, Meaning)]

    def found(self, wishes: Wishes) -> tuple[str, int]:
        result = find(self.labels, self.lines, self._initial(), wishes.limits)
        if isinstance(result, Unfinished):
            line = self.text.lines[result.at]
            return (
                f"{self.file}:{line.number}: undetermined: {result.limit}; every line before this one is"
                " explained",
                exit_codes.UNDETERMINED,
            )
        told = result if isinstance(result, Told) else result.before
        walk = self._walked(told)
        arrows = self._arrows(walk, told) if isinstance(result, Told) else []
        if wishes.format == "commit":
            shown = commit(walk.trace()).rstrip("\n")
        else:
            text = story(self._trace(walk, told), full=wishes.full).rstrip("\n")
            shown = "\n".join([*self._meanings(arrows), "", text])
        if isinstance(result, Stuck):
            return "\n".join([shown, "", *self._stuck(result, walk)]), exit_codes.of_replay(False)
        wrong = [checked for checked in arrows if checked.fits is False]
        if wrong:
            return "\n".join([shown, "", *map(self._misfit, wrong)]), exit_codes.UNDETERMINED
        return "\n".join([shown, "", *self._end(walk, told)] if wishes.format == "text" else [shown]), (
            exit_codes.of_replay(True)
        )

    def _arrows(self, walk: Walk, told: Told) -> list[Checked]:
        """The arrows of stores to memories, as the behaviour found has them."""
        wanted = [
            a for a in arrows([s for s, _ in self.lines]) if not self.labels.draws(self.lines[a.start][1])
        ]
        if not self.labels.has_memory or not wanted:
            return []
        return check_arrows(self.labels.model, wanted, told.steps, walk.states)

    def _misfit(self, checked: Checked) -> str:
        at = self.text.lines[checked.arrow.start].number
        ends = "the end" if checked.arrow.end is None else f"line {self.text.lines[checked.arrow.end].number}"
        return (
            f"{self.file}:{at}: undetermined: the steps are a behaviour of {self.labels.model.name}, but not"
            f" with the arrow from here to {ends}: {checked.text}; whether another behaviour has both is not"
            " known"
        )

    def _initial(self) -> Iterator[State]:
        """The initial states of which the story says nothing else. UsageError where none is left."""
        wanted = {name: (value, number) for number, name, value in self.text.initially}
        some = False
        texts: dict[str, str] = {}
        for state in self.labels.model.initial_states():
            texts = state_texts(self.labels.model, state) if wanted else {}
            if all(texts.get(name) == value for name, (value, _) in wanted.items()):
                some = True
                yield state
        if not some:
            for name, (value, number) in wanted.items():
                known = name in texts
                raise UsageError(
                    f"replay --story {self.file}:{number}: no initial state has {name} = {value}"
                    + ("" if known else f"; {nearest(name, list(texts))}")
                )

    def _meanings(self, arrows: Sequence[Checked]) -> Iterator[str]:
        """For each line what it was matched with."""
        told = {checked.arrow.start: self._arrow(checked) for checked in arrows}
        rows = [
            (str(x.number), *self._row(*line, told.get(at, "arrow not checked")))
            for at, (x, line) in enumerate(zip(self.text.lines, self.lines))
        ]
        width = [max((len(row[n]) for row in rows), default=0) for n in range(2)]
        yield f"{self.file}: {counted(len(rows), 'line')}"
        for number, said, meant in rows:
            yield f"  {number.rjust(width[0])}  {said.ljust(width[1])}  {meant}".rstrip()

    def _arrow(self, checked: Checked) -> str:
        if checked.fits is None:
            return f"arrow not checked: {checked.text}"
        if checked.text:
            return f"arrow {'does not fit' if not checked.fits else 'says nothing: ' + checked.text}"
        end = checked.arrow.end
        until = "to the end" if end is None else f"until line {self.text.lines[end].number}"
        return f"arrow fits: the others miss it {until}"

    def _row(self, said: Said, meaning: Meaning, arrow: str) -> tuple[str, str]:
        text = clean(f"{said.actor}: {said.text}" if said.actor else said.text)
        if meaning.kind in ("step", "call"):
            drawn = said.arrow == "opens" and not self.labels.draws(meaning)
            notes = [*[meaning.how] * bool(meaning.how), *[arrow] * drawn]
            notes += ["or its function only"] * (meaning.kind == "call")
            return text, f"is `{clean(meaning.label)}`" + (f" ({'; '.join(notes)})" if notes else "")
        return text, {
            "function": f"in {clean(meaning.label)}",
            "comment": "a comment, not checked",
            "arrival": "no step: here its store becomes visible",
        }[meaning.kind]

    def _walked(self, told: Told) -> Walk:
        walk = Walk(self.labels.model, state_texts(self.labels.model, told.initial))
        for number, _ in told.steps:
            walk.take(self.labels.model.instances[number].name)
        return walk

    def _trace(self, walk: Walk, told: Told) -> Trace:
        """The walk, with a word at each step that the story does not have."""
        trace = walk.trace()
        steps = [
            replace(step, label=step.label + FILLED) if line is None else step
            for step, (_, line) in zip(trace.steps[1:], told.steps)
        ]
        return replace(trace, steps=(trace.steps[0], *steps))

    def _end(self, walk: Walk, told: Told) -> Iterator[str]:
        filled = sum(line is None for _, line in told.steps)
        yield (
            f"{self.file}:{self.text.first}: a behaviour of {self.labels.model.name}:"
            f" {counted(len(told.steps) - filled, 'step')} of the story, {filled} filled in"
        )
        yield from (f"{name} is violated at its end" for name in walk.broken())

    def _stuck(self, stuck: Stuck, walk: Walk) -> Iterator[str]:
        line, (said, meaning) = self.text.lines[stuck.at], self.lines[stuck.at]
        yield (
            f"{self.file}:{line.number}: no behaviour of {self.labels.model.name} has this line here:"
            f" {said.actor and f'{said.actor}: '}{clean(said.text)}"
        )
        yield "  whatever is filled in before it; above is the shortest way to all lines before it. There,"
        for number in sorted(meaning.instances):
            yield f"  {self._waiting(walk, number)}"
        yield "  possible instead:"
        enabled = sorted(walk.enabled(), key=lambda i: self.labels.steps.actor(i) != said.actor)
        for instance in enabled[:INSTEAD]:
            step = self.labels.steps.next(instance, 0, walk.state, walk.state)
            yield f"    {step.actor and f'{step.actor}: '}{clean(step.label)}"
        if len(enabled) > INSTEAD:
            yield f"    and {len(enabled) - INSTEAD} more"

    def _waiting(self, walk: Walk, number: int) -> str:
        """What keeps the step from being taken."""
        instance = self.labels.model.instances[number]
        try:
            walk.take(instance.name)
        except Blocked as error:
            return f"{str(error).partition(': ')[2]}" + (f"  ({error.place})" if error.place else "")
        walk.back()
        return f"{instance.name} is possible, but does not say the line"


def _renamed(text: str, names: dict[str, str]) -> str:
    """A text in the spec's names."""
    if not names:
        return text
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)
    return re.sub(pattern, lambda found: names[found[0]], text)
