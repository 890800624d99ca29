"""The filter lock (Peterson 1981) on a shared memory, one access in a step."""

from typing import Annotated

from explorer import (
    HOLDS,
    WEAK,
    Map,
    Memory,
    Range,
    Scalarset,
    Spec,
    Steps,
    Value,
    at,
    branch,
    constant,
    count,
    initially,
    invariant,
    process,
    step,
)

CPUS = constant("CPUS", 2)

Level = Annotated[int, Range(0, CPUS - 1)]
Climbed = Annotated[int, Range(1, CPUS - 1)]


class Cpu(Scalarset):
    size = CPUS


class Words(Memory, cpus=Cpu):
    """How high each CPU is, and who came last to each level."""

    level: Map[Cpu, Level] = initially(0)
    last: Map[Climbed, Cpu | None] = initially(None)


@process(actor="cpu", fair=WEAK, restart=True)
def locks(words: Words, cpu: Cpu) -> Steps:
    """Climb all levels, and come down."""
    others = [other for other in Cpu if other != cpu]
    for rung in range(1, CPUS):
        yield "level[{cpu}] = {rung}"
        words.WRITE_ONCE(cpu, words.level[cpu], rung)
        yield "smp_mb(); last[{rung}] = {cpu}"
        words.smp_mb(cpu)
        words.WRITE_ONCE(cpu, words.last[rung], cpu)
        yield "smp_mb()"
        words.smp_mb(cpu)
        waits = True
        while waits:
            yield "reads last[{rung}]"
            if (yield branch(words.READ_ONCE(cpu, words.last[rung]) != cpu)):
                break
            waits = False
            for other in others:
                yield "reads level[{other}]"
                if (yield branch(words.READ_ONCE(cpu, words.level[other]) >= rung)):
                    waits = True
                    break
    yield step("smp_mb(); inside", name="inside")
    words.smp_mb(cpu)
    yield "smp_store_release(level[{cpu}], 0)"
    words.smp_store_release(cpu, words.level[cpu], 0)


@invariant
def mutual_exclusion() -> Value[bool]:
    """At most one CPU is inside."""
    return count(at(locks, "inside", cpu) for cpu in Cpu) <= 1


spec = Spec(expect=HOLDS)
