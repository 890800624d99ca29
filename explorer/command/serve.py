"""`python -m explorer serve SPEC [TRACE]`: the report, alive, in a browser on this machine. The check runs
beside it, and its report takes the place of the first page when it ends.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from typing import Any

from explorer.command.replay import model_with, read_trace
from explorer.command.standard_output import own_prints, say
from explorer.ir.model import Model
from explorer.language.spec import Spec
from explorer.render.html.report import report, walk_page
from explorer.render.text.summary import claim
from explorer.render.text.terminal import clean
from explorer.run.alarm import alarm
from explorer.run.constants import bindings, single
from explorer.run.load import load
from explorer.run.options import RunOptions, UsageError
from explorer.run.run import limits_of, run
from explorer.serve.application import Application, end, listen
from explorer.serve.session import Refused, Session
from explorer.verdict import exit_codes
from explorer.verdict.record import CheckedRecord, told
from explorer.verdict.report_context import context


def serve(options: argparse.Namespace) -> int:
    """Answer until Ctrl-C; the exit code: 0, or 1 where the trace does not fit the spec."""
    # A shell that starts this in the background has it ignore what `kill -INT` sends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    spec, model = _model(options)
    path, note = None, ""
    try:
        session = Session(model, spec)
    except Refused as error:
        raise UsageError(f"serve {options.spec}: {error}") from None
    if options.trace is not None:
        try:
            opened = session.opened(options.trace.read_text(encoding="utf-8-sig"))
        except Refused as error:
            say(f"{options.trace} does not fit {model.name}: {error}")
            return exit_codes.of_replay(False)
        path, note = opened.path, opened.note
    site = Site(session, path, options.check, options.source_url or "")
    server = listen(site.application, options.port)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        say("\n".join([*([note] if note else []), f"{model.name}: {site.application.address}"]))
        print("Ctrl-C ends it", file=sys.stderr)
        if options.open:
            _open(site.application.address)
        if options.check:
            say(site.check(model, options.timeout))
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        end(server)
    return exit_codes.OK


class Site:
    """The pages of a session: a walk alone until the check has ended, and then the report of it."""

    def __init__(
        self, session: Session, path: list[int] | None, checking: bool = False, source_url: str = ""
    ):
        self.session, self.path, self.checking, self.source_url = session, path, checking, source_url
        self.record: CheckedRecord | None = None
        self.application = Application(session, self.page, self.status)

    def page(self) -> str:
        record = self.record
        walk: dict[str, Any] = {
            **self.session.outline(told(record) if record else {}),
            "live": True,
            "path": self.path,
            "checking": self.checking and record is None,
        }
        if record is not None:
            return report(record, walk, self.source_url)
        model = self.session.model
        return walk_page(model.name, context(model, {})["about"], walk, self.source_url)

    def status(self) -> dict[str, Any]:
        return {"done": self.record is not None, "claim": clean(claim(self.record)) if self.record else ""}

    def check(self, model: Model, seconds: float) -> str:
        """Check everything that the spec states, for so long at most; what was found, in a sentence."""
        options = RunOptions(timeout=seconds)
        limits = limits_of(options)
        with alarm(limits):
            limits.restart()
            space, verdict = run(model, options, limits)
            limits.finish()
        self.record = {**verdict.record(), **context(space.model, verdict.traces, sampled=not verdict.traces)}
        return claim(self.record)


def _model(options: argparse.Namespace) -> tuple[Spec, Model]:
    """The spec, and its model with the constants of the trace, if there is one; -D wins over them."""
    stored: dict[str, Any] = {}
    if options.trace is not None and not options.own_constants:
        stored = dict(read_trace(options.trace)[0].get("constants", {}))
    with own_prints():
        spec = load(options.spec)
        given = single(bindings(spec, options.define))
        return spec, model_with(spec, options.spec, {**stored, **given})


def _open(address: str) -> None:
    import webbrowser

    with contextlib.suppress(webbrowser.Error):
        if webbrowser.open(address):
            return
    print("--open: no browser was found; open the address above", file=sys.stderr)
