"""What a command says of its runs, on the screen and in files, and whether all of it could be written. Knows
nothing of how specs are found and checked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from explorer import __version__
from explorer.command.standard_output import OutputError, say
from explorer.engine.limits import Limits, Stopped
from explorer.engine.space import StateSpace
from explorer.render.formats import SEVERAL, Settings
from explorer.render.text.terminal import wants_colour
from explorer.render.whole_file import Unwritten
from explorer.run.options import UsageError
from explorer.trace.trace import Trace
from explorer.verdict import exit_codes
from explorer.verdict.record import CheckedRecord, Record
from explorer.verdict.verdict import Verdict


class Results:
    """Where the results of a command's runs go. `records` are those of all runs so far; `silent`: standard
    output is for a machine; `unwritten`: something that was asked for could not be written.
    """

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.settings = Settings(__version__, source_url=options.source_url or "")
        self.silent = options.json or options.format != "text"
        self.records: list[Record] = []
        self.unwritten = False

    def say(self, text: str, machine: bool = False) -> None:
        """Write a result to standard output; where that cannot be done, the files are still written."""
        try:
            say(text, machine=machine)
        except OutputError as error:
            self.note([Unwritten(f"explorer: {error}")])

    def note(self, notes: Sequence[str]) -> None:
        """Say on standard error what is worth knowing; what could not be written decides about the exit
        code.
        """
        self.heed(notes)
        for note in notes:
            print(note, file=sys.stderr)

    def heed(self, notes: Sequence[str]) -> None:
        self.unwritten = self.unwritten or any(isinstance(note, Unwritten) for note in notes)

    def tell(self, trace: Trace) -> None:
        """Print a story while the search goes on."""
        from explorer.command.files import laid_out

        colour = wants_colour(sys.stdout)
        self.say(laid_out(trace, colour, self.options.full))

    def report(
        self,
        space: StateSpace,
        verdict: Verdict,
        record: CheckedRecord,
        directory: Path,
        *,
        limits: Limits,
        printed: Collection[str] = (),
    ) -> None:
        """Write the files, then say what was found but for the stories that are `printed` already; a file
        that cannot be written is a note, never a loss. What it takes are phases of the run; the first Ctrl-C
        leaves out the page to walk with, or the files that are not written yet.
        """
        from explorer.command.files import walk_of, write_all

        options = self.options
        quick = "html" not in (*options.write, options.format)
        walk = None
        with suppress(Stopped):
            walk = limits.during("page", lambda: walk_of(space, verdict, record, quick=quick))
        limits.tell()
        settings = replace(self.settings, walk=walk)
        record["seconds"] = limits.seconds
        write = partial(write_all, space, verdict, record, directory, graph=options.graph, png=options.png)
        try:
            notes = limits.during("files", partial(write, write=options.write, settings=settings))
        except Stopped:
            notes = [Unwritten("interrupted: files that were not written yet are missing")]
        limits.finish()
        if options.profile:
            from explorer.command.profile import profile

            print(profile(replace(space, phases={**limits.spent, **space.phases})), file=sys.stderr)
        notes += self.twins(space, verdict, directory) + self.opened(directory)
        self.heed(notes)
        if not self.silent:
            from explorer.command.files import screen

            self.say(
                screen(
                    verdict,
                    record,
                    directory,
                    notes,
                    colour=wants_colour(sys.stdout),
                    full=self.options.full,
                    expect=self.options.expect,
                    strict=self.options.strict,
                    printed=printed,
                )
            )
        else:
            self.show(space, verdict, record, settings)
            self.note(notes)

    def twins(self, space: StateSpace, verdict: Verdict, directory: Path) -> list[str]:
        """Write the litmus tests that `--twin` asks for; notes."""
        if not self.options.twin:
            return []
        from explorer.command.twin import write_twins

        try:
            return write_twins(space, self.options.twin, verdict.traces, directory)
        except OSError as error:
            return [Unwritten(f"--twin: {error.strerror or error}")]

    def opened(self, directory: Path) -> list[str]:
        """Show report.html in the person's browser where that was asked for; a note where there is none."""
        if not self.options.open:
            return []
        import webbrowser

        page = directory / "report.html"
        return (
            []
            if webbrowser.open(page.resolve().as_uri())
            else [f"--open: no browser was found; the report is {page}"]
        )

    def show(self, space: StateSpace, verdict: Verdict, record: CheckedRecord, settings: Settings) -> None:
        """Print a format that shows one run."""
        from explorer.command.files import one_format
        from explorer.render.picture.drawing import TooLarge

        name = self.options.format
        if self.options.json or name in SEVERAL:
            return
        try:
            text = one_format(name, space, verdict, record, settings)
        except TooLarge as error:
            raise UsageError(f"--format {name}: {error}") from None
        if text:
            self.say(text.rstrip("\n"), machine=True)
        else:
            print(f"--format {name}: there is no counterexample to show", file=sys.stderr)

    def together(self) -> int:
        """What is said of all runs at once, and the files of all of them; exit_codes.UNWRITTEN where one
        could not be written.
        """
        from explorer.command import files as output

        options = self.options
        name = "json" if options.json else options.format
        if name in SEVERAL:
            self.say(output.together(name, self.records, self.settings).rstrip("\n"), machine=True)
        if options.annotate or os.environ.get("GITHUB_ACTIONS") == "true":
            print(output.together("annotations", self.records, self.settings), end="", file=sys.stderr)
        files = {"junit": options.junit, "sarif": options.sarif, "markdown": options.markdown}
        notes = output.write_together(self.records, files, self.settings)
        self.note(notes)
        return exit_codes.UNWRITTEN if self.unwritten else exit_codes.OK
