"""Traces made by hand, and texts that are hard to print."""

from __future__ import annotations

from typing import Any

from explorer.trace.trace import Change, Step, Trace

NASTY = [
    'say "hi"',
    r"back\slash \n \N",
    "<b>bold</b>",
    "<<TABLE>>",
    "a & b &amp; c",
    "two\nlines",
    "bell\x07 \x1b[31mred",
    "é → ∀",
    "{a|b}",
    "",
]

Row = tuple[str, str, dict[str, Any]]


def told(
    rows: list[Row],
    lanes: tuple[str, ...],
    *,
    kind: str = "invariant",
    why: tuple[str, ...] = (),
    **initial: str,
) -> Trace:
    """A trace from (actor, label, fields); `changed` in the fields gives new values."""
    state = dict(initial)
    steps = [Step(0, "", "", {}, "", "initial state", "", "", "", (), (), (), dict(state), {}, {})]
    for index, (actor, label, fields) in enumerate(rows, 1):
        new = fields.get("changed", {})
        changed = {name: Change(state.get(name, "?"), value) for name, value in new.items()}
        state |= new
        steps.append(
            Step(
                index,
                "act",
                f"act(cpu={actor})",
                {"cpu": actor},
                actor,
                label,
                fields.get("function", ""),
                "",
                f"spec.py:{index}",
                fields.get("opens", ()),
                fields.get("closes", ()),
                fields.get("sends", ()),
                dict(state),
                changed,
                fields.get("observed", {}),
                fields.get("failed", False),
            )
        )
    return Trace("safe", kind, len(rows) - any(step.failed for step in steps), lanes, tuple(steps), why)


SET, BELL, EXCEPTION = (
    {"function": name}
    for name in ("smp_muxed_ipi_set_message", "doorbell_global_ipi(42)", "doorbell_exception")
)
COMMIT: list[Row] = [
    ("X", "smp_mb()", SET),
    ("X", "message[RESCHEDULE] = 1", SET),
    ("X", "kvmppc_set_host_ipi(42, 1)", BELL),
    ("X", "ppc_msgsnd_sync()/smp_mb()", BELL),
    ("X", "ppc_msgsnd() -> 42", {**BELL, "sends": (("42", "doorbell"),)}),
    ("42", "ppc_msgsync()", EXCEPTION),
    ("105", "smb_mb()", SET),
    ("105", "message[CALL_FUNCTION] = 1", {**SET, "opens": ("m",)}),
    ("105", "kvmppc_set_host_ipi(42, 1)", BELL),
    ("42", "kvmppc_set_host_ipi(42, 0)", EXCEPTION),
    ("42", "smp_ipi_demux_relaxed()", {}),
    ("42", "// returns to executing guest", {}),
    ("105", "message[CALL_FUNCTION] = 1", {"closes": ("m",)}),
    ("105", "ppc_msgsnd_sync()/smp_mb()", BELL),
    ("105", "ppc_msgsnd() -> 42", {**BELL, "sends": (("42", "doorbell"),)}),
    ("42", "local_paca->kvm_hstate.host_ipi == 0 // IPI ignored", {}),
    ("105", "// hangs waiting on 42", {}),
]


def issue(actor: str, *keys: str) -> Row:
    return actor, "issue", {"opens": keys}


def visible(actor: str, *keys: str) -> Row:
    return actor, "visible", {"closes": keys}


def look(actor: str) -> Row:
    return actor, "look", {}
