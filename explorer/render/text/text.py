"""The interleaving as text, laid out like the commit message of the source feed. A pure function of the
trace.

One column for the CPU, one line for each step in the kernel's words, a bracket from the point where a store
is issued to the point where it becomes visible, then what changed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from explorer.ir.data import dataclass
from explorer.render.text.brackets import Bracket, brackets, gutter
from explorer.render.text.fold import Fold, folded
from explorer.render.text.terminal import BOLD, DIM, GREEN, LANES, RED, YELLOW, clean, counted, paint
from explorer.trace.trace import Change, Step, Trace

WIDTH = 120
NARROWEST, SLIMMEST, INDENT = 30, 16, 4
"""Where fewer than NARROWEST characters are left for the steps or beside them, what changed goes below them;
never fewer than SLIMMEST; how far a line is indented that goes on."""

DEFERRED, COMPLETES = "// STORE DEFERRED DUE TO RE-ORDERING", "// RE-ORDERED STORE COMPLETES"
LOST = "// DEFERRED STORE IS LOST: {} NEVER SEES IT"
PENDING = "// STORE STILL DEFERRED"


@dataclass(frozen=True, slots=True)
class Row:
    """A line to be: left edge, CPU, text, and the notes beside it (what changed), each with a colour code."""

    edge: str
    actor: str
    text: str
    style: str = ""
    notes: tuple[tuple[str, str], ...] = ()


def story(
    trace: Trace, *, colour: bool = False, full: bool = False, width: int | None = None, heading: str = "CPU"
) -> str:
    """The counterexample as text, ending in a newline. `full` prints the whole state after each step and
    folds nothing.

    `width` is that of the screen in characters; without it lines are kept below WIDTH where that is possible.
    """
    rows = list(_Teller(trace, full).rows())
    lanes = {clean(lane): LANES[n % len(LANES)] for n, lane in enumerate(trace.lanes)}
    page = _Page(rows, max(map(len, [*lanes, heading])), width or WIDTH, lanes, colour)
    lines = [
        paint("  " + page.blank + heading, BOLD, colour),
        *page.lines(),
        "",
        *_ending(trace, colour, width or WIDTH),
    ]
    return "\n".join(lines) + "\n"


class _Teller:
    """Turns steps into rows, remembering in which function each CPU is."""

    def __init__(self, trace: Trace, full: bool):
        self.trace, self.full = trace, full
        self.brackets = brackets(trace)
        self.ends = {end for b in self.brackets for end in (b.first, b.last)}
        self.function: dict[str, str] = {}
        self.issued: dict[str, str] = {}
        self.observed: dict[str, str] = {}

    def rows(self) -> Iterator[Row]:
        steps, loop = self.trace.steps, self.trace.loop
        for position, item in enumerate(steps) if self.full else folded(steps, self.ends):
            if loop is not None and position > loop:
                loop = None
                yield Row(gutter(self.brackets, position, at=False), "", "// FROM HERE FOR EVER", DIM)
            if isinstance(item, Fold):
                yield self.fold(item, position)
            elif item.action:
                yield from self.step(item, position)
            else:
                yield from self.start(item)
            if self.full and isinstance(item, Step):
                edge = gutter(self.brackets, position + 1, at=False)
                yield from (Row(edge, "", text, DIM) for text in _whole(item))
        if any(b.last is None for b in self.brackets):
            yield Row(gutter(self.brackets, len(steps), at=False), "", PENDING, DIM)
        if loop is not None:
            yield Row(gutter([], 0, at=False), "", "// STUTTERS FOR EVER", DIM)
        elif self.trace.loop is not None:
            yield Row(gutter([], 0, at=False), "", f"// BACK TO STEP {self.trace.loop + 1}", DIM)

    def start(self, step: Step) -> Iterator[Row]:
        """The initial state, where something was chosen freely in it."""
        self.observed = step.observed
        notes = tuple((f"{clean(name)} = {clean(new)}", GREEN) for name, (_, new) in step.changed.items())
        if notes:
            yield Row(gutter([], 0, at=False), "", "// initially", DIM, notes)

    def step(self, step: Step, position: int) -> Iterator[Row]:
        before = gutter(self.brackets, position, at=False)
        own = [b for b in self.brackets if position in (b.first, b.last)]
        inside = yield from self.enter(step, before)
        yield from (Row(before, "", text, DIM) for text in announced(own, position))
        text = ("  " if inside else "") + words(step)
        yield Row(
            gutter(self.brackets, position, at=True),
            clean(step.actor),
            text,
            RED if step.failed else "",
            self.notes(step),
        )

    def enter(self, step: Step, edge: str) -> Generator[Row, None, bool]:
        """The function's own line where the CPU enters another one; whether the step stands under such a
        line.

        A step that is the call itself needs no other line. A completing store outside any function stands as
        in the one it was issued in, and its CPU stays where it is.
        """
        self.issued.update((key, step.function) for key in step.opens)
        named = step.function.partition("(")[0].isidentifier()
        if step.closes and not named:
            return any(self.issued.get(key) for key in step.closes)
        if not step.function or step.function == self.function.get(step.actor):
            self.function[step.actor] = step.function
            return bool(step.function)
        self.function[step.actor] = step.function
        if is_call(step):
            return False
        yield Row(edge, clean(step.actor), header(step.function))
        return True

    def notes(self, step: Step) -> tuple[tuple[str, str], ...]:
        seen = {name: value for name, value in step.observed.items() if self.observed.get(name) != value}
        self.observed = step.observed
        notes = [(change(name, pair), GREEN) for name, pair in step.changed.items()]
        notes += [(clean(remark), YELLOW) for remark in step.remarks]
        notes += [(f"{clean(name)} = {clean(value)}", YELLOW) for name, value in seen.items()]
        if step.failed:
            notes.append(("<- THIS STEP FAILS", RED))
        return tuple(notes)

    def fold(self, fold: Fold, position: int) -> Row:
        what = "this step" if fold.period == 1 else f"these {fold.period} steps"
        text = f"... {what} {fold.times} more times, to step {fold.last.index}"
        return Row(
            gutter(self.brackets, position, at=False),
            "",
            text,
            DIM,
            tuple((change(name, pair), GREEN) for name, pair in fold.changed.items()),
        )


class _Page:
    """Lays rows out in columns: edge, CPU, steps, what changed."""

    def __init__(self, rows: list[Row], cpu: int, width: int, lanes: dict[str, str], colour: bool):
        self.rows, self.cpu, self.lanes, self.colour = rows, cpu, lanes, colour
        edge = max((len(row.edge) for row in rows), default=2)
        self.blank = " " * edge
        longest = max((len(row.text) for row in rows if row.notes), default=0)
        self.width = max(width - (2 + edge + cpu + 2), SLIMMEST)
        beside = self.width - 3 - NARROWEST
        self.narrow = beside < min(longest, NARROWEST)
        self.column = INDENT - 2 if self.narrow else self.best(min(longest, beside))
        self.room = self.width - self.column - 3

    def best(self, most: int) -> int:
        """The column of what changed, `most` at most, with which the story has the fewest lines."""
        told = [row for row in self.rows if row.notes]

        def lines(column: int) -> int:
            below = sum(len(row.text) > column for row in told)
            return below + sum(len(_wrap(row.notes, self.width - column - 3)) for row in told)

        return min(sorted({most, *(len(row.text) for row in told if len(row.text) < most)}), key=lines)

    def lines(self) -> Iterator[str]:
        for at, row in enumerate(self.rows):
            following = self.rows[at + 1].edge if at + 1 < len(self.rows) else ""
            under = "".join("|" if c == "|" else " " for c in following)
            notes = _wrap(row.notes, self.room)
            beside = notes.pop(0) if notes and not self.narrow and len(row.text) <= self.column else []
            first, *rest = self.pieces(row.text)
            yield self.line(row, row.edge, row.actor, first, beside)
            for text in rest:
                yield self.line(row, under, "", text, [])
            for note in notes:
                yield self.line(row, under, "", "", note)

    def pieces(self, text: str) -> list[str]:
        """The text in lines that fit, the later ones indented."""
        if len(text) <= self.width:
            return [text]
        indent = " " * (len(text) - len(text.lstrip()) + INDENT)
        return textwrap.wrap(text, self.width, subsequent_indent=indent, break_on_hyphens=False)

    def line(self, row: Row, edge: str, actor: str, text: str, notes: list[tuple[str, str]]) -> str:
        code = self.lanes.get(actor, "")
        cpu = (actor + ":").rjust(self.cpu + 1) if actor else " " * (self.cpu + 1)
        line = (
            "  "
            + paint(edge.ljust(len(self.blank)), YELLOW, self.colour)
            + paint(cpu, code, self.colour)
            + " "
        )
        line += paint(text, row.style, self.colour)
        if notes:
            shown = ", ".join(paint(note, style, self.colour) for note, style in notes)
            line += " " * (self.column - len(text) + 3) + shown
        return line.rstrip()


def _wrap(notes: tuple[tuple[str, str], ...], room: int) -> list[list[tuple[str, str]]]:
    """Notes in lines of at most `room` characters; one that is longer has lines of its own."""
    lines: list[list[tuple[str, str]]] = []
    used = room + 1
    for note, style in notes:
        for piece in textwrap.wrap(note, room, break_long_words=True, subsequent_indent="  ") or [note]:
            if used + len(piece) + 2 > room:
                lines.append([])
                used = 0
            lines[-1].append((piece, style))
            used += len(piece) + 2
    return lines


def header(function: str) -> str:
    """The line above the steps of a function: `name():` for a name, other words as they are."""
    return clean(function) + ("()" if function.isidentifier() else "") + ":"


def announced(brackets: Sequence[Bracket], position: int) -> Iterator[str]:
    """What is said above a step of the stores that end or begin in it."""
    ending = [b for b in brackets if b.last == position]
    lost = list(dict.fromkeys(reader for b in ending if not b.seen for reader in b.readers))
    if lost:
        yield LOST.format(clean(", ".join(lost)))
    if any(b.seen for b in ending):
        yield COMPLETES
    if any(b.first == position for b in brackets):
        yield DEFERRED


def is_call(step: Step) -> bool:
    """Whether the step's text is the call of its own function, such as `ppc_msgsync()`."""
    return step.label.startswith(step.function.partition("(")[0] + "(")


def words(step: Step) -> str:
    """The step's own text, and to whom it sends where the text does not say."""
    return clean(step.words())


def change(name: str, change: Change) -> str:
    return f"{clean(name)}: {clean(str(change))}"


def _whole(step: Step) -> Iterator[str]:
    """A whole state: one line for each variable, the entries of a map beside each other."""
    tables: dict[str, list[str]] = {}
    for name, value in step.state.items():
        variable, bracket, key = name.partition("[")
        tables.setdefault(clean(variable), []).append(clean(f"[{key} {value}" if bracket else f"= {value}"))
    width = max(map(len, tables), default=0)
    yield f"  // state {step.index}" + (", before the step that fails" if step.failed else "")
    for variable, entries in tables.items():
        yield f"    {variable.ljust(width)}  {'  '.join(entries)}"


def verdict_line(trace: Trace) -> str:
    """The violated property in one sentence."""
    name, steps = clean(trace.property), counted(trace.length, "step")
    if trace.story > 1:
        return f"Story {trace.story}: {verdict_line(replace(trace, story=1))}"
    after = f"after {steps}" if trace.length else "in an initial state"
    if trace.kind in ("walk", "way"):
        return f"The end {after}"
    if trace.kind == "deadlock":
        return f"Deadlock {after}: no action can be taken"
    if trace.kind == "step":
        return f"{name} is violated by step {trace.length}"
    if trace.kind == "evaluation":
        failing = bool(trace.steps) and trace.steps[-1].failed
        return f"An expression has no value {f'in step {trace.steps[-1].index}' if failing else after}"
    if trace.loop is not None:
        again = trace.length - trace.loop
        ever = (
            f"{counted(again, 'step')} repeat{'s' if again == 1 else ''} for ever"
            if again
            else "the behaviour stutters for ever"
        )
        before = f"after {counted(trace.loop, 'step')} " if trace.loop else ""
        return f"{name} is violated: {before}{ever}"
    return f"{name} is violated {after}"


def reasons(lines: Sequence[str]) -> str:
    """Why a property is violated, on one line; a line that ends in a colon leads to the next."""
    return "; ".join(map(clean, lines)).replace(":; ", ": ")


def _ending(trace: Trace, colour: bool, width: int) -> Iterator[str]:
    yield paint("  " + verdict_line(trace) + (":" if trace.why else ""), f"{BOLD};{RED}", colour)
    for sentence in trace.why:
        yield from textwrap.wrap(
            clean(sentence),
            max(width, SLIMMEST),
            initial_indent="    ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
