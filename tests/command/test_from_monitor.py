"""`export --from rv`: automata and formulas of the kernel's runtime verification as specs.

The ones here are our own, in the kernel's dialect. Where KERNEL_TREE names a tree, all its models are read.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.engine import reference
from explorer.engine.limits import Limits
from explorer.engine.space import StateSpace
from explorer.export.rv_dot import Automaton, read_dot
from explorer.export.rv_ltl import Formula, read_ltl
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.liveness.check import check
from explorer.run.load import load
from tests.support.kernel_tree import given, ran, verification

DOOR = r"""digraph state_automaton {
	center = true;
	{node [shape = circle] "open"};
	{node [shape = plaintext, style=invis, label=""] "__init_shut"};
	{node [shape = doublecircle] "shut"};
	{node [shape = circle] "shut"};
	{node [shape = circle] "locked"};
	"__init_shut" -> "shut";
	"open" [label = "open"];
	"open" -> "open" [ label = "pass" ];
	"open" -> "shut" [ label = "push" ];
	"shut" [label = "shut", color = green3];
	"shut" -> "open" [ label = "pull\nkick" ];
	"shut" -> "locked" [ label = "turn" ];
	"locked" [label = "locked"];
	"locked" -> "shut" [ label = "turn" ];
	"locked" -> "locked" [ label = "kick" ];
	{ rank = min ;
		"__init_shut";
		"shut";
	}
}
"""

TIMED = r"""digraph state_automaton {
	{node [shape = circle] "busy"};
	{node [shape = plaintext, style=invis, label=""] "__init_idle"};
	{node [shape = doublecircle] "idle"};
	{node [shape = circle] "late"};
	{node [shape = circle] "never"};
	"__init_idle" -> "idle";
	"busy" [label = "busy\nclk < 4ns"];
	"busy" -> "busy" [ label = "again;clk >= 2ns && allowed == 1;reset(clk)\nlook;clk > 3ns || clk == 1ns" ];
	"busy" -> "idle" [ label = "done;clk <= 2ns" ];
	"busy" -> "never" [ label = "fail;clk >= 4ns" ];
	"idle" -> "busy" [ label = "begin;reset(clk)" ];
	"idle" -> "late" [ label = "sleep;clk > 4ns" ];
	"late" -> "busy" [ label = "wake" ];
	"late" -> "idle" [ label = "done" ];
}
"""

SLEEPER = """# a comment
RULE = always ((RT and ASLEEP) imply (FRIENDLY or (not WAKE) until SIGNAL))
FRIENDLY = TIMER or
    FUTEX
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "door.dot").write_text(DOOR)
    (tmp_path / "timed.dot").write_text(TIMED)
    (tmp_path / "sleeper.ltl").write_text(SLEEPER)
    return tmp_path


def explored(directory: Path, name: str) -> tuple[Model, StateSpace]:
    """The spec that is written from a file, explored by the reference."""
    assert main(["export", name, "--from", "rv", "--out", str(directory / "made")]) == 0
    path = directory / "made" / f"{Path(name).stem}.py"
    model = ground(load(path), file=str(path))
    return model, reference.explore(model)


def happens(model: Model, space: StateSpace, names: dict[str, str]) -> set[tuple[str, str, str]]:
    """The state, the event and the next state of every step that is an event."""
    at = next(family for family in model.families if family.variable == "at")

    def state(codes: tuple[int, ...]) -> str:
        return at.type.text(codes[at.first]).lower()

    edges = [edge for level in space.levels for edge in space.edges(level, None)]
    steps = {(state(s), model.instances[i].action.name, state(t)) for s, i, t in edges}
    return {(s, names[event], t) for s, event, t in steps if event in names}


def names_of(automaton: Automaton) -> dict[str, str]:
    """The action of each event: where Python has the name for something else, it ends with a line."""
    return {name: event for event in automaton.events for name in (event, f"{event}_")}


def test_an_event_is_an_action(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The steps of the spec are the edges of the automaton, and what is printed explores it."""
    model, space = explored(here, "door.dot")
    automaton = read_dot(here / "door.dot")
    edges = {(e.source, e.event, e.target) for e in automaton.edges}
    assert happens(model, space, names_of(automaton)) == edges and len(edges) == 7
    assert capsys.readouterr().out.splitlines()[1:] == [
        "explore it:",
        f"  python -m explorer {here / 'made' / 'door.py'}",
    ]
    assert not space.violations


def simulated(limit: int) -> set[tuple[str, str, str]]:
    """What happens in TIMED where time is a number of nanoseconds, by its meaning in the kernel: a clock that
    was never reset keeps nothing back.
    """
    below = {"busy": 4}
    rules = [
        ("busy", "again", "busy", lambda c, e: c >= 2 and e == 1, True),
        ("busy", "look", "busy", lambda c, e: c > 3 or c == 1, False),
        ("busy", "done", "idle", lambda c, e: c <= 2, False),
        ("busy", "fail", "never", lambda c, e: c >= 4, False),
        ("idle", "begin", "busy", lambda c, e: True, True),
        ("idle", "sleep", "late", lambda c, e: c > 4, False),
        ("late", "wake", "busy", lambda c, e: True, False),
        ("late", "done", "idle", lambda c, e: True, False),
    ]
    waiting: list[tuple[str, int | None, int]] = [("idle", None, e) for e in (0, 1)]
    seen, found = set(waiting), set()
    while waiting:
        at, clock, env = waiting.pop()
        after: list[tuple[str, int | None, int]] = [(at, clock, 1 - env)]
        if clock is not None and clock < limit and clock + 1 < below.get(at, limit + 1):
            after.append((at, clock + 1, env))
        for source, event, target, guard, reset in rules:
            now = 0 if reset else clock
            if source == at and (clock is None or guard(clock, env)):
                if now is None or now < below.get(target, limit + 1):
                    found.add((source, event, target))
                    after.append((target, now, env))
        fresh = [state for state in after if state not in seen]
        seen.update(fresh)
        waiting += fresh
    return found


def test_time_goes_as_far_as_the_automaton_asks(here: Path) -> None:
    """The bits for reached bounds let happen what a clock that counts lets happen. `fail` is possible only
    where the clock was never reset, since its state is left before.
    """
    model, space = explored(here, "timed.dot")
    found = happens(model, space, names_of(read_dot(here / "timed.dot")))
    assert found == simulated(9)
    assert found == {(e.source, e.event, e.target) for e in read_dot(here / "timed.dot").edges}
    (here / "timed.dot").write_text(TIMED.replace("sleep;clk > 4ns", "sleep;clk > 4ns;reset(clk)"))
    model, space = explored(here, "timed.dot")
    less = happens(model, space, names_of(read_dot(here / "timed.dot")))
    assert found - less == {("busy", "fail", "never")}


def test_a_formula_is_a_temporal_property(here: Path) -> None:
    """Operators take all that follows, as `or` does here with `until`. What the rule speaks of changes at any
    time, so that it is violated.
    """
    _, space = explored(here, "sleeper.ltl")
    assert space.distinct == 2**6
    text = (here / "made" / "sleeper.py").read_text()
    rule = "(friendly(monitor) | until(~monitor.wake, monitor.signal))"
    assert f"    return always(implies((monitor.rt & monitor.asleep), {rule}))\n" in text
    assert check(space, Limits())["rule"].trace is not None


def test_a_formula_without_parentheses_takes_all_that_follows(here: Path) -> None:
    """`not A until B` is what rvgen makes of it: the negation of `A until B`."""
    (here / "plain.ltl").write_text("RULE = always not A until B or true\n")
    explored(here, "plain.ltl")
    text = (here / "made" / "plain.py").read_text()
    assert "    return always(~(until(monitor.a, (monitor.b | True))))\n" in text


@pytest.mark.parametrize(
    "before, after, message",
    [
        (
            DOOR.splitlines()[0],
            "digraph door {",
            "1: found `digraph door {`, expected `digraph state_automaton {`",
        ),
        (
            '"open" -> "shut" [ label = "push" ]',
            '"open" -> "shat" [ label = "push" ]',
            "11: shat is no state; did",
        ),
        (
            '"open" -> "shut" [ label = "push" ]',
            '"open" -> "shut"',
            '11: found `"open" -> "shut";`, expected',
        ),
        (
            '"pull\\nkick"',
            '"pull;a;b"',
            "13: found `pull;a;b`, expected one constraint and one reset at most",
        ),
        (
            '"pull\\nkick"',
            '"pull;a ~ b"',
            "13: found `a~b`, expected a comparison, as clk < 5us or irq_off == 1",
        ),
        ('"pull\\nkick"', '"pull or kick"', ""),
        ('"pull\\nkick"', '"pu-ll"', "13: found `pu-ll`, expected the name of an event"),
        ('"pull\\nkick"', '"' + "p" * 33 + '"', "expected a name of at most 32 characters"),
        ('"pull\\nkick"', '"turn"', " not deterministic: turn leads from shut to open and to locked"),
        (
            '"__init_shut"};',
            '"__init_shed"};',
            " the initial state shed is no node; the states are open, shut",
        ),
        ('"__init_shut" -> "shut";', '"shut";', '8: found `"shut";`, expected "__init_shut" -> "shut";'),
        ("{node", "{nude", ' no state; write: {node [shape = circle] "name"};'),
        ('{node [shape = circle] "open"};', "{node open};", "3: found `{node open};`, expected {node [shape"),
        (
            '"open" [label = "open"]',
            '"open" [label = "open\\nclk > 3ns"]',
            "9: found `clk > 3ns`, expected an upper",
        ),
        (
            '"open" [label = "open"]',
            '"open" [label = "shut"]',
            "9: found `shut`, expected open and one constraint",
        ),
    ],
)
def test_what_is_no_automaton_is_one_message(
    before: str, after: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the line, what was found and what is expected."""
    assert before in DOOR
    (here / "door.dot").write_text(DOOR.replace(before, after))
    code = main(["export", "door.dot", "--from", "rv", "--out", "made"])
    told = capsys.readouterr().err
    if not message:  # rvgen leaves spaces out too
        assert code == 0 and "def pullorkick(" in (here / "made/door.py").read_text()
        return
    assert code == 2 and message in told and told.startswith("explorer: door.dot:") and told.count("\n") == 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "no RULE; write: RULE = always (A imply B)"),
        ("RULE = always (A imply", "1: found the end, expected a name in capitals, an operator or ("),
        ("RULE = always (A\nB)", "2: found `B`, expected until, and, or, imply or )"),
        ("RULE = a", "1: found `a`, expected a name in capitals, an operator or ("),
        ("RULE A", "1: found `A`, expected ="),
        ("RULE = A\nRULE = B", "2: found a second RULE, expected one definition of each name"),
        ("RULE = A\nA = not B\nB = A", "A is defined by itself: RULE -> A -> B -> A"),
    ],
)
def test_what_is_no_formula_is_one_message(
    text: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the line, what was found and what is expected."""
    (here / "wrong.ltl").write_text(text)
    assert main(["export", "wrong.ltl", "--from", "rv"]) == 2
    told = capsys.readouterr().err
    assert message in told and told.startswith("explorer: wrong.ltl:") and told.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["none.dot", "--from", "rv"], "none.dot: cannot be read: No such file or directory"),
        (
            ["door.txt", "--from", "rv"],
            "door.txt: neither an automaton nor a formula; write: a file that ends in",
        ),
        (
            ["door.dot", "--from", "rv", "--to", "tla"],
            "export --from rv: --to is for specs; write: python -m",
        ),
        (["door.dot", "--from", "rv", "-D", "N=2"], "export --from rv: -D is for specs; write: python -m"),
        (["door.dot"], "no language; write: python -m explorer export --to promela spec/ipi_fixed.py"),
        (["wide.dot", "--from", "rv"], "wide: n_env is compared with 1 and 5000: more than 1,000 values"),
        (["bound.dot", "--from", "rv"], "bound: `clk < 4` bounds a state, and no event resets clk"),
    ],
)
def test_what_a_user_gets_wrong_is_one_message(
    arguments: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong words and files end with exit code 2 and one line."""
    guards = '"pull;n_env == 1\\nkick;n_env < 5000"'
    (here / "wide.dot").write_text(DOOR.replace('"pull\\nkick"', guards))
    (here / "bound.dot").write_text(TIMED.replace(";reset(clk)", ""))
    assert main(["export", *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"explorer: {message}") and told.count("\n") == 1


PARSED = """
import sys
from pathlib import Path
from rvgen import ltl2ba

def shown(node):
    op = node.op
    if isinstance(op, (ltl2ba.Variable, ltl2ba.Literal)):
        return str(op).lower() if isinstance(op, ltl2ba.Literal) else op.name
    args = [op.left, op.right] if isinstance(op, ltl2ba.BinaryOp) else [op.child]
    return f"{type(op).__name__.removesuffix('Op').lower()}({', '.join(map(shown, args))})"

for file in sys.argv[1:]:
    print("is", shown(ltl2ba.parse_ltl(Path(file).read_text())))
"""
"""Prints what rvgen makes of formulas."""


@given
def test_rvgen_reads_formulas_as_we_do(here: Path) -> None:
    """Operators without precedence, definitions within definitions: the same formula, node for node."""

    def shown(formula: Formula, known: Mapping[str, Formula]) -> str:
        if not formula.args:
            return shown(known[formula.op], known) if formula.op in known else formula.op
        return f"{formula.op}({', '.join(shown(a, known) for a in formula.args)})"

    (here / "plain.ltl").write_text("RULE = always not A until B or true\n")
    (here / "next.ltl").write_text("RULE = A imply next C until eventually (A and D) or B\nD = not C\n")
    files = [*here.glob("*.ltl"), *verification().rglob("*.ltl")]
    (here / "parsed.py").write_text(PARSED)
    told = ran("parsed.py", *map(str, files), where=here)
    theirs = [line.removeprefix("is ") for line in told.splitlines() if line.startswith("is ")]
    ours = [shown(known["RULE"], known) for known in map(read_ltl, files)]
    assert ours == theirs and len(files) > 4


@given
def test_every_model_of_a_kernel_tree_is_explored(tmp_path: Path) -> None:
    """Each automaton has its edges as steps, each formula its atoms. rvgen reads the same states, events and
    steps.
    """
    root = verification()
    spec = importlib.util.spec_from_file_location("automata", root / "rvgen/rvgen/automata.py")
    assert spec is not None and spec.loader is not None
    rvgen = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rvgen)
    automata = sorted((root / "models").rglob("*.dot"))
    for path in automata:
        model, space = explored(tmp_path, str(path))
        found, theirs = read_dot(path), rvgen.Automata(str(path))
        assert ([*found.states], [*found.events]) == (theirs.states, theirs.events), path
        assert {
            (theirs.states[n], theirs.events[k], target)
            for n, row in enumerate(theirs.function)
            for k, target in enumerate(row)
            if target != theirs.invalid_state_str
        } == {(e.source, e.event, e.target) for e in found.edges}, path
        steps = happens(model, space, names_of(found))
        assert steps == {(e.source.lower(), e.event, e.target.lower()) for e in found.edges}, path
    formulas = sorted((root / "models").rglob("*.ltl"))
    for path in formulas:
        atoms = set(re.findall(r"[A-Z_]{2,}", path.read_text())) - set(
            re.findall(r"([A-Z_]+) *=", path.read_text())
        )
        assert main(["export", str(path), "--from", "rv", "--out", str(tmp_path)]) == 0
        model = ground(load(tmp_path / f"{path.stem}.py"))
        assert len(model.families) == len(atoms) and [p.name for p in model.temporal] == ["rule"], path
    assert automata and formulas
