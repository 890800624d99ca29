"""Lines of logs as records: what trace-cmd, tracefs, perf script and JSON lines look like."""

from __future__ import annotations

import pytest

from explorer.conform.records import READERS, Record, Unreadable, clock, fields, format_of, loss, written

LINES = {
    "ftrace": [
        (
            "          <idle>-0     [001] d.h1.  1234.567890: doorbell_entry: pt_regs=c0ff",
            (1234_567890_000, "1", "doorbell_entry", {"pt_regs": "c0ff", "text": "pt_regs=c0ff"}),
        ),
        (
            "     CPU 0/KVM-5120  (   5102) [042]  12.000000001: csd_queue_cpu:        cpu=7 csd=0x1",
            (12_000_000_001, "42", "csd_queue_cpu", {"cpu": "7", "csd": "0x1", "text": "cpu=7 csd=0x1"}),
        ),
        (
            "  kworker/1:2-811    [001] d..1. 77: tracing_mark_write: soft lockup",
            (77, "1", "tracing_mark_write", {"text": "soft lockup"}),
        ),
    ],
    "perf": [
        (
            "stress  4404 [105]  7211.402133: csd:csd_queue_cpu: cpu=42 csd=0xc0",
            (
                7211_402133_000,
                "105",
                "csd_queue_cpu",
                {"cpu": "42", "csd": "0xc0", "text": "cpu=42 csd=0xc0"},
            ),
        ),
        (
            "CPU 0/KVM  5120/5121 [042] 3.000001:  1 powerpc:doorbell_exit: pt_regs=0x1",
            (3_000_001_000, "42", "doorbell_exit", {"pt_regs": "0x1", "text": "pt_regs=0x1"}),
        ),
    ],
    "json": [
        (
            '{"time": 12, "cpu": 3, "event": "take", "n": 1, "ok": true}',
            (
                12,
                "3",
                "take",
                {"time": "12", "cpu": "3", "event": "take", "n": "1", "ok": "true"},
            ),
        ),
        (
            '{"time": 1.5, "on": 3, "cpu": 4, "event": "send"}',
            (1_500_000_000, "3", "send", {"time": "1.5", "on": "3", "cpu": "4", "event": "send"}),
        ),
    ],
}
LOST = [
    ("ftrace", "CPU:3 [LOST 57 EVENTS]", 57),
    ("ftrace", "CPU:3 [LOST EVENTS]", None),
    ("ftrace", "CPU:3 [57 EVENTS DROPPED]", 57),
    ("ftrace", "CPU:3 [EVENTS DROPPED]", None),
    ("perf", "perf 1 [003] 1.000000: PERF_RECORD_LOST lost 57", 57),
    ("json", '{"cpu": 3, "lost": 57}', 57),
    ("json", '{"cpu": 3, "lost": "some"}', None),
]


@pytest.mark.parametrize("format", LINES)
def test_events_are_read(format: str) -> None:
    """Time, CPU, name and fields, with and without flags, thread group and period."""
    for line, (time, cpu, name, found) in LINES[format]:
        record = READERS[format](5, line, (name,))
        assert record == Record(5, time, cpu, name, found)
        assert format_of(["# a comment", line]) == format


@pytest.mark.parametrize("format, line, many", LOST)
def test_losses_are_read(format: str, line: str, many: int | None) -> None:
    """How many events a CPU lost, where the line says it."""
    record = READERS[format](1, line, ())
    assert record is not None and (record.cpu, record.name, record.lost) == ("3", "", many)


def test_other_lines_are_no_events() -> None:
    """Heads, comments and texts of programs."""
    for line in ("# tracer: nop", "cpus=8", "CPU 2 is empty", "", "hello: world"):
        assert READERS["ftrace"](1, line, ()) is None and READERS["perf"](1, line, ()) is None
    assert READERS["json"](1, " ", ()) is None and format_of(["nothing", "here"]) == ""


@pytest.mark.parametrize(
    "line, why",
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"event": "x"}', "no time"),
        ('{"time": 1}', "no event"),
        ('{"time": "noon", "event": "x"}', "time is noon"),
    ],
)
def test_what_looks_like_an_event_and_is_none(line: str, why: str) -> None:
    """The message says what is missing."""
    with pytest.raises(Unreadable, match=why):
        READERS["json"](1, line, ())


def test_clocks_and_fields() -> None:
    """Seconds become nanoseconds without rounding, counts stay; values may stand in quotes."""
    assert (clock("1234.567890"), clock("0.000000001"), clock("8812")) == (1234_567890_000, 1, 8812)
    assert fields('a=1 b="x y", c: z')["b"] == "x y" and fields("a=1, c: z")["c"] == "z"


@pytest.mark.parametrize("format", READERS)
def test_what_is_written_is_read_back(format: str) -> None:
    """Events with their fields, also one that is called like the CPU, and losses."""
    for record in (
        Record(1, 10**9 + 7, "3", "send", {"cpu": "4", "kind": "A"}),
        loss(1, 10**9, "3", 12),
    ):
        back = READERS[format](1, written(format, record), ("send",))
        assert back is not None and (back.cpu, back.name, back.lost) == (record.cpu, record.name, record.lost)
        assert record.fields.items() <= back.fields.items()
        assert back.time == record.time or (format == "ftrace" and not record.name)
