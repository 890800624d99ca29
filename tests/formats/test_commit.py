"""`--format commit`: a story as a commit message wants it, and the same behaviour when it is read back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from explorer.api import check
from explorer.command.main import main
from explorer.render.text.commit import commit
from explorer.render.text.read_commit import read_stories
from explorer.trace.story_labels import Labels, Meaning, Said
from explorer.trace.story_search import Limits, Told, find
from explorer.verdict import exit_codes
from tests.support.house import SPECS

FAMILIES = {
    "ipi_buggy.py": {},
    "page_walk_buggy.py": {},
    "xive_shutdown_buggy.py": {},
    "eeh_buggy.py": {},
    "opal_alloc_buggy.py": {},
    "dma_window_buggy.py": {},
    "xive_passthrough_buggy.py": {},
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_story_read_back_is_the_same_behaviour(name: str) -> None:
    """Every story of a family: no line is wider than 72 characters, and read back it takes the same steps."""
    result = check(SPECS / name)
    model = result.space.model
    labels = Labels(model)
    assert result.traces
    for trace in result.verdict.traces.values():
        text = commit(trace)
        assert max(map(len, text.splitlines())) <= 72
        [told] = read_stories(text)
        said = [Said(line.actor, line.text, line.indent, line.arrow) for line in told.lines]
        story = [(a, b) for a, b in zip(said, labels.meanings(said)) if isinstance(b, Meaning)]
        assert len(story) == len(said)
        found = find(labels, story, model.initial_states(), Limits())
        assert isinstance(found, Told)
        taken = [model.instances[number].name for number, _ in found.steps]
        assert taken == [step.instance for step in trace.steps[1:] if not step.failed]


def test_a_stored_trace_as_a_commit_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` and `replay` print the same columns, with arrows; `replay --story` finds them again."""
    spec = str(SPECS / "ipi_buggy.py")
    options = ["--property", "no_lost_ipi", "--out", str(tmp_path)]
    assert main([spec, *options, "--write", "itf", "--format", "commit"]) == exit_codes.SAFETY
    printed = capsys.readouterr().out
    stored = str(tmp_path / "no_lost_ipi.itf.json")
    assert main(["replay", stored, spec, "--format", "commit"]) == exit_codes.OK
    assert capsys.readouterr().out == printed
    head, rule, *lines = printed.splitlines()
    assert (head.split(), rule.split()) == (["X", "105", "42"], ["---", "---", "---"])
    ends = [re.match(r"(?:\| )*-+(>?)", line) for line in lines]
    assert [end[1] for end in ends if end] == ["", "", ">"]  # one of the two stores is lost
    (tmp_path / "message.txt").write_text(f"A subject\n\nFor example:\n\n{printed}\nThat is all.\n")
    arguments = ["replay", "--story", str(tmp_path / "message.txt"), spec, "--format", "commit"]
    assert main(arguments) == exit_codes.OK
    assert capsys.readouterr().out == printed


MANY = """\
from explorer import *

class Cpu(Scalarset):
    size = 12

class At(State):
    here: Map[Cpu, bool] = initially(False)

@action(actor="cpu")
def go(at: At, cpu: Cpu):
    \"\"\"goes to a place whose name is longer than what is left of a line of seventy-two characters\"\"\"
    when(~at.here[cpu])
    at.here[cpu].next = True

@invariant
def some_stay(at: At):
    return some(~at.here[cpu] for cpu in Cpu)

spec = Spec()
"""


def test_with_many_actors_each_line_names_its_own(tmp_path: Path) -> None:
    """Where columns have no room, lines begin with the actor; they go on below, and are read back."""
    (tmp_path / "many.py").write_text(MANY)
    [trace] = [check(tmp_path / "many.py").verdict.traces["some_stay"]]
    text = commit(trace)
    assert text.splitlines()[0].strip() == "CPU"
    assert max(map(len, text.splitlines())) <= 72
    [told] = read_stories(text)
    assert [line.actor for line in told.lines] == [step.actor for step in trace.steps[1:]]
    assert {line.text for line in told.lines} == {trace.steps[1].label}
