"""A model that was kept is the model that would be grounded, and one that may be another is never read."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.command import check
from explorer.command.main import main
from explorer.engine.compiled import Compiled
from explorer.engine.limits import Phase, Stopped
from explorer.ground.ground import ground
from explorer.ir.kept import Shelf, keep
from explorer.ir.model import Model
from explorer.language.spec import Spec
from explorer.run import kept_models
from explorer.run.alarm import look
from explorer.run.kept_models import KeptModel, pickled, sees_nothing_else
from explorer.run.load import load
from explorer.symmetry.find import find
from tests.support.command_line import ENVIRONMENT, run
from tests.support.house import ROOT, SPECS

COUNTER = """
from explorer import Range, Spec, State, Var, action, constant, initially, when
from counter_part import STEP
import typing
TOP = constant("top", 3)
Place = typing.Annotated[int, Range(0, TOP)]
class Counter(State):
    at: Var[Place] = initially(0)
@action
def count(counter: Counter) -> None:
    when(counter.at + STEP <= TOP)
    counter.at.next = counter.at + STEP
spec = Spec(deadlock=False)
"""

MADE = """
from explorer import invariant
def make(n):
    @invariant
    def small(counter: Counter) -> bool:
        return counter.at <= n
    return small
small = make(9)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    keep(tmp_path / "made")
    yield tmp_path
    keep(None)


def written(directory: Path, text: str = COUNTER, step: int = 1) -> Path:
    file = directory / "counter.py"
    file.write_text(text)
    (directory / "counter_part.py").write_text(f"STEP = {step}\n")
    return file


def opened(file: Path, **values: Any) -> tuple[Spec, KeptModel]:
    spec = load(file)
    return spec, KeptModel(spec, values, str(file))


def kept(file: Path, **values: Any) -> Model:
    """The model of a file, grounded and kept."""
    spec, place = opened(file, **values)
    model = ground(spec, values, str(file))
    place.write(model)
    return model


def test_a_kept_model_is_the_grounded_one(directory: Path) -> None:
    """It has the digest of the one that was grounded, its constants, and the constants that were met."""
    model = kept(written(directory))
    spec, place = opened(directory / "counter.py")
    read = place.read()
    assert read is not None and read is not model
    assert read.digest == model.digest and read.constants == model.constants == {"top": 3}
    assert {*spec.known_constants()} == {"top"}


@pytest.mark.parametrize("change", ["the spec", "a module", "a constant", "the explorer", "Python"])
def test_what_may_be_another_model_is_not_read(
    directory: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another text anywhere in the chain of imports, constant, explorer or Python: the model is made anew."""
    file, values = written(directory), dict[str, Any]()
    before = kept(file)
    if change == "the spec":
        file.write_text(COUNTER.replace('"top", 3', '"top", 5'))
    elif change == "a module":
        written(directory, step=2)
    elif change == "a constant":
        values = {"top": 7}
    elif change == "the explorer":
        monkeypatch.setattr(kept_models, "own_files", lambda: "another")
    else:
        monkeypatch.setattr("sys.version", "another")
    assert opened(file, **values)[1].read() is None
    after = kept(file, **values)
    read = opened(file, **values)[1].read()
    assert read is not None and read.digest == after.digest
    assert (after.digest == before.digest) == (change in ("the explorer", "Python"))


def test_the_explorer_is_another_when_a_file_of_it_is_written(tmp_path: Path) -> None:
    """A file that is added, changed in place or written again is seen, at any depth."""
    (tmp_path / "room").mkdir()
    file = tmp_path / "room" / "a.py"
    seen = set()
    for text in ("1", "22", "33"):
        file.write_text(text)
        os.utime(file, ns=(0, 0))  # as an archive may say
        seen.add("\n".join(kept_models._states(str(tmp_path))))
    (tmp_path / "b.py").write_text("")
    seen.add("\n".join(kept_models._states(str(tmp_path))))
    assert len(seen) == 4


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "import time as clock",
        "from random import *",
        "import counter_part, sys",
        "import explorer\nexplorer.load('x.py')",
        "import explorer\ngetattr(explorer, 'load')",
        "from explorer import load",
        "from explorer.run.load import load",
        "def inner():\n    import json",
        "text = open('x')",
        "print('grounded')",
        "here = __file__",
        "number = hash('x')",
        "a = [eval('1')]",
        "from collections import abc; import zlib",
    ],
)
def test_a_module_that_may_see_something_else_is_not_kept(directory: Path, line: str) -> None:
    """What reads files, clocks, the environment or other specs, prints, or depends on this process: grounded
    each time.
    """
    file = written(directory)
    (directory / "counter_part.py").write_text("STEP = 1\nif False:\n    " + line.replace("\n", "\n    "))
    assert not sees_nothing_else(load(file).sources)
    kept(file)
    assert not (directory / "made").exists() or not [
        path for path in (directory / "made").iterdir() if path.stat().st_size > 3_000
    ]
    assert opened(file)[1].read() is None


def test_modules_of_packages_are_the_specs_own(directory: Path) -> None:
    """Relative imports, packages with and without a file, and libraries that read nothing."""
    for package in ("parts", "parts/deep"):
        (directory / package).mkdir()
    (directory / "parts" / "__init__.py").write_text("from .one import STEP\n")
    (directory / "parts" / "one.py").write_text("from .deep.two import STEP\nfrom . import three\n")
    (directory / "parts" / "three.py").write_text("import enum, math\nfrom dataclasses import dataclass\n")
    (directory / "parts" / "deep" / "two.py").write_text(
        "import explorer\nfrom ..three import enum\nSTEP = 1\n"
    )
    file = written(directory, COUNTER.replace("from counter_part", "from parts"))
    kept(file)
    assert opened(file)[1].read() is not None
    (directory / "parts" / "three.py").write_text("import enum, os\n")
    assert opened(file)[1].read() is None and not sees_nothing_else(load(file).sources)


def test_a_file_nearby_that_begins_to_use_a_function_is_seen(directory: Path) -> None:
    """Whether a function without a decorator is told as forgotten depends on files near it."""
    file = written(directory, COUNTER + "\ndef helper(counter: Counter) -> None: ...\n")
    assert [doubt.kind for doubt in kept(file).doubts] == ["undeclared"]
    assert opened(file)[1].read() is not None
    (directory / "other.py").write_text("from counter import helper\nhelper\n")
    assert opened(file)[1].read() is None
    assert not kept(file).doubts
    read = opened(file)[1].read()
    assert read is not None and not read.doubts


@pytest.mark.parametrize("damage", [b"", b"x" * 500, None])
def test_a_damaged_file_is_none(directory: Path, damage: bytes | None) -> None:
    """A file that is cut, garbled or empty: the model is grounded, and kept again."""
    file = written(directory)
    kept(file)
    for path in (directory / "made").iterdir():
        path.write_bytes(path.read_bytes()[:60] if damage is None else damage)
    assert opened(file)[1].read() is None
    kept(file)
    assert opened(file)[1].read() is not None


def test_a_model_without_a_pickle_is_not_tried_again(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A property that a function made has no name by which it is found again."""
    file = written(directory, COUNTER + MADE)
    model = kept(file)
    assert pickled(model) == b""
    _, place = opened(file)
    assert place.read() is None
    monkeypatch.setattr(Shelf, "write", lambda self, held: pytest.fail("tried again"))
    place.write(model)


def test_deep_expressions_are_not_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle nests as deep as its expressions, on the C stack."""
    monkeypatch.setattr(kept_models, "NESTED", len(inspect.stack()) + 20)
    file = written(directory)
    kept(file)
    assert opened(file)[1].read() is None


def test_what_is_derived_is_kept_with_it(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof of symmetry and generated sources are read, and the file is written again only for more."""
    file = SPECS / "examples" / "peterson.py"
    spec, place = opened(file)
    model = ground(spec, {}, str(file))
    place.write(model)
    symmetry = model.once(("symmetry", ()), lambda: find(model))
    first = Compiled(model, symmetry).code("expand")[0].text
    place.write(model)
    _, place = opened(file)
    read = place.read()
    assert read is not None
    known = read.once(("symmetry", ()), lambda: pytest.fail("proved again"))
    assert [*map(str, known.proven)] == [*map(str, symmetry.proven)] and known.orbit_of == symmetry.orbit_of
    held = Compiled(read, known).once(("code", "expand"), lambda: pytest.fail("generated again"))
    assert held.text == first
    monkeypatch.setattr(Shelf, "write", lambda self, held: pytest.fail("written again"))
    place.write(read)


WRITE = """
import sys
from explorer.ground.ground import ground
from explorer.ir.kept import default_directory, keep
from explorer.run.kept_models import KeptModel
from explorer.run.load import load
from explorer.symmetry.find import find
from explorer.engine.compiled import Compiled
keep(default_directory())
for file in sys.argv[2:]:
    spec = load(file)
    place = KeptModel(spec, {}, file)
    model = place.read() if sys.argv[1] == "read" else ground(spec, {}, file)
    assert model is not None, file
    symmetry = model.once(("symmetry", ()), lambda: find(model))
    compiled = Compiled(model, symmetry)
    texts = [compiled.code(part)[0].text for part in ("expand", "edges", "judgements")]
    place.write(model)
    print(model.digest, compiled.digest, hash(tuple(texts)), len(compiled.initial()))
"""


@pytest.mark.parametrize(
    "specs",
    [
        ["ipi_fixed", "xmon_buggy", "dma_window_fixed", "examples/peterson", "secure_vm_fixed"],
        pytest.param(["*"], marks=pytest.mark.slow),
    ],
    ids=["some", "all"],
)
def test_another_process_reads_the_same(tmp_path: Path, specs: list[str]) -> None:
    """Models with memories, processes, scalarsets and refinements: model, generated sources and symmetry are
    those of the process that grounded them.
    """
    files = [str(path) for name in specs for path in sorted(SPECS.glob(f"{name}.py")) if _is_spec(path)]
    environment = {**os.environ, **ENVIRONMENT, "EXPLORER_CACHE": str(tmp_path), "PYTHONHASHSEED": "7"}
    told = [
        subprocess.run(
            [sys.executable, "-c", WRITE, mode, *files],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            timeout=900,
            check=True,
            text=True,
        ).stdout
        for mode in ("ground", "read", "read")
    ]
    assert told[0].count("\n") == len(files) and told[0] == told[1] == told[2]


def _is_spec(path: Path) -> bool:
    return "spec = " in path.read_text()


def test_a_model_of_an_earlier_load_is_left_alone(directory: Path) -> None:
    """Once its modules have been loaded anew, what it refers to cannot be found: nothing is written."""
    file = written(directory)
    spec, place = opened(file)
    model = ground(spec, {}, str(file))
    load(file)
    place.write(model)
    assert opened(file)[1].read() is None
    kept(file)
    assert opened(file)[1].read() is not None


def test_a_symbol_that_is_taken_here_means_to_ground(directory: Path) -> None:
    """Generated source knows functions of a memory by symbols; where another one has it here, the model is
    grounded, and both are right.
    """
    file = SPECS / "ipi_fixed.py"
    model = kept(file)
    _, place = opened(file)
    assert place.read() is None  # this process has the functions of the model that it grounded
    assert model.digest == ground(load(file), {}, str(file)).digest


@pytest.mark.parametrize("spec", ["xmon_buggy", "ipi_healing", "page_walk_buggy", "xive_cede_fixed"])
def test_a_run_with_a_kept_model_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    """Stories, findings, counts and the report of a first and a second run are equal, and the second one
    grounds nothing.
    """
    monkeypatch.setitem(ENVIRONMENT, "EXPLORER_CACHE", str(tmp_path / "cache"))
    records = []
    for _ in range(3):
        done = run(str(SPECS / f"{spec}.py"), "--json", "--profile", cwd=tmp_path)
        record = json.loads((tmp_path / "out" / spec / "verdict.json").read_text())
        records.append((done.code, {k: v for k, v in record.items() if k not in VARIES}))
        seconds = {line.split()[0] for line in done.err.splitlines() + done.out.splitlines() if " s " in line}
    assert records[0] == records[1] == records[2]
    assert "symmetry" not in seconds


VARIES = ("seconds", "states_per_second", "peak_memory_bytes", "phases", "started")


@pytest.mark.parametrize(
    "words, values",
    [(["--max-states", "2"], {}), (["--max-depth", "1"], {}), (["-D", "top=9"], {"top": 9})],
    ids=["states", "depth", "a constant"],
)
def test_a_run_that_ends_early_keeps_its_model(
    directory: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], values: dict[str, int]
) -> None:
    """A bound of the search, or a constant: the next run under the same constants reads the model."""
    monkeypatch.setitem(ENVIRONMENT, "EXPLORER_CACHE", str(directory))
    file = written(directory)
    run(str(file), *words, cwd=directory)
    assert opened(file, **values)[1].read() is not None
    assert opened(file, top=8)[1].read() is None


def test_a_model_that_work_was_left_amid_is_not_kept(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that interrupts a phase wherever it is may leave what is made of a model halfway."""

    def interrupted(model: Model, *rest: Any, **named: Any) -> Any:
        limits = rest[1]
        limits.phase, limits.interrupted = Phase("symmetry", 0.0), True
        with pytest.raises(Stopped):
            look(limits, None)
        return explored(model, *rest, **named)

    explored = check.run
    monkeypatch.setattr(check, "run", interrupted)
    monkeypatch.setenv("EXPLORER_CACHE", str(directory))
    file = written(directory)
    main([str(file), "--out", str(directory / "out")])
    keep(directory / "made")
    assert opened(file)[1].read() is None
    monkeypatch.setattr(check, "run", explored)
    main([str(file), "--out", str(directory / "out")])
    assert opened(file)[1].read() is not None


def test_a_large_model_is_not_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing ends where a file would be too large; that is remembered."""
    file = written(directory)
    with monkeypatch.context() as patch:
        patch.setattr(kept_models, "LARGEST", 1000)
        model = kept(file)
        assert pickled(model) == b"" and pickled("small")
    assert opened(file)[1].read() is None
    kept(file)
    assert opened(file)[1].read() is not None


def test_what_a_report_shows_of_the_model_alone_is_kept(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of a small space and the sample of its behaviour are read by the second run, and are equal."""
    monkeypatch.setenv("EXPLORER_CACHE", str(directory))
    file, shown = written(directory), []
    for _ in range(2):
        assert main([str(file), "--out", str(directory / "out")]) == 0
        report = (directory / "out" / "report.html").read_text()
        record = json.loads((directory / "out" / "verdict.json").read_text())
        (page,) = (line for line in report.split("<script") if 'id="walk-data"' in line)
        shown.append((page, record["sample"], record["waiting"]))
        monkeypatch.setattr("explorer.trace.explored.explored", lambda model: pytest.fail("listed again"))
        monkeypatch.setattr("explorer.trace.sample.sample", lambda model: pytest.fail("sampled again"))
    assert shown[0] == shown[1] and '"space"' in shown[0][0] and shown[0][1] is not None
