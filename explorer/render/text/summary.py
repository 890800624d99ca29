"""What a person reads after a run: the claim in one sentence, the properties, the counts. A pure function of
the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from explorer.render.text.terminal import BOLD, GREEN, RED, WIDTH, YELLOW, clean, counted, paint, wrapped
from explorer.verdict.record import FindingRecord, PropertyRecord, Record, StatesRecord, VerdictRecord

MEMORIES = ("sc", "tso", "pso", "arm", "power")
COLOURS = {"holds": GREEN, "violated": RED, "undetermined": YELLOW}
FINDINGS, SHARED_FROM, FEW, SLIM = 8, 5, 6, 60
"""Findings shown on the screen; with more properties than SHARED_FROM, those that hold share a line, and
those that are undetermined for one reason; how many names of properties that were left out are given; fewer
columns have no room for names beside a verdict."""


def summary(record: Record, colour: bool = False, files: Iterable[object] = (), width: int = WIDTH) -> str:
    """The screen text for one checked spec, without a newline at the end. At most 12 lines where all is
    well.
    """
    if "error" in record:
        return (
            paint(f"{clean(str(record['spec']))} could not be checked:", f"{BOLD};{RED}", colour)
            + "\n"
            + str(record["error"])
        )
    code = f"{BOLD};{COLOURS[record['verdict']]}"
    lines = [paint(line, code, colour) for line in wrapped(claim(record), width)]
    lines += ["", *_table(record["properties"], colour, width), "", *wrapped(_counts(record), width)]
    lines += _findings(record["findings"], colour, width)
    lines += wrapped(advice(record), width, 2)
    written = ", ".join(map(str, files))
    if written:
        lines += wrapped(f"written: {written}", width, 2)
    return "\n".join(lines)


def claim(record: VerdictRecord) -> str:
    """What was found and how far it goes, in one sentence; what was left out, in a second one."""
    left = [clean(name) for name in record["not_checked"]]
    more = f" and {len(left) - FEW} more" if len(left) > FEW else ""
    return _found(record) + (
        f" Not checked, since --property names others: {', '.join(left[:FEW])}{more}." if left else ""
    )


def met(record: VerdictRecord, no: str = "not met") -> str:
    """Whether a declared expectation is met, and how far that was checked; `no` where it is not."""
    return (
        no if not record["expectation_met"] else "met as far as checked" if record["not_checked"] else "met"
    )


def advice(record: VerdictRecord) -> str:
    """What makes a space smaller, or tells of it, where a limit ended the search; "" elsewhere."""
    stopped = record["stopped"] or ""
    if not stopped.startswith(("--max-states", "--timeout", "--max-memory")):
        return ""
    states = record["states"]
    numbers = [
        f"-D {clean(str(name))}={value - 1}"
        for name, value in record["constants"].items()
        if type(value) is int and value > 1
    ]
    ways = [
        *([f"smaller constants, such as {numbers[0]}"] if numbers else []),
        *(
            ["symmetry (a Scalarset, and no --no-symmetry)"]
            if states["distinct"] == states["represented"]
            else []
        ),
        *(["--storage compact"] if record["storage"] == "exact" and "memory" in stopped else []),
    ]
    tell = "`estimate` says how large it is, `simulate` walks through it at random"
    return f"To see all of it: {'; '.join(ways)}. {tell}" if ways else f"Of a space this large {tell}"


def _found(record: VerdictRecord) -> str:
    states, name = record["states"], clean(str(record["spec"]))
    checked = ", ".join(clean(p["name"]) for p in record["properties"])
    bound = _bound(record)
    seen = f"{counted(states['distinct'], 'state')} up to depth {states['depth']}"
    reasons = [p["reason"] for p in record["properties"] if p["verdict"] == "undetermined" and p["reason"]]
    partial = record["stopped"] or next(iter(reasons), None)
    omission = record["omission_probability"]
    bits = record["fingerprint_bits"]
    doubt = (
        f", unless one was omitted (fingerprints of {bits} bits, probability at most {omission:.1e})"
        if omission
        else ""
    )
    if record["verdict"] == "violated":
        broken = ", ".join(clean(p["name"]) for p in record["properties"] if p["verdict"] == "violated")
        extent = (
            f"{seen} were visited, not all: {clean(partial)}"
            if partial
            else f"every reachable state was visited{doubt}"
        )
        return f"{name} violates {broken}{bound}; {extent}."
    if record["verdict"] == "undetermined":
        subject = f"{name}: {checked}" if record["not_checked"] else name
        return (
            f"{subject} is undetermined{bound}: {clean(partial or 'nothing was checked')}; no violation in"
            f" {seen}."
        )
    if record["not_checked"]:
        return (
            f"{name}: only {checked} was checked and holds{bound}; every reachable state was visited{doubt}."
        )
    return f"{name} holds{bound}: every reachable state was visited{doubt}."


def _bound(record: VerdictRecord) -> str:
    """The constants that are not as the spec has them, and always the memory: no verdict is without it."""
    named = dict(record["bound"])
    if record["constants"].get("memory") in MEMORIES:
        named.setdefault("memory", record["constants"]["memory"])
    texts = [f"{clean(str(name))}={clean(str(value))}" for name, value in named.items()]
    return f" with {', '.join(texts)}" if texts else ""


def _table(properties: Sequence[PropertyRecord], colour: bool, width: int) -> Iterator[str]:
    """A line for each property. Where there are many, those that hold share one; so do those that are
    undetermined for the same reason, also where it is long.
    """
    many = len(properties) > SHARED_FROM
    groups: dict[tuple[str, str], list[str]] = {}
    for p in properties:
        if p["verdict"] in ("holds", "undetermined"):
            groups.setdefault((p["verdict"], clean(p["reason"])), []).append(clean(p["name"]))
    shared = {
        (verdict, reason): names
        for (verdict, reason), names in groups.items()
        if (many and verdict == "holds") or (len(names) > 1 and (many or 2 * len(reason) > width))
    }
    shown = [p for p in properties if (p["verdict"], clean(p["reason"])) not in shared]
    cells = [(clean(p["name"]), clean(p["kind"]), p["verdict"]) for p in shown]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for p, cell in zip(shown, cells):
        name, kind, verdict = (text.ljust(size) for text, size in zip(cell, widths))
        detail = _detail(p)
        painted = verdict.replace(p["verdict"], paint(p["verdict"], COLOURS[p["verdict"]], colour))
        if 2 + len(f"{name}  {kind}  {verdict}  {detail}".rstrip()) <= width:
            yield f"  {name}  {kind}  {painted}  {detail}".rstrip()
        else:
            yield f"  {cell[0]}"
            yield f"    {painted.rstrip()}" + (f" {detail}" if detail else "")
    for (verdict, reason), names in shared.items():
        room = len(verdict) + 4 if width >= SLIM else 4
        lines = wrapped(", ".join(names) + (f": {reason}" if reason else ""), width - room)
        painted = "  " + paint(verdict, COLOURS[verdict], colour)
        yield painted + "  " + lines.pop(0) if width >= SLIM else painted
        yield from (" " * room + line for line in lines)


def _detail(p: PropertyRecord) -> str:
    """What stands behind a verdict: the length of the story, or why there is none."""
    if p["trace_length"] is None:
        return clean(p["reason"])
    length = counted(p["trace_length"], "step")
    return f"lasso of {length}" if p["kind"] == "temporal" else f"after {length}"


def standing(states: StatesRecord) -> str:
    """Behind a number of visited states: how many they stand for, where symmetry let a run visit fewer."""
    return standing_for(states["distinct"], states["represented"])


def standing_for(visited: int, whole: int) -> str:
    return f", standing for {whole:,} by symmetry" if whole != visited else ""


def apart(states: StatesRecord) -> str:
    """Behind a number of visited states: how many a constraint kept from being left, where it did."""
    beyond = sum(states["beyond"].values())
    return f", {states['within']:,} within the constraint and {beyond:,} beyond" if beyond else ""


def _counts(record: VerdictRecord) -> str:
    states = record["states"]
    parts = [
        f"{counted(states['distinct'], 'state')} ({states['initial']:,} initial)"
        + standing(states)
        + apart(states),
        counted(states["transitions"], "transition"),
        f"depth {states['depth']}",
        f"out-degree {states['out_degree']['mean']:.1f} (at most {states['out_degree']['max']})",
    ]
    if states["bits"]:
        parts.append(f"{states['bits']} bits/state")
    workers = f", {record['workers']} workers" if record["workers"] != 1 else ""
    parts.append(
        f"{record['seconds']:.2f} s ({record['states_per_second']:,.0f} states/s, {record['engine']} engine,"
        f" {record['storage']} storage{workers})"
    )
    return ", ".join(parts)


def _findings(findings: Sequence[FindingRecord], colour: bool, width: int) -> Iterator[str]:
    """Severe findings one by one, and what an engine or the stories note; on one line each what constants
    alone make impossible, and what was only a precaution.
    """
    severe = [f for f in findings if f["severe"]]
    for finding in severe[:FINDINGS]:
        place = f" ({clean(finding['place'])})" if finding["place"] else ""
        first, *rest = wrapped(f"finding: {clean(finding['text'])}{place}", width, 2)
        yield paint("finding:", YELLOW, colour) + first.removeprefix("finding:")
        yield from rest
    if len(severe) > FINDINGS:
        yield f"and {counted(len(severe) - FINDINGS, 'more finding')} in verdict.json"
    for finding in findings:
        if finding["kind"] == "asymmetry" and finding["place"]:
            yield from wrapped(f"{clean(finding['text'])} ({clean(finding['place'])})", width)
        if finding["kind"] in ("engine", "stories"):
            yield from wrapped(f"note: {clean(finding['text'])}", width, 2)
    for kind, text in (
        ("dropped", "without instances under these constants"),
        ("defensive", "precautions that were never needed"),
    ):
        named = [clean(f["subject"]) for f in findings if f["kind"] == kind and not f["severe"]]
        if named:
            more = f" and {len(named) - FINDINGS} more, in verdict.json" if len(named) > FINDINGS else ""
            yield from wrapped(f"{text}: {', '.join(named[:FINDINGS])}{more}", width, 2)
