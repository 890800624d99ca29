"""`python -m explorer export MONITOR --from rv`: a monitor of the kernel's runtime verification as a spec."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from explorer.command.standard_output import OutputError, say
from explorer.export import rv_dot, rv_ltl, rv_spec
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.verdict import exit_codes


def from_monitor(options: Namespace) -> int:
    """Writes the spec, and says how it is explored. UsageError for what rvgen would not read either."""
    if options.to or options.mapping or options.cpu or options.define:
        other = "--to" if options.to else "--map" if options.mapping else "--cpu" if options.cpu else "-D"
        raise UsageError(
            f"export --from rv: {other} is for specs; write: python -m explorer export wip.dot --from rv"
        )
    path = Path(options.spec)
    try:
        text = _text(path)
    except rv_dot.Unreadable as reason:
        raise UsageError(str(reason)) from None
    directory = options.out or Path("out") / path.stem
    target = directory / f"{rv_spec.module_name(path.stem)}.py"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_whole(target, text)
    except OSError as error:
        raise OutputError(f"{directory}: cannot be written: {error.strerror or error}") from None
    say(f"{target}\nexplore it:\n  python -m explorer {target}")
    return exit_codes.OK


def _text(path: Path) -> str:
    if path.suffix in (".dot", ".gv"):
        return rv_spec.spec_of(rv_dot.read_dot(path))
    if path.suffix == ".ltl":
        return rv_ltl.spec_of(path.stem, rv_ltl.read_ltl(path))
    raise UsageError(
        f"{path}: neither an automaton nor a formula; write: a file that ends in .dot, .gv or .ltl"
    )
