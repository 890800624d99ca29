"""The lines of a log as records: what trace-cmd and the files of tracefs print, `perf script`, JSON lines.
Knows nothing of specs and of mappings.

Times are integers: nanoseconds, or counts where the trace clock counts (no point in the number).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from explorer.ir.data import dataclass

FORMATS = ("ftrace", "perf", "json")

LOOKED_AT = 200
"""Lines from which the format of a log is guessed."""


@dataclass(slots=True)
class Record:
    """An event of a log. `name` is "" where the log says that events were lost on a CPU: `lost` of them, or
    None where it does not say how many; such a line has no `time` of its own (None) in ftrace.
    """

    line: int
    time: int | None
    cpu: str
    name: str
    fields: Mapping[str, str]
    lost: int | None = 0


class Unreadable(Exception):
    """A line that looks like an event and cannot be read; says why."""


def loss(line: int, time: int | None, cpu: str, lost: int | None) -> Record:
    """That a CPU lost events."""
    return Record(line, time, cpu, "", {}, lost=lost)


Reader = Callable[[int, str, Collection[str]], Record | None]
"""From the number of a line, the line, and the names of events whose fields are wanted to its record; None
where the line is none. Raises Unreadable.
"""

_FTRACE = re.compile(
    r"\s*(?P<task>\S.*?)-\d+\s+(?:\(\s*[-\d]+\)\s+)?\[(?P<cpu>\d+)\](?:\s+[^\s:]{4,8})?\s+"
    r"(?P<time>\d+(?:\.\d+)?):\s+(?P<name>[\w-]+):?\s*(?P<rest>.*)"
)
_FTRACE_LOST = re.compile(
    r"CPU:(?P<cpu>\d+) \[(?:LOST (?:(?P<lost>\d+) )?EVENTS|(?:(?P<dropped>\d+) )?EVENTS DROPPED)\]"
)
_PERF = re.compile(
    r"\s*(?P<task>\S.*?)\s+\d+(?:/\d+)?\s+\[(?P<cpu>\d+)\]\s+(?P<time>\d+(?:\.\d+)?):\s+(?:\d+\s+)?"
    r"(?P<name>[\w:-]+?):?(?:\s+(?P<rest>.*))?$"
)
_FIELD = re.compile(r"([A-Za-z_][\w.]*)[=:]\s*(\"[^\"]*\"|[^\s,;)]+)")


def fields(text: str) -> dict[str, str]:
    """`key=value` pairs; the whole text is the field `text`."""
    found = {key: value.strip('"') for key, value in _FIELD.findall(text)}
    found["text"] = text.strip()
    return found


def clock(text: str) -> int:
    """A time stamp: seconds with a point become nanoseconds, a count stays what it is."""
    whole, point, part = text.partition(".")
    return int(whole) * 10**9 + int(part[:9].ljust(9, "0")) if point else int(whole)


def ftrace(number: int, line: str, wanted: Collection[str]) -> Record | None:
    found = _FTRACE.match(line)
    if found is not None:
        name = found["name"]
        known = fields(found["rest"]) if name in wanted else {}
        return Record(number, clock(found["time"]), str(int(found["cpu"])), name, known)
    lost = _FTRACE_LOST.match(line)
    if lost is None:
        return None
    count = lost["lost"] or lost["dropped"]
    return loss(number, None, str(int(lost["cpu"])), int(count) if count else None)


def perf(number: int, line: str, wanted: Collection[str]) -> Record | None:
    found = _PERF.match(line)
    if found is None:
        return None
    name = found["name"].rpartition(":")[2]
    time, cpu, rest = clock(found["time"]), str(int(found["cpu"])), found["rest"] or ""
    if name == "PERF_RECORD_LOST":
        many = re.search(r"\d+", rest)
        return loss(number, time, cpu, int(many[0]) if many else None)
    return Record(number, time, cpu, name, fields(rest) if name in wanted else {})


def json_line(number: int, line: str, wanted: Collection[str]) -> Record | None:
    """An object with `event`, `time` (nanoseconds; with a point: seconds) and `cpu`, or with `lost` and
    `cpu`. Where `cpu` is a field of the event, `on` says on which CPU it happened.
    """
    if not line.strip():
        return None
    try:
        found = json.loads(line, parse_float=str, parse_int=str)
    except ValueError as error:
        raise Unreadable(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable("no JSON object; expected one with event, time and cpu")
    known = {key: _text(value) for key, value in found.items()}
    name, stamp = known.get("event", ""), known.get("time")
    cpu = known.get("on", known.get("cpu", ""))
    if stamp is not None and not re.fullmatch(r"\d+(\.\d+)?", stamp):
        raise Unreadable(f"time is {stamp}; expected nanoseconds, or seconds with a point")
    time = None if stamp is None else clock(stamp)
    if "lost" in known:
        lost = known["lost"]
        return loss(number, time, cpu, int(lost) if lost.isdigit() else None)
    if not name or time is None:
        raise Unreadable(f"no {'time' if name else 'event'}; expected an object with event, time and cpu")
    return Record(number, time, cpu, name, known)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


READERS: Mapping[str, Reader] = {"ftrace": ftrace, "perf": perf, "json": json_line}


def format_of(lines: Iterable[str]) -> str:
    """The format of which the first lines are; "" where they are of none."""
    for _, line in zip(range(LOOKED_AT), lines):
        if line.lstrip().startswith("{"):
            return "json"
        for name in ("ftrace", "perf"):
            if READERS[name](0, line, ()) is not None:
                return name
    return ""


def written(format: str, record: Record) -> str:
    """A record as a line of a log, which its reader reads back. Times are in nanoseconds."""
    assert record.time is not None
    if format == "json":
        own = "on" if "cpu" in record.fields else "cpu"
        entries: dict[str, Any] = {"time": record.time, own: record.cpu}
        lost = {"lost": record.lost if record.lost is not None else "some"}
        return json.dumps(entries | (lost if not record.name else {"event": record.name, **record.fields}))
    stamp = f"{record.time // 10**9}.{record.time % 10**9:09d}"
    rest = " ".join(f"{key}={value}" for key, value in record.fields.items())
    if format == "perf":
        name = "PERF_RECORD_LOST" if not record.name else f"{record.name}"
        rest = f"lost {record.lost}" if not record.name else rest
        return f"made 1 [{int(record.cpu):03d}] {stamp}: {name}: {rest}".rstrip()
    if not record.name:
        return f"CPU:{record.cpu} [LOST {record.lost} EVENTS]"
    return f"            made-1     [{int(record.cpu):03d}] {stamp}: {record.name + ':':<24} {rest}".rstrip()


def records(
    lines: Iterable[str], format: str, wanted: Collection[str]
) -> Iterator[Record | Unreadable | None]:
    """For each line its record, None where it is none, and what is wrong with it where it cannot be read."""
    reader = READERS[format]
    for number, line in enumerate(lines, 1):
        try:
            yield reader(number, line, wanted)
        except Unreadable as error:
            yield error
