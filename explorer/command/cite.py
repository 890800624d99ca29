"""`python -m explorer cite TREE`: whether the functions that specs cite are in a source tree as they were
read.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from argparse import Namespace
from collections import Counter
from pathlib import Path

from explorer.command.citations import LINUX, UNREAD, Citation, Entry, cited, read, written
from explorer.command.cited_functions import digest, elsewhere
from explorer.command.standard_output import OutputError, say
from explorer.ir.data import dataclass
from explorer.render.whole_file import write_whole
from explorer.run.options import UsageError
from explorer.verdict import exit_codes

MARKS = {"linux": "arch/powerpc", "skiboot": "core/opal.c", "qemu": "hw/ppc"}
"""By what a tree is recognised."""

SAME, UNREAD_HERE, OTHER = "same", "unread", "other version"
CHANGED, MOVED, MISSING = "changed", "moved", "missing"
BAD = (MISSING, MOVED, CHANGED)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a citation in the tree. `where`: the file that has the function now."""

    entry: Entry
    status: str
    where: str

    def line(self) -> str:
        also = (
            f": {self.where} has it" if self.where else f"  ({self.entry.read_in})" * (self.status == OTHER)
        )
        return f"{self.status:<13}  {self.entry.citation.text}{also}"


def cite(options: Namespace) -> int:
    """The command. The exit code: 1 where a function is missing, was moved or has changed, else 0."""
    project = recognised(options.tree)
    if options.record is not None:
        return _record(options, project)
    entries = [entry for entry in read(options.citations) if entry.citation.project == project]
    findings = [found(options.tree, entry) for entry in entries]
    counts = Counter(finding.status for finding in findings)
    if options.json:
        say(json.dumps(_json(options, project, findings), indent=2))
    else:
        for finding in findings:
            if finding.status != SAME:
                say(finding.line())
        parts = ", ".join(f"{counts[s]} {s}" for s in (SAME, *BAD, UNREAD_HERE, OTHER) if counts[s])
        say(f"{len(entries)} citations of {project}: {parts or 'none'}")
    return exit_codes.UNEXPECTED if any(counts[status] for status in BAD) else exit_codes.OK


def recognised(tree: Path) -> str:
    """Which project's tree this is."""
    if not tree.is_dir():
        raise UsageError(f"{tree}: is no directory; expected: the source tree of {', '.join(MARKS)}")
    if not os.access(tree, os.R_OK | os.X_OK):
        raise UsageError(f"{tree}: {os.strerror(errno.EACCES)}")
    for project, mark in MARKS.items():
        if (tree / mark).exists():
            return project
    marks = ", ".join(f"{mark} ({project})" for project, mark in MARKS.items())
    raise UsageError(f"{tree}: is the source tree of no known project; expected: one that has {marks}")


def found(tree: Path, entry: Entry) -> Finding:
    """A citation looked up in the tree."""
    one = entry.citation
    now = digest(tree, one.path, one.function)
    if now is None:
        other = elsewhere(tree, one.path, one.function)
        if other is None and not _of_this(one):
            return Finding(entry, OTHER, "")
        return Finding(entry, MISSING if other is None else MOVED, other or "")
    if entry.digest == UNREAD:
        return Finding(entry, UNREAD_HERE, "")
    if now != entry.digest and not _of_this(one):
        return Finding(entry, OTHER, "")
    return Finding(entry, SAME if now == entry.digest else CHANGED, "")


def _of_this(one: Citation) -> bool:
    """Whether a function that is missing is missed: what another version has, this one need not."""
    return one.project != "linux" or f"Linux {one.version}" == LINUX


def _is_of(one: Citation, tree: str) -> bool:
    """Whether a citation is of the version that the tree is said to be: `Linux 5.10.198` is a 5.10."""
    return one.project != "linux" or f"{tree}.".startswith(f"Linux {one.version}.")


def _record(options: Namespace, project: str) -> int:
    """Write the list anew: what the specs cite of this version as the tree has it, the rest as it was."""
    known = {e.citation.text: e for e in read(options.citations)} if options.citations.exists() else {}
    entries, missing = [], []
    every = cited(options.citations.parent)
    whose = sorted({f"Linux {one.version}" for one in every if one.project == project == "linux"})
    if whose and not any(_is_of(one, options.record) for one in every if one.project == project):
        raise UsageError(
            f"--record {options.record!r}: nothing is cited of that version; expected: {' or '.join(whose)},"
            " with what follows, such as 'Linux 5.4.1'"
        )
    for one in every:
        old = known.get(one.text, Entry(one, "no tree", UNREAD))
        if one.project == project and _is_of(one, options.record):
            now = digest(options.tree, one.path, one.function)
            if now is None:
                missing.append(one.text)
                continue
            old = old if old.digest == now else Entry(one, options.record, now)
        entries.append(old)
    for text in missing:
        print(f"explorer: {text}: not in {options.tree}; nothing was written", file=sys.stderr)
    if missing:
        return exit_codes.UNEXPECTED
    try:
        write_whole(options.citations, written(entries))
    except OSError as error:
        raise OutputError(f"{options.citations} cannot be written: {error.strerror or error}") from None
    say(f"{options.citations}: {len(entries)} citations")
    return exit_codes.OK


def _json(options: Namespace, project: str, findings: list[Finding]) -> dict[str, object]:
    return {
        "tree": str(options.tree),
        "project": project,
        "citations": [
            {"citation": f.entry.citation.text, "status": f.status, "where": f.where or None}
            for f in findings
        ],
    }
