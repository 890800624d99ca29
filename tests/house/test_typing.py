"""The language under type checkers: correct specs pass `mypy --strict` and pyright, and mistakes are rejected
before anything runs.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.house import ROOT
from tests.support.installation import installation

TYPING = Path(__file__).parent / "typing"
ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: (?P<text>.*)$")


def mypy(cache: Path, *files: Path, package: Path = ROOT) -> list[tuple[str, int, str]]:
    """The errors mypy finds in files, as (file name, line, text). Any other failure of mypy fails the
    test.
    """
    pytest.importorskip("mypy")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--enable-error-code",
        "truthy-bool",
        "--no-error-summary",
        "--hide-error-context",
        "--no-pretty",
        "--cache-dir",
        str(cache),
        "--config-file",
        str(ROOT / "pyproject.toml"),
        *map(str, files),
    ]
    path = os.pathsep.join([str(package), str(ROOT / "spec"), str(ROOT / "spec/gallery")])
    done = subprocess.run(
        command, cwd=cache, env={**os.environ, "MYPYPATH": path}, capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = [match for match in map(ERROR.match, done.stdout.splitlines()) if match]
    assert bool(found) == bool(done.returncode), done.stdout + done.stderr
    return [(Path(match["file"]).name, int(match["line"]), match["text"]) for match in found]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def marked(file: Path, *endings: str) -> set[int]:
    """The numbers of the lines that end so; the marks are not lost."""
    lines = {n for n, line in enumerate(file.read_text().splitlines(), 1) if line.endswith(endings)}
    assert len(lines) >= 40
    return lines


@pytest.mark.slow
def test_the_explorer_itself_is_strictly_typed(cache: Path) -> None:
    """`mypy --strict explorer` finds nothing."""
    assert mypy(cache, ROOT / "explorer") == []


def test_correct_specs_are_accepted(cache: Path, tmp_path: Path) -> None:
    """A file with every construct and every shipped spec pass `mypy --strict`, beside what is installed."""
    shipped = sorted((ROOT / "spec").rglob("*.py"))
    assert mypy(cache, TYPING / "good.py", *shipped, package=installation(tmp_path)) == []


def test_every_deliberate_mistake_is_rejected(cache: Path) -> None:
    """Exactly the lines marked `# error` are rejected."""
    file = TYPING / "mistakes.py"
    assert {line for _, line, _ in mypy(cache, file)} == marked(file, "# error", "# error to mypy alone")


@pytest.mark.slow
def test_pyright_agrees(tmp_path: Path) -> None:
    """It accepts and rejects the same, but for truth values: it has no rule for objects that have none."""
    pytest.importorskip("basedpyright")
    roots = {"include": [str(TYPING), str(ROOT / "spec")], "extraPaths": [str(ROOT), str(ROOT / "spec")]}
    # In a checkout explorer.library is made of spec/actions when it is imported: no checker sees that.
    settings = {"typeCheckingMode": "standard", "reportMissingImports": "none", **roots}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    rejected = {
        (Path(item["file"]).name, item["range"]["start"]["line"] + 1)
        for item in answer["generalDiagnostics"]
        if item["severity"] == "error"
    }
    assert answer["summary"]["filesAnalyzed"] > 100
    assert rejected == {("mistakes.py", line) for line in marked(TYPING / "mistakes.py", "# error")}


def test_the_file_of_every_construct_compiles() -> None:
    """What the type checker accepts there is a spec, too."""
    from explorer.ground.ground import ground

    namespace: dict[str, object] = {"__name__": "every_construct", "__file__": str(TYPING / "good.py")}
    exec(compile((TYPING / "good.py").read_text(), str(TYPING / "good.py"), "exec"), namespace)
    assert len(ground(namespace["spec"]).instances) == 2 * 4 + 2 + 2 + 2 * 6 + 2 * 4 * 2  # type: ignore[arg-type]


def test_the_words_are_listed_twice_the_same() -> None:
    """Once where they come from, and once where type checkers and `import *` look before anything is read."""
    import explorer
    from explorer.language import words

    assert explorer.__all__ == words.__all__ and set(words.__all__) <= vars(words).keys()


def test_the_plugin_of_pytest_reads_nothing_of_the_language() -> None:
    """It is part of every run of pytest where the package is installed, whatever that tests."""
    code = "import sys, pytest, explorer.pytest_plugin; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    known = {name for name in ast.literal_eval(done.stdout) if name.partition(".")[0] == "explorer"}
    assert known == {
        "explorer",
        "explorer.command",
        "explorer.command.interrupt",
        "explorer.pytest_plugin",
        "explorer.verdict",
        "explorer.verdict.exit_codes",
    }
