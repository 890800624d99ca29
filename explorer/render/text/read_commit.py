"""Interleavings read back from a commit message or a mail: lines with who acts, what it does, and arrows of
deferred stores. Knows nothing of specs: what the lines mean is found in `explorer/trace/story_labels.py`.

Two layouts are known. In one, below a line `CPU`, each line names its actor: `  -- 42:   message = 1`. In the
other, below names that are underlined with dashes, each actor has a column. A story ends with the first empty
line; what stands around stories is prose. A file without a heading is one story from its first line to its
last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from explorer.ir.data import dataclass
from explorer.render.text.commit import CONTINUED, INITIALLY, NOBODY

TAGGED = re.compile(r"(?P<edge>[-|> ]*?)(?P<actor>[^\s:|>/-][^:]*|-):(?P<text>\s.*|)$")
RULE = re.compile(r"[-|> ]*-{3,}(\s+-{3,})*\s*$")
CHANGE = re.compile(r"\S {3,}\S.*(→|->) ")
"""What stands beside a step on the screen."""
ENTITIES = {"&gt;": ">", "&lt;": "<", "&amp;": "&"}
"""What a feed or a web page makes of characters."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line: its number in the file, who acts ("" for nobody), what is said, and how far in it stands.
    `arrow` is `opens` where a store is deferred, `closes` where one becomes visible, drawn in this `column`.
    """

    number: int
    actor: str
    text: str
    indent: int = 0
    arrow: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class StoryText:
    """An interleaving as it is written: the number of its first line, its lines with comments, and what is
    said of the initial state, as (number of the line, name, value).
    """

    first: int
    lines: tuple[StoryLine, ...]
    initially: tuple[tuple[int, str, str], ...]


class UnreadableStory(Exception):
    """A text that is no story: what was found, on which line, and what was expected."""


def read_stories(text: str) -> list[StoryText]:
    """Every story of a text, in order. Raises UnreadableStory where a line is none of a story, or there is
    none.
    """
    if "&gt;" in text:
        text = re.sub("|".join(ENTITIES), lambda entity: ENTITIES[entity[0]], text)
    lines = [(number, line.expandtabs().rstrip()) for number, line in enumerate(text.splitlines(), 1)]
    stories = [*_below_headings(lines)]
    if not stories:
        stories = [_tagged([(n, line) for n, line in lines if line])]
    beside = next((line for at in stories for line in at.lines if CHANGE.search(line.text)), None)
    if beside is not None:
        raise UnreadableStory(
            f"line {beside.number}: the story as the screen shows it, with what changed on the right; write:"
            " python -m explorer SPEC --format commit, and replay that"
        )
    empty = next((story for story in stories if not story.lines), None)
    if empty is not None:
        raise UnreadableStory(
            f"line {max(empty.first, 1)}: no step follows; expected: lines such as `42:"
            " doorbell_exception()`, or names underlined with dashes and a column below each"
        )
    return stories


def _below_headings(lines: Sequence[tuple[int, str]]) -> Iterator[StoryText]:
    for at, (_, line) in enumerate(lines):
        ruled = at > 0 and RULE.match(line) is not None and _names(lines[at - 1][1], line)
        if not ruled and line.strip() != "CPU":
            continue
        after = next((n for n in range(at + 1, len(lines)) if not lines[n][1]), len(lines))
        body = lines[at + 1 : after]
        yield _columns(body, lines[at - 1][1], line) if ruled else _tagged(body)


def _names(heading: str, rule: str) -> dict[int, str]:
    """The names of a heading by the column where each begins: one above each row of dashes, or none."""
    starts = [found.start() for found in re.finditer(r"-{3,}", rule)]
    cuts = [heading[start:end].strip() for start, end in zip(starts, [*starts[1:], None])]
    return dict(zip(starts, cuts)) if all(cuts) and not heading[: starts[0]].strip() else {}


def _columns(body: Sequence[tuple[int, str]], heading: str, rule: str) -> StoryText:
    names = _names(heading, rule)
    first = min(names)
    lines: list[StoryLine] = []
    for number, line in body:
        edge, rest = line[:first], line[first:]
        if edge.strip(" -|>"):
            raise UnreadableStory(
                f"line {number}: {line.strip()!r} begins left of the first column; expected: text below"
                f" {names[first]}, and nothing but arrows at its left"
            )
        text = rest.strip()
        column = first + len(rest) - len(rest.lstrip())
        start = max(start for start in names if start <= column)
        actor = "" if names[start] == NOBODY else names[start]
        if text:
            lines.append(StoryLine(number, actor, text, column - start, *_arrow(edge)))
    return _story(body, lines)


def _tagged(body: Sequence[tuple[int, str]]) -> StoryText:
    lines: list[StoryLine] = []
    column = 0
    for number, line in body:
        found = TAGGED.match(line)
        text = line.lstrip("-|> ")
        if text.startswith("//"):
            lines.append(StoryLine(number, "", text))
        elif found:
            column = column or found.start("text") + 1
            said = found["text"]
            indent = max(len(said) - len(said.lstrip()) - 1, 0)
            actor = found["actor"].strip()
            lines.append(
                StoryLine(
                    number, "" if actor == NOBODY else actor, said.strip(), indent, *_arrow(found["edge"])
                )
            )
        elif lines and len(line) - len(text) >= column + CONTINUED - 2:
            lines.append(StoryLine(number, lines[-1].actor, text, CONTINUED))
        elif line.strip() != "CPU":
            raise UnreadableStory(
                f"line {number}: {line.strip()[:60]!r} is no line of a story; expected: who acts, a colon and"
                " what it does, such as `42: doorbell_exception()`; or // and a comment"
            )
    return _story(body, lines)


def _arrow(edge: str) -> tuple[str, int]:
    """What the left edge says of a line, and in which column."""
    edge = edge.rstrip()
    return "closes" if edge.endswith(">") else "opens" if edge.endswith("-") else "", max(edge.find("-"), 0)


def _story(body: Sequence[tuple[int, str]], lines: Sequence[StoryLine]) -> StoryText:
    """Lines that go on joined to those they belong to, and what holds initially apart."""
    whole: list[StoryLine] = []
    for line in lines:
        if line.indent >= CONTINUED and whole and _goes_on(whole[-1], line):
            last = whole.pop()
            line = replace(last, text=f"{last.text} {line.text}")
        whole.append(line)
    initially = [line for line in whole if line.text.startswith(INITIALLY)]
    pairs = [(line.number, line.text[len(INITIALLY) :].partition(" = ")) for line in initially]
    return StoryText(
        first=body[0][0] if body else 0,
        lines=tuple(line for line in whole if line not in initially),
        initially=tuple((number, name, value) for number, (name, _, value) in pairs),
    )


def _goes_on(last: StoryLine, line: StoryLine) -> bool:
    """Whether a line that stands far in is the rest of the one before."""
    calls = last.text.partition("//")[0].rstrip().endswith(":")
    return last.actor == line.actor and not line.arrow and not calls
