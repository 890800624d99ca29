"""What an installation asks for on which machine, and that the explorer runs without any of it."""

from __future__ import annotations

import runpy
import subprocess
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.support.house import ROOT

PACKAGES = ("numba", "llvmlite", "numpy", "networkx", "graphviz", "tqdm", "waitress")
BARE = f"""
import sys
for name in {PACKAGES!r}:
    sys.modules[name] = None
sys.path.insert(0, {str(ROOT)!r})
from explorer.command.main import main
sys.exit(main(sys.argv[1:]))
"""


def metadata(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of the hook that runs while a distribution is built."""
    plugin = types.ModuleType("hatchling.metadata.plugin.interface")
    plugin.MetadataHookInterface = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, plugin.__name__, plugin)
    return runpy.run_path(str(ROOT / ".ci" / "metadata.py"))


def packages(monkeypatch: pytest.MonkeyPatch, processor: str, host: str) -> set[str]:
    """The names of what `pip install` asks for on a machine."""
    monkeypatch.setattr(sysconfig, "get_config_var", {"HOST_GNU_TYPE": host}.get)
    asked = map(Requirement, metadata(monkeypatch)["dependencies"]())
    machine = {"platform_machine": processor}
    return {one.name for one in asked if one.marker is None or one.marker.evaluate(machine)}


@pytest.mark.parametrize(
    "processor, host, compiled",
    [
        ("x86_64", "x86_64-pc-linux-gnu", True),
        ("aarch64", "aarch64-unknown-linux-gnu", True),
        ("arm64", "", True),
        ("AMD64", "", True),
        ("ppc64le", "powerpc64le-unknown-linux-gnu", False),
        ("s390x", "s390x-ibm-linux-gnu", False),
        ("riscv64", "riscv64-unknown-linux-gnu", False),
        ("x86_64", "x86_64-pc-linux-musl", False),
        ("aarch64", "aarch64-unknown-linux-musl", False),
    ],
)
def test_machine_code_is_asked_for_where_numba_has_wheels(
    monkeypatch: pytest.MonkeyPatch, processor: str, host: str, compiled: bool
) -> None:
    """The rest is Python alone, on every machine."""
    asked = packages(monkeypatch, processor, host)
    assert asked == {"networkx", "tqdm", "graphviz", "waitress"} | ({"numba", "numpy"} if compiled else set())


def bare(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command on a Python that has no package at all."""
    command = [sys.executable, "-c", BARE, *arguments]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments, code",
    [
        ((str(ROOT / "spec" / "ipi_buggy.py"), "--write", "html,itf,mermaid,sarif,junit,test"), 12),
        ((str(ROOT / "spec" / "examples" / "peterson.py"), "--profile"), 0),
        (("show", str(ROOT / "spec" / "examples" / "peterson.py")), 0),
        (("estimate", str(ROOT / "spec" / "examples" / "peterson.py")), 0),
        (("simulate", str(ROOT / "spec" / "examples" / "peterson.py")), 20),
        (("table", str(ROOT / "spec" / "examples" / "philosophers.py")), 0),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) and len(value[0]) < 10 else None,
)
def test_a_bare_python_checks_specs(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    """Every command works on the standard library alone, with liveness and all texts."""
    done = bare(tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize(
    "option, needed",
    [
        (("--graph",), "--graph needs the package networkx; write: pip install networkx"),
        (("--png",), "--png needs the package graphviz; write: pip install graphviz"),
        (("--write", "aut"), "--write aut needs the package networkx; write: pip install networkx"),
        (("--format", "dot"), "--format dot needs the package graphviz; write: pip install graphviz"),
        (
            ("--engine", "native"),
            "the native engine needs Numba (x86-64 and 64-bit ARM with glibc, macOS or Windows); write: pip"
            " install numba, or --engine python",
        ),
    ],
)
def test_what_needs_a_package_says_so_before_the_work(
    tmp_path: Path, option: tuple[str, ...], needed: str
) -> None:
    """One line names the package, and no file is begun."""
    done = bare(tmp_path, str(ROOT / "spec" / "examples" / "peterson.py"), *option)
    assert (done.returncode, done.stderr.strip()) == (2, f"explorer: {needed}")
    assert not list(tmp_path.glob("out/*/verdict.json"))


def test_a_server_needs_a_package(tmp_path: Path) -> None:
    """`serve` says so in a line."""
    done = bare(tmp_path, "serve", str(ROOT / "spec" / "examples" / "peterson.py"))
    said = "explorer: serve needs the package waitress; write: pip install waitress"
    assert (done.returncode, done.stderr.strip()) == (2, said)


ADDRESS = "https://a.example/b/blob/main"


@pytest.mark.parametrize(
    "source, told",
    [
        (
            ADDRESS,
            f"![p]({ADDRESS}/docs/p.png?raw=true)\n[docs]({ADDRESS}/docs/x.md), [web](https://w), [1](#a)",
        ),
        ("", "docs, [web](https://w), [1](#a)"),
    ],
)
def test_a_package_index_gets_no_link_to_a_file_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, source: str, told: str
) -> None:
    """Links and pictures lead to the repository, where its address is known; else they are text."""
    text = "![p](docs/p.png)\n[docs](docs/x.md), [web](https://w), [1](#a)"
    description = metadata(monkeypatch)["description"]
    assert description(text, source) == told
    readme = description((ROOT / "README.md").read_text(), "")
    assert "](docs/" not in readme and "](CONTRIBUTING" not in readme and "# interrupt-explorer" in readme
