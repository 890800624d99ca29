"""Runs Graphviz in a process of its own: the system's `dot` where present, else the `graphviz-pure` wheel's
program.

Knows nothing of what is drawn. Never raises for a missing program, a failure or a time-out: a note says what
happened.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.ir.data import dataclass
from explorer.render.text.terminal import clean
from explorer.render.whole_file import Unwritten, note_written, write_whole

if TYPE_CHECKING:
    import subprocess

    import graphviz

FORMATS = ("svg", "png", "dot")
TIMEOUT = 20.0
"""Seconds that one layout may take."""

MISSING = (
    "no picture: neither Graphviz's `dot` nor the graphviz-pure wheel is installed; write: pip install"
    " graphviz-pure"
)


class TooLarge(Exception):
    """A picture above the stated size; the text says what to do instead."""


@dataclass(slots=True)
class Drawing:
    """Pictures in the making. `files` and `notes` are complete after `finish`."""

    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    started: float = 0.0
    timeout: float = TIMEOUT
    _running: list[tuple[Path, subprocess.Popen[bytes]]] = field(default_factory=list)

    def finish(self) -> Drawing:
        """Wait for the pictures, each until its time-out. A file is listed only if it was written to its
        end.
        """
        import subprocess

        while self._running:
            path, process = self._running.pop(0)
            try:
                _, errors = process.communicate(
                    timeout=max(self.started + self.timeout - time.monotonic(), 0.0)
                )
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                path.unlink(missing_ok=True)
                self.notes.append(
                    f"{path.name} was not drawn: the layout took longer than {self.timeout:g} s; "
                    "the graph is in the .dot file"
                )
                continue
            if process.returncode or not path.exists():
                path.unlink(missing_ok=True)
                said = clean(
                    (
                        errors.decode(errors="replace").strip().splitlines()
                        or [f"exit code {process.returncode}"]
                    )[0]
                )
                self.notes.append(f"{path.name} was not drawn: {said}")
            else:
                self.files.append(path)
                note_written(path)
        return self


def draw(
    graph: graphviz.Digraph, path: Path, formats: Sequence[str] = FORMATS, *, timeout: float = TIMEOUT
) -> Drawing:
    """Write `path` + .dot and, where a Graphviz program exists, the pictures asked for; waits until they are
    written.
    """
    return begin(graph, path, formats, timeout=timeout).finish()


def begin(
    graph: graphviz.Digraph, path: Path, formats: Sequence[str] = FORMATS, *, timeout: float = TIMEOUT
) -> Drawing:
    """Like `draw`, but the pictures are made in child processes meanwhile; call `finish` before leaving.

    What an earlier run left under the same names is removed: an old picture beside a new text would mislead.
    """
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise ValueError(f"picture format {sorted(unknown)}: expected some of {', '.join(FORMATS)}")
    source = path.with_name(path.name + ".dot")
    drawing = Drawing(started=time.monotonic(), timeout=timeout)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(source, graph.source)
        for form in FORMATS:
            if form != "dot":
                path.with_name(f"{path.name}.{form}").unlink(missing_ok=True)
    except OSError as error:
        drawing.notes.append(Unwritten(f"{source} was not written: {error.strerror or error}"))
        return drawing
    drawing.files.append(source)
    wanted = [f for f in dict.fromkeys(formats) if f != "dot"]
    program = layout_program() if wanted else None
    if wanted and program is None:
        drawing.notes.append(MISSING)
        return drawing
    import subprocess

    for form in wanted:
        target = path.with_name(f"{path.name}.{form}")
        command = [str(program), f"-T{form}", f"-o{target}", str(source)]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as error:
            drawing.notes.append(f"{target.name} was not drawn: {program}: {error.strerror}")
            continue
        drawing._running.append((target, process))
    return drawing


def layout_program() -> Path | None:
    """The system's `dot`, else the graphviz-pure program beside this Python or on the path, else None."""
    import shutil
    import sysconfig

    result = shutil.which("dot")
    if result:
        return Path(result)
    folders = [str(Path(sys.executable).parent), sysconfig.get_path("scripts")]
    for folder in (*folders, None):
        result = shutil.which("graphviz-pure", path=folder)
        if result:
            return Path(result)
    return None


def plain(text: str) -> str:
    """A label that Graphviz takes as it is: no escapes, no HTML, line ends kept."""
    import graphviz

    escaped = graphviz.escape("\n".join(clean(line) for line in text.split("\n"))).replace("\n", r"\n")
    label: str = graphviz.nohtml(
        escaped
    )  # a kind of str that the package quotes even where it looks like <HTML>
    return label
