"""Runs one path of each thread, in all interleavings, out of order on the storage of explorer/memory.

Three kinds of steps are choices: a read takes a value, a write enters the storage at a place, a sync pushes.
All else (the commit of a read, the lighter barriers) happens as soon as it may. A read that contradicts
another read of its location ends the run: the run in which the two went the other way is tried too.
"""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Iterator

from explorer.memory.architecture import Barrier
from explorer.memory.normal_form import Dead, normal_form
from explorer.memory.operations import barrier, insert, load, loadable, places, store_need
from explorer.memory.state import NOTHING, Entry, State, View, at_least, closure, join

from .expressions import Value
from .paths import Kind
from .program import LitmusError
from .row import Row, Run


class Machine(Row):
    """One path of each thread, and how it may run."""

    def ends(self) -> set[Run]:
        """The last state of every execution that keeps the assumptions of its paths."""
        entries = enumerate(self.setting.initial)
        first = Run(
            self.memory.initial([(~location, value) for location, value in entries]),
            0,
            0,
            (None,) * len(self.events),
            ((),) * self.memory.locations,
        )
        if not all(
            outcome == bool(self.value(first, c)) for bits, c, outcome, _ in self.assumptions if not bits
        ):
            return set()
        first = self.settled(first)
        seen, stack, ends = {first}, [first], set()
        while stack:
            run = stack.pop()
            if run.committed == self.everything:
                if not self.setting.commits_reads or self.conditional_stores_in_order(run):
                    ends.add(run)
                continue
            for following in self.steps(run):
                following = self.settled(following)
                if following not in seen:
                    seen.add(following)
                    stack.append(following)
        self.states = len(seen)
        return ends

    def conditional_stores_in_order(self, run: Run) -> bool:
        """Whether coherence agrees with the program order of conditional stores (`scXX` of ppc.cat)."""
        follows: dict[int, set[int]] = {}
        for retired, entries in zip(run.retired, run.memory.entries, strict=True):
            live = [entry.value[0] for entry in reversed(entries)]  # type: ignore[index]
            for earlier, later in itertools.pairwise([*retired, *live]):
                follows.setdefault(earlier, set()).add(later)
        conditional = [number for number, event in enumerate(self.events) if event.pair is not None]
        for earlier, later in itertools.combinations(conditional, 2):
            if self.thread[earlier] == self.thread[later]:
                follows.setdefault(earlier, set()).add(later)
        try:
            graphlib.TopologicalSorter(follows).prepare()
        except graphlib.CycleError:
            return False
        return True

    def steps(self, run: Run) -> Iterator[Run]:
        """What may happen next, where there is a choice."""
        for mine in self.mine:
            pending = mine & ~run.committed
            while pending:
                bit = pending & -pending
                pending = 0 if self.setting.in_order else pending & ~bit
                number = bit.bit_length() - 1
                event = self.events[number]
                if event.kind == Kind.READ:
                    if not run.issued & bit and self.may_issue(run, number):
                        yield from self.read_steps(run, number)
                elif event.kind == Kind.WRITE:
                    if run.issued & bit and self.may_commit(run, number):
                        yield from self.write_steps(run, number)
                elif event.fence == Barrier.SYNC and self.may_issue(run, number):
                    yield self.fenced(run, number)

    def read_steps(self, run: Run, number: int) -> Iterator[Run]:
        """The read takes its value: from a write of its own thread that is not in the storage yet, or from
        there.
        """
        location, cpu = self.location(run, number), self.thread[number]
        if location is None:
            return
        own = self.own_write(run, number, location)
        if own is not None and not run.committed >> own & 1:
            if run.issued >> own & 1 and self.may_forward(run, own, number):
                value = self.value(run, self.events[own].value)
                yield from self.satisfied(run, number, location, (own, value))
            return
        state = run.memory
        if self.events[number].acquire and not self.events[number].weakly:
            state = self.released(run, number)
        pair = self.locked_write(number)
        for age in loadable(self.memory, state, cpu, location):
            after = run._replace(memory=load(self.memory, state, cpu, location, age))
            source: tuple[int, Value] = state.entries[location][age].value  # type: ignore[assignment]
            for following in self.satisfied(after, number, location, source):
                if pair is None:
                    yield following
                else:
                    yield from self.write_steps(following._replace(issued=following.issued | 1 << pair), pair)

    def may_forward(self, run: Run, own: int, number: int) -> bool:
        """Whether a read may take what its thread has not stored yet: an acquire not before the read of an
        atomic pair (`rmw; lmrs; [A|Q]` of aarch64.cat).
        """
        pair = self.events[own].pair
        if pair is None or not self.events[number].acquire:
            return True
        return bool(run.issued >> self.base[self.thread[own]] + pair & 1)

    def satisfied(self, run: Run, number: int, location: int, source: tuple[int, Value]) -> Iterator[Run]:
        """The run after the read, if it keeps coherence and the assumptions."""
        for writer in self.later_reads(run, number, location):
            if writer != source[0]:
                return
        bit = 1 << number
        run = run._replace(
            issued=run.issued | bit,
            committed=run.committed | (bit if self.setting.in_order else 0),
            read=(*run.read[:number], source, *run.read[number + 1 :]),
        )
        for needed, condition, outcome, _ in self.assumptions:
            if needed & bit and not needed & ~run.issued and bool(self.value(run, condition)) != outcome:
                return
        yield run

    def write_steps(self, run: Run, number: int) -> Iterator[Run]:
        """The write enters the storage at any place where it may."""
        event, cpu = self.events[number], self.thread[number]
        location = self.location(run, number)
        if location is None or any(writer != number for writer in self.later_reads(run, number, location)):
            return
        need = self.release_need(run, number) if event.release else store_need(self.memory, run.memory, cpu)
        possible = places(self.memory, run.memory, cpu, location, need)
        if event.pair is not None:
            possible = [age for age in possible if age == self.place_of_pair(run, number, location)]
        entry = Entry((number, self.value(run, event.value)), need, event.pair is not None)
        for age in possible:
            yield run._replace(
                memory=insert(self.memory, run.memory, cpu=cpu, location=location, age=age, entry=entry),
                committed=run.committed | 1 << number,
            )

    def place_of_pair(self, run: Run, number: int, location: int) -> int | None:
        """The age at which the write of an atomic pair directly follows what its read took."""
        event, read = self.events[number], self.base[self.thread[number]] + (self.events[number].pair or 0)
        source = run.read[read]
        assert source is not None
        if self.own_write(run, number, location) not in (None, self.own_write(run, read, location)):
            message = (
                "another store of this thread to the location stands inside the atomic pair; not modelled"
            )
            raise LitmusError(self.setting.file, event.line, message)
        return self.age_of(run, location, source[0])

    def settled(self, run: Run) -> Run:
        """All that happens as soon as it may has happened; the memory is in its normal form."""
        changed = True
        while changed:
            changed = False
            pending = self.light | self.reads & run.issued | self.writes & ~run.issued
            pending &= ~run.committed
            while pending:
                bit = pending & -pending
                pending &= ~bit
                number = bit.bit_length() - 1
                if bit & self.light:
                    if self.may_issue(run, number):
                        run, changed = self.fenced(run, number), True
                elif bit & self.reads:
                    if self.may_commit(run, number):
                        run, changed = run._replace(committed=run.committed | bit), True
                elif self.may_issue(run, number):
                    run, changed = run._replace(issued=run.issued | bit), True
        key = (
            run.memory,
            tuple(not mine & ~run.committed for mine in self.mine),
            tuple(not mine & self.writes & ~run.committed for mine in self.mine),
        )
        known = self.normal.get(key)
        if known is None:
            known = self.normal[key] = self.normal_form(*key)
        memory, retired = known
        if any(retired):
            retired = tuple(before + more for before, more in zip(run.retired, retired, strict=True))
            return run._replace(memory=memory, retired=retired)
        return run._replace(memory=memory)

    def normal_form(
        self, state: State, finished: tuple[bool, ...], silent: tuple[bool, ...]
    ) -> tuple[State, tuple[tuple[int, ...], ...]]:
        """The normal form, and for each location the writers that retire. `silent`: threads without more
        writes.
        """
        dead = Dead(
            fences=frozenset(n for n, each in enumerate(silent) if each),
            finished=frozenset(n for n, each in enumerate(finished) if each),
        )
        memory = normal_form(self.memory, state, dead)
        retired = tuple(
            tuple(entry.value[0] for entry in reversed(old[len(new) :]))  # type: ignore[index]
            for old, new in zip(state.entries, memory.entries, strict=True)
        )
        return memory, retired

    def fenced(self, run: Run, number: int) -> Run:
        kind, cpu, bit = self.events[number].fence, self.thread[number], 1 << number
        assert kind is not None
        state = barrier(self.memory, run.memory, cpu, kind)
        return run._replace(memory=state, issued=run.issued | bit, committed=run.committed | bit)

    def may_issue(self, run: Run, number: int) -> bool:
        issued, committed, _, _ = self.waits[number]
        return not issued & ~run.issued and not committed & ~run.committed

    def may_commit(self, run: Run, number: int) -> bool:
        """Whether what the event waits for is done; accesses of one location commit in program order."""
        _, _, issued, committed = self.waits[number]
        if issued & ~run.issued or committed & ~run.committed:
            return False
        if self.events[number].kind == Kind.READ and not self.setting.commits_reads:
            return True
        location = self.location(run, number)
        return not any(
            not run.committed >> k & 1
            and self.events[k].kind != Kind.FENCE
            and self.location(run, k) == location
            for k in range(self.base[self.thread[number]], number)
        )

    def release_need(self, run: Run, number: int) -> View:
        """What a store-release orders: the thread's earlier writes. What its reads took has reached
        everybody.
        """
        need = store_need(self.memory, run.memory, self.thread[number])
        for earlier in range(self.base[self.thread[number]], number):
            need = self.with_write(run, need, earlier)
        return need

    def released(self, run: Run, number: int) -> State:
        """Before a load-acquire: the thread's earlier store-releases have reached everybody (RCsc)."""
        view: View = (NOTHING,) * self.memory.locations
        for earlier in range(self.base[self.thread[number]], number):
            if self.events[earlier].release:
                view = self.with_write(run, view, earlier)
        everywhere = closure(run.memory.entries, view)
        state = run.memory._replace(
            propagated=tuple(join(each, everywhere) for each in run.memory.propagated)
        )
        return state._replace(floor=state.propagated)

    def with_write(self, run: Run, view: View, number: int) -> View:
        if self.events[number].kind != Kind.WRITE:
            return view
        location = self.location(run, number)
        age = None if location is None else self.age_of(run, location, number)
        return view if age is None or location is None else at_least(view, location, age)
