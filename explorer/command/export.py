"""`python -m explorer export SPEC --to LANGUAGE`: the model in the language of another model checker, as a
file.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.export import murphi, promela, promela_ltl, tla
from explorer.export.flat import CannotSay, Flat, flatten
from explorer.export.names import word
from explorer.ir.model import Model
from explorer.render.whole_file import write_whole
from explorer.symmetry.find import find
from explorer.verdict import exit_codes


def export(model: Model, options: argparse.Namespace) -> int:
    """Writes the files and says how they are run; 1 where something of the model cannot be said."""
    try:
        files, commands = _text(model, options.to)
    except CannotSay as reason:
        print(f"explorer: {options.to} cannot say it: {reason}", file=sys.stderr)
        return exit_codes.UNEXPECTED
    directory = options.out or Path("out") / model.name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_whole(directory / name, text)
    except OSError as error:
        raise OutputError(f"{directory}: cannot be written: {error.strerror or error}") from None
    say("\n".join([*(str(directory / name) for name in files), "run there:", *(f"  {c}" for c in commands)]))
    return exit_codes.OK


def _lasting(flat: Flat) -> Iterator[tuple[str, tuple[str, str]]]:
    """A file for each part of each temporal property that SPIN can be asked, and its formula."""
    for name, parts in flat.formulas:
        for part in range(len(parts)):
            number = f"_{part + 1}" if len(parts) > 1 else ""
            with suppress(CannotSay):
                yield f"{flat.model.name}_{word(name)}{number}.pml", promela_ltl.promela_ltl(flat, name, part)


def _text(model: Model, to: str) -> tuple[dict[str, str], list[str]]:
    """The files by name, and the commands that run them."""
    flat = flatten(model)
    if to == "promela":
        file = f"{model.name}.pml"
        commands = [c.format(file=shlex.quote(file)) for c in promela.COMMANDS]
        files = {file: promela.promela(flat)}
        for file, (text, formula) in _lasting(flat):
            files[file] = text
            commands += [c.format(file=shlex.quote(file), formula=formula) for c in promela_ltl.COMMANDS]
        return files, commands
    if to == "tla":
        name = tla.module(model.name)
        written = tla.tla(flat, find(model).proven)
        files = {f"{name}.tla": written.text, f"{name}.cfg": written.configuration()}
        return files, [c.format(name=name) for c in tla.COMMANDS]
    file = f"{model.name}.m"
    asked = {"file": shlex.quote(file), "deadlock": murphi.deadlocks(flat)}
    return {file: murphi.murphi(flat)}, [c.format(**asked) for c in murphi.COMMANDS]
