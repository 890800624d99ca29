"""`python -m explorer` in a process of its own, and small specs that end in every way; the fixture `explorer`
has both.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.house import ROOT

os.environ.pop("COLUMNS", None)  # texts are as wide as where no terminal is
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}

HEAD = """\
from typing import Annotated
from explorer import *

LAST = constant("LAST", 3)
LOOPS = constant("LOOPS", True)

class S(State):
    n: Var[Annotated[int, Range(0, LAST)]] = initially(0)
    quiet: Var[bool] = initially(False)

@action
def up(s: S):
    \"\"\"n grows from {s.n}\"\"\"
    when(s.n < LAST)
    s.n.next = s.n + 1
"""
DOWN = """
@action
def down(s: S):
    when(LOOPS)
    when((s.n == LAST) & ~s.quiet)
    s.n.next = 0
"""
BAD = """
@invariant
def below(s: S):
    return s.n < 2

@invariant
def even_below(s: S):
    return s.n < 3
"""
FINE = """
@invariant
def inside(s: S):
    return s.n <= LAST
"""
SPECS = {
    "good": HEAD + DOWN + FINE + "\nspec = Spec(expect=HOLDS)\n",
    "bad": (
        HEAD + DOWN + BAD + FINE + '\nspec = Spec(expect=violates("below", steps=2, also=("even_below",)))\n'
    ),
    "stuck": HEAD + FINE + "\nspec = Spec()\n",
    "partial": (
        HEAD + DOWN + "\n@invariant\ndef divides(s: S):\n    return 6 // (s.n - 2) != 1\n\nspec = Spec()\n"
    ),
    "vacuous": (
        HEAD + DOWN + "\n@invariant\ndef quietly(s: S):\n    return implies(s.quiet, s.n == 0)\n\nspec ="
        " Spec(expect=HOLDS)\n"
    ),
    "wrong": HEAD + DOWN + BAD + '\nspec = Spec(expect=violates("even_below"))\n',
    "steps": HEAD + DOWN + BAD + '\nspec = Spec(expect=violates("below", steps=5, also=("even_below",)))\n',
    "hopeful": HEAD + DOWN + FINE + '\nspec = Spec(expect=violates("inside"))\n',
    "family": HEAD
    + DOWN
    + BAD
    + FINE
    + """
spec = Spec(expect=violates("below", steps=2, also=("even_below",)), variants=[
    variant("V0", violates("below", steps=2, also=("even_below",)), "as it was"),
    variant("V1", HOLDS, "one step | only", LAST="1"),
    variant("V2", HOLDS, "two steps", LAST=2)])
""",
    "typo": HEAD + DOWN + FINE.replace("s.n", "s.m") + "\nspec = Spec()\n",
    "start": HEAD + DOWN + "\n@initial\ndef begins(s: S):\n    return 3 // s.n == 1\n\nspec = Spec()\n",
    "raises": "import json\n\njson.loads('{')\n",
    "syntax": "def f(:\n    pass\n",
    "empty": "x = 1\n",
    "other": "spec = 7\n",
    "large": (
        """\
from typing import Annotated
from explorer import *

Digit = Annotated[int, Range(0, 30)]

class S(State):
    n: Map[Annotated[int, Range(0, 5)], Digit] = initially(0)

@action
def up(s: S, i: Annotated[int, Range(0, 5)]):
    s.n[i].next = (s.n[i] + 1) % 31

@invariant
def early(s: S):
    return s.n[0] != 3

@invariant
def small(s: S):
    return every(s.n[i] <= 30 for i in domain(Annotated[int, Range(0, 5)]))

spec = Spec(expect=HOLDS)
"""
    ),
}


class Done(NamedTuple):
    code: int
    out: str
    err: str


PHASES = "import|grounding|symmetry|preparation|compilation|liveness|guard counts|stories|vacuity"
PHASES += "|context|page|files"
WAIT = re.compile(rf"^.+: ({PHASES}): (.+, )?\d+ s\n", re.MULTILINE)
"""A line that announces a wait, which a slow machine has and a quick one has not."""


def without_waits(errors: str) -> str:
    """Standard error without the lines that announce a wait."""
    return WAIT.sub("", errors)


def run(*arguments: str, cwd: Path) -> Done:
    """What `python -m explorer` does in a directory, without announced waits; no traceback is ever shown."""
    done = subprocess.run(
        [sys.executable, "-m", "explorer", *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, without_waits(done.stderr))


def record_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "verdict.json").read_text())
    return found


def words(value: Any) -> str:
    """A test's name from its arguments."""
    return " ".join(value) if isinstance(value, list) else str(value) if isinstance(value, int) else ""


def limited(what: str, most: int) -> list[str]:
    """What stands before a command whose process gets no more of something, such as RLIMIT_FSIZE.
    (`preexec_fn` would copy this process, which may have reserved more than half of the memory.)
    """
    program = (
        "import os, resource, sys; _, what, most, *command = sys.argv; "
        "resource.setrlimit(getattr(resource, what), (int(most),) * 2); os.execv(command[0], command)"
    )
    return [sys.executable, "-c", program, what, str(most)]
