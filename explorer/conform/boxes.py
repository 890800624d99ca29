"""From the records of a log to a timeline: which event opens which box, and which closes it.

On one CPU the order is that of the log; events of two CPUs must be further apart than clocks may differ.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from explorer.conform.mapping import FIELD, NEXT, ON, EventMap, Row, Texts
from explorer.conform.records import Record, Unreadable
from explorer.conform.timeline import AFTER, CLOSE, EARLY, GAP, OPEN, Kind, Operation, Timeline
from explorer.ir.data import dataclass
from explorer.run.options import UsageError

SOME = 2**32 - 1
"""How many events are lost where the log does not say it."""


@dataclass(slots=True)
class _Gap:
    """Where a CPU lost events: at which reading, at which operation, and behind which boxes."""

    read: int
    at: int
    behind: tuple[int, ...]


NO_BOX = 0
"""In place of a box whose beginning no row matches: its end must be known."""

_Key = tuple[int, str, tuple[str, ...]]
"""A row, a CPU, and the values that a beginning and its end have in common."""


class _Boxes:
    """Reads records in the order of time and writes what opens and closes."""

    def __init__(self, timeline: Timeline):
        self.timeline, self.mapping = timeline, timeline.mapping
        self.counts = timeline.counts
        self.wider = (self.mapping.skew + 1) // 2
        """What a box is wider on both sides: two are ordered where they are more than the skew apart."""
        self.starts: dict[str, list[Row]] = {}
        self.ends: dict[str, list[Row]] = {}
        for row in self.mapping.rows:
            self.starts.setdefault(row.name, []).append(row)
            if row.exit and row.exit != NEXT:
                self.ends.setdefault(row.exit, []).append(row)
        self.wanted = frozenset([*self.starts, *self.ends])
        self.used = {row.number: _fields_of(row) for row in self.mapping.rows}
        self.known: dict[tuple[int, tuple[str, ...]], int | None] = {}
        self.cpu_numbers: dict[str, int] = {}
        self.ahead: list[tuple[int, int, int, str, list[Operation]]] = []
        self.reading = self.boxes = self.time = self.written = 0
        self.begun: dict[_Key, list[int]] = {}
        self.until_next: dict[str, list[int]] = {}
        self.last_of: dict[_Key, int] = {}
        self.ended: dict[str, list[int]] = {}
        """Boxes of a CPU that have ended, and whose closing is not written yet."""
        self.marks: dict[str, tuple[int, tuple[int, ...]]] = {}
        self.gaps: dict[str, list[_Gap]] = {}
        self.gap: dict[str, int] = {}
        """The gap of a CPU that lasts until its next event."""
        self.open: set[int] = set()
        self.alone: set[int] = set()

    def read(self, record: Record) -> None:
        self.reading += 1
        if record.time is not None:
            if record.time < self.time:
                raise UsageError(
                    f"conform {self.timeline.log}:{record.line}: this time is before that of an earlier line;"
                    " write: a log that is sorted by time, as trace-cmd report and perf script print it"
                )
            self.time = record.time
            self.flush(record.time - self.wider)
        if not record.name:
            self.lost(record)
            return
        cpu = record.cpu
        self.end_gap(cpu)
        if record.name in self.wanted:
            fields = {**record.fields, ON: cpu}
            for box in self.until_next.pop(cpu, ()):
                self.close_box(box, record)
            if not (self.start(record, fields) or self.end(record, fields)):
                self.counts.skipped[f"{record.name} that no row matches"] += 1
        else:
            self.counts.skipped[record.name] += 1
        self.marks[cpu] = (self.timeline.length, tuple(self.ended.get(cpu, ())))

    def start(self, record: Record, fields: Texts) -> bool:
        """A box for each row that an event matches; whether it is the beginning of any."""
        rows = self.starts.get(record.name, ())
        matched = named = False
        for row in rows:
            fits = all(fields.get(name) in texts for name, texts in row.match.items())
            kind = self.kind(row, record, fields) if fits else None
            matched |= fits
            named |= kind is not None
            box = NO_BOX if kind is None else self.open_box(record, kind)
            if row.exit and row.exit != NEXT:
                self.begin(box, (row.number, record.cpu, _values(fields, row.key)), record)
            elif row.exit and box:
                self.until_next.setdefault(record.cpu, []).append(box)
            elif box:
                self.close_box(box, record)
        if named:
            self.counts.matched += 1
        elif rows:
            why = "a value that [names] has not" if matched else "no row that matches"
            self.counts.skipped[f"{record.name} with {why}"] += 1
        return bool(rows)

    def begin(self, box: int, key: _Key, record: Record) -> None:
        """A box, or the beginning of none, until its end comes."""
        unfinished = self.begun.setdefault(key, [])
        gaps = self.gaps.get(record.cpu)
        if unfinished and gaps and gaps[-1].read > self.last_of[key]:
            self.finish(unfinished.pop(), record)  # its end was lost
        unfinished.append(box)
        self.last_of[key] = self.reading

    def finish(self, box: int, record: Record) -> None:
        if box:
            self.close_box(box, record)

    def end(self, record: Record, fields: Texts) -> bool:
        """The end of a box of each row that has this event as its end; whether there is such a row."""
        rows = self.ends.get(record.name, ())
        matched = False
        for row in rows:
            key = (row.number, record.cpu, _values(fields, row.key))
            if self.begun.get(key):
                box = self.begun[key].pop()
                self.finish(box, record)
                self.last_of[key] = self.reading
                matched |= bool(box)
            elif all(name not in fields or fields[name] in texts for name, texts in row.match.items()):
                matched |= self.only_end(row, key, record)
        if matched:
            self.counts.matched += 1
        elif rows:
            self.counts.skipped[f"{record.name} that ends no event"] += 1
        return bool(rows)

    def only_end(self, row: Row, key: _Key, record: Record) -> bool:
        """A box whose beginning was lost, or lies before the log; whether there may be one."""
        since = self.last_of.get(key)
        gaps = self.gaps.get(record.cpu, [])
        later = 0 if since is None else bisect_right(gaps, since, key=lambda gap: gap.read)
        gap = gaps[later] if later < len(gaps) else None
        kind = None if since is not None and gap is None else self.kind_of_end(row, record)
        if kind is None:
            return False
        self.last_of[key] = self.reading
        began = gap if gap is not None and since is not None else _Gap(0, 0, ())
        box = self.boxes = self.boxes + 1
        self.counts.events += 1
        self.timeline.write_early(
            began.at,
            [
                *(Operation(AFTER, box, other, EARLY) for other in began.behind),
                Operation(OPEN, box, kind, record.line),
            ],
        )
        self.close_box(box, record)
        return True

    def kind(self, row: Row, record: Record, fields: Texts) -> int | None:
        """The kind of an event; None where a value of it has no name in the mapping: it is skipped."""
        values = _values(fields, self.used[row.number])
        key = (row.number, values)
        if key not in self.known:
            made = self.make_kind(row, record, fields)
            if made is None:
                self.known[key] = None
            else:
                self.timeline.kinds.append(made)
                self.known[key] = len(self.timeline.kinds) - 1
        number = self.known[key]
        if number is not None:
            self.counts.by_row[row.number] += 1
            self.counts.by_instances[self.timeline.kinds[number].instances] += 1
        return number

    def kind_of_end(self, row: Row, record: Record) -> int | None:
        """The kind of an event of which only the end is known: any step of the row on this CPU."""
        key = (-1 - row.number, (record.cpu,))
        if key not in self.known:
            fixed, model = {ON: record.cpu}, self.timeline.model
            instances = frozenset(i.number for i in model.instances if self.mapping.may_show(row, i, fixed))
            self.known[key] = len(self.timeline.kinds) if instances else None
            if instances:
                self.timeline.kinds.append(Kind(row, instances))
        return self.known[key]

    def make_kind(self, row: Row, record: Record, fields: Texts) -> Kind | None:
        try:
            filled = {text: self.mapping.filled(text, fields) for text in _texts(row)}
        except KeyError as error:
            raise UsageError(
                f"conform {self.timeline.log}:{record.line}: {row.name} has no field {error.args[0]!r}, which"
                f" {row.place} names; it has: {', '.join(sorted(fields.keys() - {'text'}))}"
            ) from None
        if None in filled.values():
            return None
        whole = {text: value for text, value in filled.items() if value is not None}
        wanted = {name: whole[template] for name, template in row.parameters.items()}
        instances = frozenset(
            instance.number
            for instance in self.timeline.model.instances
            if instance.action.name in row.actions
            and all(instance.parameters.get(name) == text for name, text in wanted.items())
        )
        if row.actions and not instances:
            said = ", ".join(f"{name}={text}" for name, text in wanted.items())
            raise UsageError(
                f"conform {self.timeline.log}:{record.line}: {row.name} is no step of the spec: there is no"
                f" {' or '.join(row.actions)} with {said}; write: names of the spec in a table [names.FIELD]"
                f" of {self.mapping.file}"
            )
        before, after = (
            tuple((whole[name], tuple(whole[text] for text in texts)) for name, texts in table.items())
            for table in (row.before, row.after)
        )
        for values in (before, after):
            wrong = self.mapping.misread(dict(values))
            if wrong:
                raise UsageError(
                    f"conform {self.timeline.log}:{record.line}: {row.name}, as {row.place} reads it: {wrong}"
                )
        return Kind(row, instances, before, after)

    def open_box(self, record: Record, kind: int) -> int:
        assert record.time is not None
        box = self.boxes = self.boxes + 1
        self.counts.events += 1
        behind = [Operation(AFTER, box, other, 0) for other in self.ended.get(record.cpu, ())]
        self.later(record, OPEN, [*behind, Operation(OPEN, box, kind, record.line)])
        return box

    def close_box(self, box: int, record: Record) -> None:
        self.ended.setdefault(record.cpu, []).append(box)
        self.later(record, CLOSE, [Operation(CLOSE, box, 0, record.line)])

    def later(self, record: Record, kind: int, operations: list[Operation]) -> None:
        """To be written at the record's time, or as much earlier or later as clocks may differ."""
        assert record.time is not None
        time = record.time + (self.wider if kind == CLOSE else -self.wider)
        self.put(time, kind, record.cpu, operations)

    def put(self, time: int, kind: int, cpu: str, operations: list[Operation]) -> None:
        self.written += 1
        heapq.heappush(self.ahead, (time, kind, self.written, cpu, operations))

    def lost(self, record: Record) -> None:
        self.counts.gaps += 1
        self.counts.lost += record.lost or 0
        cpu = record.cpu
        gap = self.boxes = self.boxes + 1
        at, behind = self.marks.get(cpu, (0, ()))
        many = SOME if record.lost is None else min(record.lost, SOME - 1)
        self.timeline.write_early(
            at,
            [
                *(Operation(AFTER, gap, other, EARLY) for other in behind),
                Operation(GAP, gap, many, self.cpu_number(cpu)),
            ],
        )
        self.gaps.setdefault(cpu, []).append(_Gap(self.reading, at, behind))
        self.end_gap(cpu)
        self.gap[cpu] = gap

    def end_gap(self, cpu: str) -> None:
        """The gap of a CPU ends where its next event is: whatever comes now comes after it."""
        gap = self.gap.pop(cpu, None)
        if gap is not None:
            self.ended.setdefault(cpu, []).append(gap)
            self.put(self.time + self.wider, CLOSE, cpu, [Operation(CLOSE, gap, 0, 0)])

    def cpu_number(self, cpu: str) -> int:
        number = self.cpu_numbers.setdefault(cpu, len(self.cpu_numbers))
        if number == len(self.timeline.cpus):
            self.timeline.cpus.append(cpu)
        return number

    def flush(self, before: int | None) -> None:
        """Write what opens or closes before a time, or everything."""
        ahead = self.ahead
        while ahead and (before is None or ahead[0][0] < before):
            _, kind, _, cpu, operations = heapq.heappop(ahead)
            for operation in operations:
                self.timeline.write(operation)
            box = operations[-1].of
            if kind == CLOSE:
                self.ended[cpu].remove(box)
                self.open.discard(box)
                self.alone.discard(box)
            else:
                self.overlap(box)

    def overlap(self, box: int) -> None:
        """Count the boxes that overlap others."""
        if self.open:
            self.counts.overlapping += 1 + len(self.alone)
            self.alone.clear()
        else:
            self.alone.add(box)
        self.open.add(box)
        self.counts.most = max(self.counts.most, len(self.open))


def _values(fields: Texts, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(fields.get(name, "") for name in names)


def _fields_of(row: Row) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for text in _texts(row) for name in FIELD.findall(text)))


def _texts(row: Row) -> Iterator[str]:
    """Every text of a row that may have fields in it."""
    yield from row.parameters.values()
    for table in (row.before, row.after):
        for name, texts in table.items():
            yield from (name, *texts)


def wanted_events(mapping: EventMap) -> frozenset[str]:
    """The names of events whose fields are looked at."""
    return frozenset(name for row in mapping.rows for name in (row.name, row.exit) if name not in ("", NEXT))


def read_into(timeline: Timeline, records: Iterable[Record | Unreadable | None]) -> None:
    """Read a log. UsageError where it is not sorted by time, or an event cannot be mapped; where no line is
    matched.
    """
    log, mapping = timeline.log, timeline.mapping
    boxes, counts = _Boxes(timeline), timeline.counts
    for record in records:
        counts.lines += 1
        if isinstance(record, Record):
            boxes.read(record)
        elif record is not None:
            counts.unreadable += 1
            counts.unreadable_at = counts.unreadable_at or f"{log}:{counts.lines}: {record}"
    boxes.flush(None)
    if not counts.events:
        seen = ", ".join(name for name, _ in counts.skipped.most_common(5)) or "no events"
        raise UsageError(
            f"conform {log}: none of {counts.lines:,} lines is an event of {mapping.file}; there are: {seen}"
            + (f"; {counts.unreadable_at}" if counts.unreadable else "")
        )
