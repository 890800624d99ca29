"""`python -m explorer new NAME`: a first spec, its test, and a workflow for both. Nothing is written over."""

from __future__ import annotations

import keyword
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.verdict import exit_codes

SPEC = '''\
"""Two CPUs add to one counter: without the lock an addition is lost."""

from explorer import *

LOCKED = constant("locked", True)


class Cpu(Scalarset):
    size = constant("cpus", 2)


class Shared(State):
    """What the CPUs share: each adds one, and no more."""

    lock: Var[Cpu | None] = initially(None)
    counter: Var[Annotated[int, Range(0, 3)]] = initially(0)


@process(actor="cpu", fair=WEAK)
def add(shared: Shared, cpu: Cpu) -> Steps:
    """A yield begins an atomic step; its text is what a trace shows."""
    if LOCKED:
        yield step("locks", atomic=True)
        when(shared.lock.is_none)
        shared.lock.next = cpu
    yield "reads {shared.counter}"
    old = yield keep(shared.counter)
    yield "writes {old} + 1"
    shared.counter.next = old + 1
    if LOCKED:
        yield "unlocks"
        shared.lock.next = None


@invariant
def nothing_is_lost(shared: Shared) -> Value[bool]:
    """Where all have ended, every addition has counted."""
    return implies(every(at(add, None, cpu) for cpu in Cpu), shared.counter == Cpu.size)


@temporal
def everybody_ends(cpu: Cpu) -> Formula:
    """Nobody waits for the lock for ever."""
    return eventually(at(add, None, cpu))


spec = Spec(
    expect=HOLDS,
    variants=[
        variant("locked", HOLDS, "as it should be"),
        variant("no lock", violates("nothing_is_lost", steps=4), "both read before one writes", locked=False),
    ],
)
'''

TEST = '''\
"""What {name}.py must show. `pytest` runs these, and each property of the spec as a test of its own."""

from pathlib import Path

from explorer import check

SPEC = Path(__file__).with_name("{name}.py")


def test_it_holds() -> None:
    assert check(SPEC).holds


def test_the_lock_is_needed() -> None:
    story = check(SPEC, locked=False).traces["nothing_is_lost"]
    assert len(story) == 4
'''

WORKFLOW = """\
name: {name}
on: [push, pull_request]
jobs:
  specs:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
          cache: pip
          cache-dependency-path: "**/*.py"
      - uses: actions/cache@v4
        with:
          path: ~/.cache/interrupt-explorer
          key: explorer-${{{{ runner.os }}}}-${{{{ hashFiles('**/*.py') }}}}
          restore-keys: explorer-${{{{ runner.os }}}}-
      # OWNER: who keeps the explorer; it is on no package index
      - run: pip install pytest git+https://github.com/OWNER/interrupt-explorer
      - run: python -m explorer table {name}.py --strict
      - run: pytest
"""


def new(name: str, folder: Path) -> int:
    """Write the three files into a folder, or none of them."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("test_"):
        raise UsageError(f"new {name}: is no name for a module; write: python -m explorer new my_lock")
    files = {
        folder / f"{name}.py": SPEC,
        folder / f"test_{name}.py": TEST.format(name=name),
        folder / ".github" / "workflows" / f"{name}.yml": WORKFLOW.format(name=name),
    }
    for path in files:
        if path.exists():
            raise UsageError(f"new {name}: {path} exists; write: another name")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}") from None
    spec = folder / f"{name}.py"
    written = [f"written: {path}" for path in files]
    written[-1] += ", where OWNER stands for who keeps the explorer"
    say("\n".join([*written, f"next: python -m explorer {spec} --row 'no lock'"]))
    return exit_codes.OK
