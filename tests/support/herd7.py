"""The litmus runner beside herd7, where herdtools7 is at hand.

`python -m tests.support.herd7 FILE...` compares the final states of tests; `--cycles ARCH SEED COUNT` has
diyone7 make them of random cycles first. ARCH is PPC, AArch64 or X86_64. HERD7 and DIYONE7 in the environment
are the commands, with their options.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from explorer.litmus.judge import MODELS, judge
from explorer.litmus.program import LitmusError
from explorer.litmus.read import read_file
from explorer.litmus.report import states

SECONDS = 60
"""For one test before herd7."""

COMMUNICATIONS = {"Rfe": "WR", "Fre": "RW", "Coe": "WW"}
"""Edges between threads, and what they lead from and to."""

DEPENDENCIES = {"DpAddrdR": "RR", "DpAddrdW": "RW", "DpDatadW": "RW", "DpCtrldW": "RW", "DpCtrldR": "RR"}
ORDER = {"PodRR": "RR", "PodRW": "RW", "PodWR": "WR", "PodWW": "WW", "PosRR": "RR", "PosWR": "WR"}
LOCAL = {
    "PPC": ORDER | DEPENDENCIES | {"DpCtrlIsyncdR": "RR", "Rfi": "WR", "Fri": "RW", "LxSx": "RW"},
    "AArch64": ORDER
    | DEPENDENCIES
    | {name.replace("d", "Cseld", 1): ends for name, ends in DEPENDENCIES.items() if name[2:6] != "Data"}
    | {"DpCtrlIsbdR": "RR", "DpCtrlCselIsbdR": "RR", "Rfi": "WR", "Fri": "RW", "LxSx": "RW"}
    | dict.fromkeys(("Amo.Swp", "Amo.Cas", "Amo.LdAdd", "Amo.StAdd"), "RW"),
    "X86_64": ORDER | {"Rfi": "WR", "Fri": "RW"},
}
"""Edges within a thread."""
FENCES = {"PPC": ("Sync", "LwSync", "Eieio", "ISync"), "AArch64": ("DMB.SY", "DMB.LD", "DMB.ST", "ISB")}


def random_cycle(choose: random.Random, architecture: str) -> list[str]:
    """The edges of a cycle through two or three threads; diyone7 refuses some."""
    local = dict(LOCAL[architecture])
    for fence in FENCES.get(architecture, ("MFence",)):
        local |= {f"{fence}d{a}{b}": a + b for a in "RW" for b in "RW"}
    first = choose.choice(sorted(COMMUNICATIONS))
    cycle, (start, at), threads = [first], COMMUNICATIONS[first], choose.choice((2, 2, 3))
    for thread in range(threads):
        for _ in range(choose.choice((1, 1, 2, 2, 3))):
            edge = choose.choice([e for e, ends in local.items() if ends[0] == at])
            cycle.append(edge)
            at = local[edge][1]
            if architecture == "AArch64" and choose.random() < 0.2:
                cycle.append(choose.choice("AQ" if at == "R" else "L"))
        if thread < threads - 1:
            edge = choose.choice([e for e, ends in COMMUNICATIONS.items() if ends[0] == at])
            cycle.append(edge)
            at = COMMUNICATIONS[edge][1]
        elif at != start:
            cycle.append(choose.choice([e for e, ends in local.items() if ends == at + start]))
    old = architecture != "AArch64"
    return [edge.replace("Coe", "Wse") if old else edge for edge in cycle]


def cycles(architecture: str, seed: int, count: int, directory: Path) -> list[Path]:
    """So many tests of random cycles."""
    choose, made = random.Random(f"{architecture} {seed}"), list[Path]()
    while len(made) < count:
        path = directory / f"{architecture}-{seed}-{len(made)}.litmus"
        command = [*shlex.split(os.environ.get("DIYONE7", "diyone7")), "-arch", architecture]
        try:
            said = subprocess.run(
                [*command, *random_cycle(choose, architecture)], capture_output=True, text=True, timeout=2
            )
        except subprocess.TimeoutExpired:
            continue
        if said.stdout.startswith(architecture):
            path.write_text(said.stdout)
            made.append(path)
    return made


def of_herd(path: Path) -> set[str] | None:
    """herd7's final states of a test; None where it has no answer."""
    command = [*shlex.split(os.environ.get("HERD7", "herd7")), str(path)]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS).stdout
    except subprocess.TimeoutExpired:
        return None
    found = re.search(r"^States \d+\n(.*?)^(?:Loop )?(?:Ok|No)$", said, re.MULTILINE | re.DOTALL)
    return None if found is None else {_ordered(line) for line in found[1].splitlines()}


def _ordered(line: str) -> str:
    return " ".join(sorted(line.replace(" ", "").strip(";").split(";")))


def compared(path: Path) -> str:
    """agrees; or how it differs, or why it is not compared."""
    try:
        test = read_file(path)
        ours = {_ordered(line) for line in states(judge(test, MODELS[test.architecture]))}
    except LitmusError as error:
        return f"refused: {error}"
    herds = of_herd(path)
    if herds is None:
        return "herd7 has no answer"
    if ours == herds:
        return "agrees"
    return f"differs: ours alone {sorted(ours - herds)}, herd7's alone {sorted(herds - ours)}"


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as made:
        if arguments[:1] == ["--cycles"]:
            architecture, seed, count = arguments[1], int(arguments[2]), int(arguments[3])
            paths = cycles(architecture, seed, count, Path(made))
        else:
            paths = [Path(each) for each in arguments]
        found = {path: compared(path) for path in paths}
        for path, said in found.items():
            if said != "agrees":
                print(f"{path}: {said}")
                print(path.read_text() if said.startswith("differs") and made in str(path) else "", end="")
        agreed, differ = (sum(s.startswith(word) for s in found.values()) for word in ("agrees", "differs"))
        other = len(found) - agreed - differ
        print(f"{len(found)} tests: {agreed} agree, {differ} differ, {other} not compared")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
