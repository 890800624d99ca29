"""Which barriers are enough, as text: a pure function of the record of `synthesize`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from explorer.render.text.terminal import BOLD, GREEN, RED, YELLOW, clean, counted, paint

Record = dict[str, Any]
COLOURS = {"holds": GREEN, "violated": RED, "undetermined": YELLOW}


def run_text(record: Record, run: Record, colour: bool = False) -> str:
    """What was found under one binding of the other constants."""
    return "\n".join(_run(record, run, colour))


def _run(record: Record, run: Record, colour: bool) -> Iterator[str]:
    names = " and ".join(record["barriers"])
    way = "one exploration" if run["together"] else "an exploration each"
    yield paint(
        f"{_head(record, run)}: {counted(len(run['choices']), 'choice')} of {names},"
        f" {counted(run['states'], 'state')}, {run['seconds']['all']:.1f} s ({way})",
        BOLD,
        colour,
    )
    if not run["enough"]:
        known = all(c["status"] == "violated" for c in run["choices"])
        yield paint(
            "  no choice is enough" if known else "  no choice is known to be enough",
            RED if known else YELLOW,
            colour,
        )
        yield from (f"    {_outcome(c)}" for c in run["strongest"])
    for enough in run["enough"]:
        yield "  enough    " + paint(_barriers(enough["choice"], costs=enough["cost"]), GREEN, colour)
        yield from (f"    less    {_outcome(less)}" for less in enough["less"])
    for name, fate in run["barriers"].items():
        yield f"  {fate['is']:<9} {clean(name)}" + (f": {clean(fate['why'])}" if fate["why"] else "")
    if run["own"] is not None:
        yield f"  the spec  {_outcome(run['own'])}"
    if run["surprises"]:
        yield paint("  beware    more is not always better here:", YELLOW, colour)
        yield from (f"    {_outcome(c)}" for c in run["surprises"])
    for reason, count in run["undetermined"].items():
        yield paint(f"  undetermined  {counted(count, 'choice')}: {clean(reason)}", YELLOW, colour)


def _head(record: Record, run: Record) -> str:
    bound = "".join(f", {clean(str(k))}={clean(str(v))}" for k, v in run["constants"].items())
    return f"{clean(record['spec'])}{bound}"


def _outcome(choice: Record) -> str:
    text = _barriers(choice["choice"], all=True)
    if choice["status"] == "holds":
        return f"{text}: holds" + ("" if choice["temporal"] else ", but for temporal properties: not judged")
    if choice["status"] == "undetermined":
        return f"{text}: undetermined ({clean(choice['reason'])})"
    steps = f" after {counted(choice['steps'], 'step')}" if choice["steps"] is not None else ""
    return f"{text}: {', '.join(map(clean, choice['by'][:3]))} violated{steps}"


def _barriers(choice: Record, costs: Record | None = None, all: bool = False) -> str:
    """The barriers that are there; with `all`, those too that are not."""
    result = [
        f"{clean(name)}={clean(str(value))}" + (f" ({costs[name]})" if costs and costs[name] else "")
        for name, value in choice.items()
        if all or costs is None or costs[name]
    ]
    return ", ".join(result) or "no barrier at all"


def overview(record: Record) -> str:
    """A table of all runs: a column for each memory, a row for the other constants; "" for one run."""
    runs = record["runs"]
    if len(runs) < 2:
        return ""
    memories = list(dict.fromkeys(r["memory"] for r in runs))
    rows = list(dict.fromkeys(_row(r) for r in runs))
    cells = {(_row(r), r["memory"]): _cell(r) for r in runs}
    head = ("", *memories)
    table = [head, *((row, *(cells.get((row, m), "") for m in memories)) for row in rows)]
    return "\n".join(_aligned(table))


def _row(run: Record) -> str:
    return ", ".join(f"{clean(str(k))}={clean(str(v))}" for k, v in run["constants"].items() if k != "memory")


def _cell(run: Record) -> str:
    result = [
        " + ".join(f"{n}={v}" for n, v in e["choice"].items() if e["cost"][n]) or "nothing"
        for e in run["enough"]
    ]
    return clean(" or ".join(result) or "?") + ("" if run["decided"] else " (not all known)")


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
