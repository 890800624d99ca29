"""The memory of a model as C inside Promela: the storage of explorer/memory, written once more, so that a
judge does not take our word for it.

A memory is a value: an operation takes one and gives one, in which `result` is 0, or says why there is none.
The fields and rules are those of explorer/memory/state.py, operations.py and normal_form.py. A model with two
memories has the text twice: what the second one defines has a suffix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product

from explorer.export.flat import CannotSay
from explorer.ir.expressions import Expr, Family
from explorer.language.memory_wiring import made_by
from explorer.memory.architecture import Barrier
from explorer.memory.numbered import NumberedMemory
from explorer.memory.operations import Ordering


def storage(family: Family) -> NumberedMemory:
    """The storage of a memory's family. CannotSay for one without a bound."""
    found: NumberedMemory = family.type.storage
    if not found.bound:
        raise CannotSay(f"the memory {family!r}: its live stores have no bound")
    return found


def declarations(families: Sequence[Family], suffixes: Sequence[str]) -> Iterator[str]:
    """The constants of each memory, its type and its functions, as C, what they define with its suffix."""
    yield f"enum {{ {', '.join(f'{_c(kind)} = {i}' for i, kind in enumerate(Barrier))} }};"
    for family, suffix in zip(families, suffixes):
        text = "\n".join(_declarations(family))
        names = "|".join(defined(text))
        yield from (re.sub(rf"\b({names})\b", rf"\1{suffix}", text) if suffix else text).splitlines()


def defined(text: str) -> list[str]:
    """The macros, types, constants and functions that a text in C defines."""
    function = r"^static [^=;(]*?\b(\w+)(?:\(|\[.*\] = )"
    found = re.findall(
        rf"^#define (\w+)|^}} (\w+);|^typedef unsigned char (\w+)|{function}", text, re.MULTILINE
    )
    return sorted({name for names in found for name in names if name})


def _declarations(family: Family) -> Iterator[str]:
    of = storage(family)
    memory, architecture = of.memory, of.architecture
    flags = {
        "CPUS": of.cpus,
        "LOCATIONS": of.locations,
        "SLOTS": of.slots,
        "BOUND": of.bound,
        "SETTLE": int(of.settle),
        "EARLY_LOADS": int(architecture.early_loads),
        "ORDERED_STORES": int(architecture.ordered_stores),
        "MULTI_COPY_ATOMIC": int(architecture.multi_copy_atomic),
        "IMMEDIATE": int(architecture.immediate),
        "FENCES_STORES": int(architecture.fences_stores),
        "DEPENDENCIES": int(memory.dependencies),
        "TRACKS_OWN": int(memory.tracks_own),
    }
    yield from (f"#define {name} {value}" for name, value in flags.items())
    pairs = list(product(range(of.cpus), range(of.locations)))
    for name, those in (("loads", of.loads), ("stores", of.stores)):
        held = ", ".join(str(int(pair in those)) for pair in pairs)
        yield f"static const unsigned char {name}[CPUS * LOCATIONS] = {{ {held} }};"
    yield from C.strip().splitlines()


def start(family: Family, number: int, suffix: str) -> str:
    """A memory's initial state of a number, as C: what each location holds, what each CPU will not use."""
    of = storage(family)
    dead = of.declared(number)
    values: list[object] = [entries[0].value for entries in of.state(number).entries]
    unused: list[object] = [
        int((cpu, x) in dead.floors) for cpu in range(of.cpus) for x in range(of.locations)
    ]
    cpus = [(int(cpu in dead.fences), int(cpu in dead.finished)) for cpu in range(of.cpus)]
    parts: list[list[object]] = [
        values,
        unused,
        [fence for fence, _ in cpus],
        [finished for _, finished in cpus],
    ]
    texts = (f"(int[]) {{ {', '.join(map(str, part))} }}" for part in parts)
    return f"memory_of{suffix}({', '.join(texts)})"


def call(expr: Expr, memory: Callable[[Expr], str], number: Callable[[Expr], str], suffix: str) -> str:
    """What a function of a memory with this suffix is in C: `memory` writes its first operand, `number` the
    others.
    """
    name, static = made_by(expr.value)
    now, *rest = expr.args
    args = [memory(now), *map(number, rest)]
    if name == "barriers_where":
        (kinds,) = static
        cpu, passed = args[1:]
        text = args[0]
        for kind in kinds:
            text = f"barrier_where{suffix}({text}, {cpu}, {passed}, {_c(kind)})"
        return text
    for value in static:
        args += _static(value)
    return f"memory_{name}{suffix}({', '.join(args)})"


def _static(value: object) -> list[str]:
    if isinstance(value, Ordering):
        return [_mask(value.after), str(-1 if value.save is None else value.save), str(int(value.acquire))]
    if isinstance(value, Barrier):
        return [_c(value)]
    if isinstance(value, tuple):
        return [_mask(value)]
    return [str(int(value))]  # type: ignore[call-overload]


def _mask(slots: tuple[int, ...]) -> str:
    return str(sum(1 << slot for slot in set(slots)))


def _c(kind: Barrier) -> str:
    return f"BARRIER_{kind.name}"


C = r"""
#define NOTHING 255
#define IMPOSSIBLE (-1)
#define BEYOND_BOUND (-2)
#define DECLARED_DEAD (-3)
#define EACH(i, n) for (i = 0; i < (n); i++)

typedef unsigned char View[LOCATIONS]; /* for each location an age, 0 the newest store, or NOTHING */
typedef struct __attribute__((packed)) Entry {
  int value;
  View need;            /* what must have reached a CPU before this store can */
  unsigned char glued;  /* stored by an exchange: nothing comes between it and the next older one */
} Entry;
typedef struct __attribute__((packed)) Memory {
  signed char result;
  unsigned char live[LOCATIONS];
  Entry entries[LOCATIONS][BOUND + 1];
  View propagated[CPUS], fenced[CPUS], floor[CPUS], own[CPUS], saved[CPUS][SLOTS + 1];
  unsigned char reserved_at[CPUS], reserved_age[CPUS];
  unsigned char no_loads[CPUS][LOCATIONS], no_stores[CPUS], finished[CPUS]; /* what will not be used */
} Memory;

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }
static void copy(View to, const View from) { int x; EACH(x, LOCATIONS) to[x] = from[x]; }
static void clear(View view) { int x; EACH(x, LOCATIONS) view[x] = NOTHING; }
static void join(View view, const View more) { int x; EACH(x, LOCATIONS) view[x] = least(view[x], more[x]); }
static int same(const View a, const View b) {
  int x;
  EACH(x, LOCATIONS) if (a[x] != b[x]) return 0;
  return 1;
}

/* The least view that says as much, and lacks nothing that a store in it, or before such a one, needs. */
static void close_view(const Memory *m, View view) {
  int x, y, age, start, end, changed = 1;
  View covered;
  EACH(x, LOCATIONS) covered[x] = m->live[x] - 1;
  while (changed) {
    changed = 0;
    EACH(x, LOCATIONS) {
      start = view[x], end = covered[x];
      for (age = start; age < end; age++)
        EACH(y, LOCATIONS)
          if (m->entries[x][age].need[y] < view[y]) view[y] = m->entries[x][age].need[y], changed = 1;
      covered[x] = least(view[x], covered[x]);
    }
  }
}

/* The normal form. */

static int oldest_known(View views[CPUS], int x) {
  int cpu, oldest = 0;
  EACH(cpu, CPUS)
    if (loads[cpu * LOCATIONS + x] || stores[cpu * LOCATIONS + x]) oldest = most(oldest, views[cpu][x]);
  return oldest;
}

static void ask(View view, const View settled) {
  int x;
  EACH(x, LOCATIONS) if (view[x] >= settled[x]) view[x] = NOTHING;
}

static void settle(Memory *m, View settled) {
  int x, y, age, late, changed = 1;
  EACH(x, LOCATIONS) settled[x] = oldest_known(DEPENDENCIES ? m->floor : m->propagated, x);
  while (changed) {
    changed = 0;
    EACH(x, LOCATIONS)
      for (age = m->live[x] - 2; age >= settled[x]; age--) {
        late = 0;
        EACH(y, LOCATIONS) late |= m->entries[x][age].need[y] < settled[y];
        if (late) { settled[x] = age + 1, changed = 1; break; }
      }
  }
}

static void forget_needs(Memory *m, const View settled) {
  int x, age, cpu, slot, known;
  EACH(x, LOCATIONS) {
    known = oldest_known(m->propagated, x);
    EACH(age, m->live[x]) {
      ask(m->entries[x][age].need, settled);
      if (age >= known) m->entries[x][age].glued = 0;
    }
  }
  EACH(cpu, CPUS) {
    ask(m->fenced[cpu], settled);
    ask(m->own[cpu], settled);
    EACH(slot, SLOTS) ask(m->saved[cpu][slot], settled);
  }
}

static void retire(Memory *m, const View settled) {
  int x, cpu;
  View bases;
  EACH(x, LOCATIONS) bases[x] = most(settled[x], oldest_known(m->floor, x));
  EACH(x, LOCATIONS) {
    m->live[x] = least(m->live[x], bases[x] + 1);
    clear(m->entries[x][bases[x]].need);
    m->entries[x][bases[x]].glued = 0;
  }
  EACH(cpu, CPUS) {
    join(m->propagated[cpu], bases);
    join(m->floor[cpu], bases);
    if (m->reserved_at[cpu] != NOTHING && m->reserved_age[cpu] > bases[m->reserved_at[cpu]])
      m->reserved_at[cpu] = m->reserved_age[cpu] = NOTHING;
  }
}

static int alike(Memory *m, int x, int age) {
  Entry *newer = &m->entries[x][age], *older = &m->entries[x][age + 1];
  int cpu;
  if (newer->value != older->value || !same(newer->need, older->need)) return 0;
  if (DEPENDENCIES)
    EACH(cpu, CPUS) if (m->own[cpu][x] == age || m->own[cpu][x] == age + 1) return 0;
  return newer->glued || oldest_known(m->propagated, x) <= age;
}

static void younger(View view, int x, int age) {
  if (view[x] > age && view[x] != NOTHING) view[x]--;
}

/* The stores of this age and the next older one become one. */
static void merge(Memory *m, int x, int age) {
  int y, k, cpu, slot;
  EACH(y, LOCATIONS) EACH(k, m->live[y]) younger(m->entries[y][k].need, x, age);
  m->entries[x][age].glued = m->entries[x][age + 1].glued;
  for (k = age + 1; k < m->live[x] - 1; k++) m->entries[x][k] = m->entries[x][k + 1];
  m->live[x]--;
  EACH(cpu, CPUS) {
    younger(m->propagated[cpu], x, age);
    younger(m->fenced[cpu], x, age);
    younger(m->floor[cpu], x, age);
    younger(m->own[cpu], x, age);
    EACH(slot, SLOTS) younger(m->saved[cpu][slot], x, age);
    if (m->reserved_at[cpu] == x && m->reserved_age[cpu] == age + 1)
      m->reserved_at[cpu] = m->reserved_age[cpu] = NOTHING;
    else if (m->reserved_at[cpu] == x && m->reserved_age[cpu] > age)
      m->reserved_age[cpu]--;
  }
}

static void reduce(Memory *m) {
  int x, age, merged = 1;
  View settled;
  while (merged) {
    merged = 0;
    settle(m, settled);
    forget_needs(m, settled);
    retire(m, settled);
    EACH(x, LOCATIONS)
      for (age = 0; age < m->live[x] - 1;)
        if (alike(m, x, age)) merge(m, x, age), merged = 1;
        else age++;
  }
}

/* The oldest store of a location that somebody may still miss reaches everybody. */
static void settle_oldest(Memory *m, int x) {
  int cpu;
  View everywhere;
  clear(everywhere);
  everywhere[x] = m->live[x] - 2;
  close_view(m, everywhere);
  EACH(cpu, CPUS) join(m->propagated[cpu], everywhere), join(m->floor[cpu], everywhere);
}

static Memory impossible(int why) {
  Memory m;
  memset(&m, 0, sizeof(m));
  m.result = why;
  return m;
}

static Memory normal(Memory m) {
  int cpu, x, slot, longest;
  EACH(cpu, CPUS) {
    int storing = 0;
    EACH(x, LOCATIONS) {
      storing |= stores[cpu * LOCATIONS + x];
      if (m.no_loads[cpu][x] || !loads[cpu * LOCATIONS + x]) m.floor[cpu][x] = m.propagated[cpu][x];
    }
    if (m.no_stores[cpu] || !storing) clear(m.fenced[cpu]);
    if (m.finished[cpu]) {
      EACH(x, LOCATIONS) m.propagated[cpu][x] = m.floor[cpu][x] = 0;
      clear(m.fenced[cpu]);
      clear(m.own[cpu]);
      EACH(slot, SLOTS) clear(m.saved[cpu][slot]);
      m.reserved_at[cpu] = m.reserved_age[cpu] = NOTHING;
    }
  }
  reduce(&m);
  for (;;) {
    unsigned char before[LOCATIONS];
    longest = 0;
    EACH(x, LOCATIONS) longest = most(longest, m.live[x]);
    if (longest <= BOUND) break;
    if (!SETTLE) return impossible(BEYOND_BOUND);
    EACH(x, LOCATIONS) before[x] = m.live[x];
    EACH(x, LOCATIONS) if (before[x] == longest) settle_oldest(&m, x);
    reduce(&m);
  }
  EACH(x, LOCATIONS)
    memset(&m.entries[x][m.live[x]], 0, sizeof(Entry) * (BOUND + 1 - m.live[x]));
  return m;
}

/* What a CPU does. `after` is a mask of slots, `save` a slot or -1. */

static Memory synchronised(Memory m) {
  int cpu;
  if (!EARLY_LOADS) EACH(cpu, CPUS) copy(m.floor[cpu], m.propagated[cpu]);
  return m;
}

static int oldest_load(const Memory *m, int cpu, int x, int after) {
  int slot, oldest = m->floor[cpu][x];
  EACH(slot, SLOTS) if (after >> slot & 1) oldest = least(oldest, m->saved[cpu][slot][x]);
  return oldest;
}

static Memory take(Memory m, int cpu, int x, int age, int after, int save, int acquire) {
  int c, slot, own = age == m.own[cpu][x];
  View need, arrived, floor, satisfied, everywhere;
  copy(need, m.entries[x][age].need);
  copy(arrived, need);
  arrived[x] = least(arrived[x], age);
  if (MULTI_COPY_ATOMIC && age < m.propagated[cpu][x]) {
    copy(everywhere, arrived);
    close_view(&m, everywhere);
    EACH(c, CPUS) join(m.propagated[c], everywhere);
  }
  join(m.propagated[cpu], arrived);
  if (FENCES_STORES) join(m.fenced[cpu], DEPENDENCIES && MULTI_COPY_ATOMIC && !own ? arrived : need);
  copy(floor, m.floor[cpu]);
  floor[x] = least(age, floor[x]);
  if (DEPENDENCIES && (save >= 0 || acquire)) {
    copy(satisfied, floor);
    if (!own) join(satisfied, need);
    satisfied[x] = least(satisfied[x], age);
    EACH(slot, SLOTS) if (after >> slot & 1) join(satisfied, m.saved[cpu][slot]);
    if (save >= 0) copy(m.saved[cpu][save], satisfied);
    if (acquire) join(floor, satisfied);
  }
  copy(m.floor[cpu], floor);
  return synchronised(m);
}

static void needed(const Memory *m, int cpu, int release, View need) {
  if (IMMEDIATE) clear(need);
  else if (release) copy(need, m->fenced[cpu]), join(need, m->propagated[cpu]);
  else copy(need, ORDERED_STORES ? m->propagated[cpu] : m->fenced[cpu]);
}

/* Whether the next store of the CPU may come before the `age` newest ones. */
static int fits(const Memory *m, int cpu, int x, int age, int release) {
  View missed;
  if (IMMEDIATE) return age == 0;
  needed(m, cpu, release, missed);
  close_view(m, missed);
  return age <= least(m->propagated[cpu][x], missed[x]) && (age == 0 || !m->entries[x][age - 1].glued);
}

static void older(View view, int x, int age) {
  if (view[x] >= age && view[x] != NOTHING) view[x]++;
}

static Memory insert(Memory m, int cpu, int x, int age, int value, int release, int glued) {
  int y, k, c, slot;
  View need;
  needed(&m, cpu, release, need);
  if (MULTI_COPY_ATOMIC) need[x] = NOTHING;
  older(need, x, age);
  EACH(y, LOCATIONS) EACH(k, m.live[y]) older(m.entries[y][k].need, x, age);
  for (k = m.live[x]; k > age; k--) m.entries[x][k] = m.entries[x][k - 1];
  m.live[x]++;
  m.entries[x][age].value = value;
  copy(m.entries[x][age].need, need);
  m.entries[x][age].glued = glued;
  EACH(c, CPUS) {
    older(m.propagated[c], x, age);
    older(m.floor[c], x, age);
    older(m.own[c], x, age);
    older(m.fenced[c], x, age);
    EACH(slot, SLOTS) older(m.saved[c][slot], x, age);
    if (m.reserved_at[c] == x && m.reserved_age[c] >= age) m.reserved_age[c]++;
    if (IMMEDIATE) m.propagated[c][x] = 0, copy(m.floor[c], m.propagated[c]);
  }
  if (TRACKS_OWN) m.own[cpu][x] = age;
  m.propagated[cpu][x] = m.floor[cpu][x] = age;
  m.no_loads[cpu][x] = 0;
  return m;
}

static int exchanges(const Memory *m, int cpu, int x, int age, int after, int save, int acquire,
                     int release) {
  Memory loaded;
  if (age > oldest_load(m, cpu, x, after) || age > m->propagated[cpu][x]) return 0;
  loaded = take(*m, cpu, x, age, after, save, acquire);
  return fits(&loaded, cpu, x, age, release);
}

/* The operations and questions of the model. */

static int result(Memory m) { return m.result; }

static int memory_value(Memory m, int x, int age) {
  return m.result < 0 ? 0 : m.entries[x][least(age, m.live[x] - 1)].value;
}

static int memory_oldest_load(Memory m, int cpu, int x, int after, int save, int acquire) {
  return m.result < 0 ? -1 : oldest_load(&m, cpu, x, after);
}

static int memory_oldest_place(Memory m, int cpu, int x, int release) {
  int age, found = -1;
  if (m.result >= 0) EACH(age, m.live[x]) if (fits(&m, cpu, x, age, release)) found = age;
  return found;
}

static int memory_oldest_exchange(Memory m, int cpu, int x, int after, int save, int acquire, int release) {
  int age, found = -1;
  if (m.result >= 0)
    EACH(age, m.live[x]) if (exchanges(&m, cpu, x, age, after, save, acquire, release)) found = age;
  return found;
}

static Memory memory_load(Memory m, int cpu, int x, int age, int after, int save, int acquire) {
  if (m.result < 0) return m;
  if (m.no_loads[cpu][x] || m.finished[cpu]) return impossible(DECLARED_DEAD);
  if (age > oldest_load(&m, cpu, x, after)) return impossible(IMPOSSIBLE);
  return normal(take(m, cpu, x, age, after, save, acquire));
}

static Memory memory_store(Memory m, int cpu, int x, int value, int age, int release) {
  if (m.result < 0) return m;
  if (m.no_stores[cpu] || m.finished[cpu]) return impossible(DECLARED_DEAD);
  if (!fits(&m, cpu, x, age, release)) return impossible(IMPOSSIBLE);
  return normal(insert(m, cpu, x, age, value, release, 0));
}

static Memory memory_exchange(Memory m, int cpu, int x, int value, int age, int after, int save, int acquire,
                              int release) {
  if (m.result < 0) return m;
  if (m.no_stores[cpu] || m.finished[cpu]) return impossible(DECLARED_DEAD);
  if (!exchanges(&m, cpu, x, age, after, save, acquire, release)) return impossible(IMPOSSIBLE);
  return normal(insert(take(m, cpu, x, age, after, save, acquire), cpu, x, age, value, release, 1));
}

static Memory memory_reserve(Memory m, int cpu, int x, int age, int after, int save, int acquire) {
  if (m.result < 0) return m;
  if (m.no_loads[cpu][x] || m.finished[cpu]) return impossible(DECLARED_DEAD);
  if (age > oldest_load(&m, cpu, x, after)) return impossible(IMPOSSIBLE);
  m = take(m, cpu, x, age, after, save, acquire);
  m.reserved_at[cpu] = x, m.reserved_age[cpu] = age;
  return normal(m);
}

static Memory memory_conditional(Memory m, int cpu, int x, int value) {
  int age;
  if (m.result < 0) return m;
  if (m.no_stores[cpu] || m.finished[cpu]) return impossible(DECLARED_DEAD);
  age = m.reserved_age[cpu];
  if (m.reserved_at[cpu] != x || !fits(&m, cpu, x, age, 0)) return impossible(IMPOSSIBLE);
  m = insert(m, cpu, x, age, value, 0, 1);
  m.reserved_at[cpu] = m.reserved_age[cpu] = NOTHING;
  return normal(m);
}

static Memory memory_fail(Memory m, int cpu) {
  m.reserved_at[cpu] = m.reserved_age[cpu] = NOTHING;
  return m.result < 0 ? m : normal(m);
}

static Memory memory_barrier(Memory m, int cpu, int kind, int after) {
  int c, x, slot, full = kind == BARRIER_SYNC || kind == BARRIER_LWSYNC;
  View reached;
  if (m.result < 0) return m;
  if (full) m.no_stores[cpu] = 0;
  if (full || kind == BARRIER_DMB_LD || kind == BARRIER_CONTEXT) EACH(x, LOCATIONS) m.no_loads[cpu][x] = 0;
  copy(reached, m.propagated[cpu]);
  if (kind == BARRIER_SYNC) {
    if (MULTI_COPY_ATOMIC) close_view(&m, reached);
    EACH(c, CPUS) join(m.propagated[c], reached);
    copy(reached, m.propagated[cpu]);
  }
  if (full && FENCES_STORES) copy(m.fenced[cpu], reached);
  if (kind == BARRIER_EIEIO && FENCES_STORES) join(m.fenced[cpu], m.own[cpu]);
  if (full || kind == BARRIER_DMB_LD || kind == BARRIER_CONTEXT) copy(m.floor[cpu], reached);
  if (kind == BARRIER_ISYNC) EACH(slot, SLOTS) if (after >> slot & 1) join(m.floor[cpu], m.saved[cpu][slot]);
  return normal(synchronised(m));
}

static Memory barrier_where(Memory m, int cpu, int passed, int kind) {
  return passed ? memory_barrier(m, cpu, kind, 0) : m;
}

static Memory memory_no_load(Memory m, int cpu, int x) {
  if (m.result < 0) return m;
  if (EARLY_LOADS && loads[cpu * LOCATIONS + x]) m.no_loads[cpu][x] = 1;
  return normal(m);
}

static Memory memory_no_store(Memory m, int cpu) {
  if (m.result < 0) return m;
  m.no_stores[cpu] = 1;
  return normal(m);
}

static Memory memory_unused(Memory m, int cpu, int locations, int no_stores, int no_steps) {
  int x;
  if (m.result < 0) return m;
  EACH(x, LOCATIONS)
    if (EARLY_LOADS && (locations >> x & 1) && loads[cpu * LOCATIONS + x]) m.no_loads[cpu][x] = 1;
  m.no_stores[cpu] |= no_stores;
  m.finished[cpu] |= no_steps;
  return normal(m);
}

static Memory memory_spread(Memory m, int x) {
  if (m.result < 0) return m;
  if (m.live[x] < 2) return impossible(IMPOSSIBLE);
  settle_oldest(&m, x);
  return normal(m);
}

static int memory_under_way(Memory m, int x) { return m.result >= 0 && m.live[x] > 1; }

static int memory_may_read(Memory m, int cpu, int x, int value) {
  int age, found = 0;
  if (m.result >= 0)
    for (age = 0; age <= oldest_load(&m, cpu, x, 0); age++) found |= m.entries[x][age].value == value;
  return found;
}

static Memory memory_of(const int *values, const int *no_loads, const int *no_stores, const int *finished) {
  Memory m;
  int cpu, x, slot;
  memset(&m, 0, sizeof(m));
  EACH(x, LOCATIONS) {
    m.live[x] = 1;
    m.entries[x][0].value = values[x];
    clear(m.entries[x][0].need);
  }
  EACH(cpu, CPUS) {
    clear(m.fenced[cpu]);
    clear(m.own[cpu]);
    EACH(slot, SLOTS + 1) clear(m.saved[cpu][slot]);
    m.reserved_at[cpu] = m.reserved_age[cpu] = NOTHING;
    EACH(x, LOCATIONS) m.no_loads[cpu][x] = no_loads[cpu * LOCATIONS + x];
    m.no_stores[cpu] = no_stores[cpu];
    m.finished[cpu] = finished[cpu];
  }
  return normal(m);
}
"""
