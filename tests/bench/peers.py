"""SPIN and Rumur on the same model: exported, compiled, run, and their counts read."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.ir.model import Model

from .murphi import murphi
from .promela import promela

SPIN_FLAGS = ("-O3", "-DBFS", "-DSAFETY", "-DNOREDUCE", "-DNOCLAIM", "-DNOFAIR", "-w")
"""Breadth first, exact storage (neither -DBITSTATE nor -DHC nor -DCOLLAPSE), no partial-order reduction."""
RUMUR_OPTIONS = ("--deadlock-detection", "off", "--symmetry-reduction", "off", "--threads", "1")
RUMUR_FLAGS = ("-std=c11", "-O3", "-march=native", "-w")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a peer reports. `seconds` is from the start of its verifier to its end, `cpu` its processor
    time.
    """

    states: int
    transitions: int
    seconds: float
    cpu: float


class Missing(Exception):
    """A tool is not installed; the message names it."""


def _need(*tools: str) -> None:
    for tool in tools:
        if not shutil.which(tool):
            raise Missing(f"{tool} is not installed")


def spin(model: Model, directory: Path, states: int, repeat: int = 1) -> list[Counted]:
    """SPIN's counts; its hash table has room for `states`."""
    _need("spin", "gcc")
    (directory / "model.pml").write_text(promela(model))
    _run(["spin", "-a", "model.pml"], directory)
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 8 // 10 >> 20
    _run(["gcc", *SPIN_FLAGS, f"-DMEMLIM={megabytes}", "-o", "pan", "pan.c"], directory)
    initial = len(list(model.initial_states()))
    chosen = initial if initial > 1 else 0  # SPIN counts the state before the choice, and the steps from it
    found = []
    for _ in range(repeat):
        text, seconds, cpu = _timed(["./pan", "-E", f"-w{max(16, states.bit_length())}"], directory)
        if not re.search(r"errors: 0\b", text) or "search was not completed" in text.lower():
            raise RuntimeError(f"SPIN found an error or gave up:\n{text}")
        found.append(
            Counted(
                _number(r"(\d+) states, stored", text) - (chosen > 0),
                _number(r"(\S+) transitions", text) - chosen - 1,
                seconds,
                cpu,
            )
        )
    return found


def rumur(model: Model, directory: Path, repeat: int = 1, packed: bool = False) -> list[Counted]:
    """Rumur's counts. Packed states are its default; without, it is faster and needs more memory."""
    _need("rumur", "gcc")
    (directory / "model.m").write_text(murphi(model))
    _run(
        [
            "rumur",
            *RUMUR_OPTIONS,
            "--pack-state",
            "on" if packed else "off",
            "--output",
            "model.c",
            "model.m",
        ],
        directory,
    )
    _run(["gcc", *RUMUR_FLAGS, "-o", "model", "model.c", "-lpthread", "-latomic"], directory)
    found = []
    for _ in range(repeat):
        text, seconds, cpu = _timed(["./model"], directory)
        if "No error found" not in text:
            raise RuntimeError(f"Rumur found an error:\n{text}")
        summary = text[text.rindex("State Space Explored") :]
        found.append(
            Counted(_number(r"(\d+) states", summary), _number(r"(\d+) rules fired", summary), seconds, cpu)
        )
    return found


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"no {pattern!r} in:\n{text}")
    return round(float(match[1]))  # SPIN tells eight digits of large numbers


def _run(command: Sequence[str], directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _timed(command: Sequence[str], directory: Path) -> tuple[str, float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock = time.perf_counter()
    text = _run(command, directory)
    seconds = time.perf_counter() - clock
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return text, seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
