"""The native engine finds what the reference finds, for any number of workers and either storage, on narrow
and wide states.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import threading
import time
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from explorer.engine import auto as tiered
from explorer.engine import python
from explorer.engine.limits import Limits, Prefix, Progress
from explorer.engine.native import hashing, small_levels, worker
from explorer.engine.native import search as native
from explorer.engine.native.arrays import Level
from explorer.engine.native.jit import Jit, common_source, prune
from explorer.engine.native.levels import integers, words_of
from explorer.engine.native.machine import machine
from explorer.engine.native.probing import GROUP
from explorer.engine.native.visited import Store
from explorer.engine.native.worker import buckets, empty
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.language.constants import parse
from explorer.program.machine_word import BeyondWord
from explorer.run.load import load
from explorer.verdict.verdict import judge
from tests.support.comparison import agree, bounded, model_of
from tests.support.generators import spec_text
from tests.support.house import ROOT
from tests.support.native import native_engine, without_compiler
from tests.support.wild import wild_text

COUNTERS = """
from typing import Annotated
from explorer import *
K = constant("k", 3)
M = constant("m", 4)
class Slot(Scalarset):
    size = K
class Counters(State):
    n: Map[Slot, Annotated[int, Range(0, M - 1)]] = initially(0)
@action
def count_up(c: Counters, i: Slot) -> None:
    c.n[i].next = (c.n[i] + 1) % M
@invariant
def small(c: Counters):
    return every(c.n[i] < M for i in Slot)
spec = Spec(expect=HOLDS)
"""


def bound(path: Path, **constants: str) -> Model:
    spec = load(path)
    ground(spec)
    known = spec.known_constants()
    return ground(spec, {name: parse(known[name], value) for name, value in constants.items()})


def counters(tmp_path: Path, k: int, m: int) -> Model:
    file = tmp_path / "counters.py"
    file.write_text(COUNTERS)
    return ground(load(file), {"k": k, "m": m})


@pytest.mark.parametrize("seed", range(9000, 9600, 50))
def test_compiled_rules_mean_what_the_reference_means(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On random specs, with one to three workers and either storage, and with small levels together,
    everything found is the reference's.
    """
    texts = (spec_text(random.Random(number), 1 + number % 4) for number in range(seed, seed + 50))
    model = next(model for model in map(model_of, texts) if model is not None)
    compiled = python.Compiled(model)
    made = machine(compiled)
    engines = [
        partial(native_engine(w, storage), prepared=(compiled, made))
        for w, storage in ((1, "exact"), (3, "exact"), (2, "compact"))
    ]
    agree(model, *engines, limits=bounded(model))
    monkeypatch.setattr(small_levels, "LOADED_FROM", 1)
    monkeypatch.setattr(small_levels, "COMPILED_FROM", 1)
    agree(model, engines[0], limits=bounded(model))


@pytest.mark.parametrize("seed", range(0, 60, 20))
def test_machine_code_means_the_same_on_large_numbers_and_equal_names(seed: int) -> None:
    """Of twenty such specs the first that fits a machine word agrees with the reference; those before it are
    refused for their numbers only.
    """
    for number in range(seed, seed + 20):
        model = model_of(wild_text(number))
        if model is None:
            continue
        compiled = python.Compiled(model)
        try:
            prepared = compiled, machine(compiled)
        except BeyondWord:
            continue
        engines = [partial(native_engine(w), prepared=prepared) for w in (1, 2)]
        agree(model, *engines, limits=bounded(model))
        return
    pytest.fail("no spec was compiled")


@pytest.mark.slow
def test_many_random_specs_without_the_compiler() -> None:
    """The same source run by the interpreter agrees with the reference on 400 random specs (Numba switched
    off).
    """
    compared = without_compiler(
        "import random",
        "from tests.support.comparison import check",
        "from tests.support.generators import spec_text",
        "from tests.support.native import native_engine",
        "texts = [spec_text(random.Random(seed), 1 + seed % 4) for seed in range(20000, 20400)]",
        "sum(check(text, (native_engine(2),)) is not None for text in texts)",
    )
    assert compared > 350


@pytest.mark.slow
def test_large_numbers_and_equal_names_without_the_compiler() -> None:
    """The same on 300 specs with numbers beyond a machine word, wide domains and members of one name."""
    compared = without_compiler(
        "from tests.support.comparison import check",
        "from tests.support.native import native_engine",
        "from tests.support.wild import wild_text",
        "sum(check(wild_text(seed), (native_engine(2),)) is not None for seed in range(20000, 20300))",
    )
    assert compared > 270


@pytest.mark.parametrize(
    "file, constants, words",
    [
        pytest.param("spec/ipi_buggy.py", {}, 1, id="one word"),
        pytest.param(
            "tests/support/ipi_buffers.py",
            {"memory": "tso", "set_barrier": "none"},
            2,
            id="two words",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_lost_ipi_is_the_same_natively(file: str, constants: dict[str, str], words: int) -> None:
    """States, violations and stories of the lost IPI, on POWER's memory and with store buffers, do not depend
    on engine, workers, storage or the width of a state.
    """
    model = bound(ROOT / file, **constants)
    compiled = python.Compiled(model)
    assert compiled.layout.words == words
    made = machine(compiled)
    agree(
        model,
        *(
            partial(native_engine(w, s), prepared=(compiled, made))
            for w, s in ((1, "exact"), (3, "exact"), (2, "compact"))
        ),
    )


@pytest.mark.slow
def test_the_hand_over_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that goes from the python engine to the native one in the middle finds what either finds."""
    monkeypatch.setattr(tiered, "COMPILE_FROM", 500)
    monkeypatch.setattr(tiered._Builder, "ready", lambda self, search: len(search.visited) >= 500)
    found = []

    def engine(model: Model, limits: Limits | None) -> StateSpace:
        found.append(tiered.explore(model, limits))
        return found[-1]

    agree(bound(ROOT / "spec" / "ipi_buggy.py"), engine)
    assert [space.engine for space in found] == ["native"]


def test_long_thin_graphs_stay_with_the_python_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of machine code for each state would be slower; what is noted of a level does not grow with the
    number of levels before it.
    """
    monkeypatch.setattr(tiered, "COMPILE_FROM", 100)
    seen: list[Progress] = []
    space = tiered.explore(counters(tmp_path, 1, 3000), None, seen.append)
    assert (space.engine, space.distinct, space.depth) == ("python", 3000, 2999)
    shared = {id(progress.levels._items) for progress in seen if isinstance(progress.levels, Prefix)}
    assert len(shared) == 1 and [len(progress.levels) for progress in seen] == list(range(1, 3001))
    assert [*seen[-1].levels] == [1] * 3000


def test_counters_are_counted_exactly(tmp_path: Path) -> None:
    """K counters modulo M have M**K states, each with K successors, at a depth of K * (M - 1)."""
    space = native_engine(2)(counters(tmp_path, 6, 12), Limits())
    assert (12**6, 6 * 12**6, 6 * 11) == (space.distinct, space.transitions, space.depth)


def test_rounds_that_grow_with_the_table_find_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buckets that may take more than at first, because the table is large, make fewer rounds of a level and
    lose nothing.
    """
    monkeypatch.setattr(worker, "BUCKET_WORDS", 1 << 8)
    monkeypatch.setattr(hashing.Hashing, "rules", 1)  # so that all successors are inserted

    class Tight(native.Search):
        roomy = False

    rounds: dict[type[native.Search], int] = {}
    for kind in (native.Search, Tight):
        seen: list[Progress] = []
        options = native.Options(kind=lambda compiled, kind=kind: kind)
        space = native.explore(counters(tmp_path, 4, 28), None, seen.append, options)
        assert (space.distinct, space.transitions, space.depth) == (28**4, 4 * 28**4, 4 * 27)
        rounds[kind] = len(seen)
    assert rounds[native.Search] < rounds[Tight]


@pytest.mark.slow
def test_a_hundred_million_states_are_counted_exactly() -> None:
    """A space whose size is known in closed form, at the size where sloppy storage loses states: 100^4."""
    space = native_engine(2)(
        bound(ROOT / "tests" / "bench" / "specs" / "counters.py", COUNTERS="4", MODULUS="100")
    )
    assert (space.distinct, space.transitions, space.depth) == (100**4, 4 * 100**4, 4 * 99)


@pytest.mark.parametrize(
    "engine",
    [native_engine(1), native_engine(2), native_engine(1, "compact"), python.explore, tiered.explore],
    ids=["native", "two workers", "compact", "python", "auto"],
)
@pytest.mark.parametrize("how", ["interrupt", "timeout", "memory"])
def test_an_end_at_any_moment_leaves_a_correct_partial_result(
    tmp_path: Path, how: str, engine: partial[StateSpace]
) -> None:
    """Whatever ends an exploration, and whenever: the levels are a prefix of the true ones, and nothing is
    said to hold.
    """
    model = counters(tmp_path, 5, 16)
    rng = random.Random(how)
    sizes = [_ways(5, 16, depth) for depth in range(5 * 15 + 1)]
    for _ in range(3):
        moment = rng.uniform(0.005, 0.25)
        limits = Limits()
        if how != "interrupt":
            limits = (
                Limits(timeout=moment) if how == "timeout" else Limits(max_memory=1 + rng.randrange(1 << 20))
            )
        timer = threading.Timer(moment, setattr, (limits, "interrupted", True))
        if how == "interrupt":
            timer.start()
        space = engine(model, limits)
        timer.cancel()
        if not space.stopped:
            assert space.distinct == 16**5
            continue
        levels = [len(level) for level in space.levels]
        assert levels[:-1] == sizes[: len(levels) - 1] and levels[-1] <= sizes[len(levels) - 1]
        verdict = judge(space)
        assert verdict.verdict == "undetermined" and {p.verdict for p in verdict.properties} == {
            "undetermined"
        }
        assert verdict.exit_code == (130 if how == "interrupt" else 20)


@cache
def _ways(k: int, m: int, total: int) -> int:
    """How many states of k counters modulo m are `total` steps away from zero."""
    if k == 0:
        return int(total == 0)
    return sum(_ways(k - 1, m, total - i) for i in range(min(m, total + 1)))


def test_limits_leave_a_partial_result(tmp_path: Path) -> None:
    """A bound on states ends the native engine with what was learned so far."""
    space = native_engine(2)(counters(tmp_path, 6, 10), Limits(max_states=20_000))
    assert space.stopped == "--max-states 20000 reached"
    assert 20_000 <= space.distinct < 10**6


@pytest.mark.parametrize("bits", [2, 3, 7, 16, 31, 40, 41, 52, 63, 64])
def test_the_hash_is_a_bijection(bits: int) -> None:
    """Every state comes back from its hash, at the borders and at random."""
    rng = random.Random(bits)
    states = sorted({0, (1 << bits) - 1, 1 << bits - 1, *(rng.getrandbits(bits) for _ in range(200))})
    store = _store(bits)
    fresh, n = _insert(store, states)
    assert states == sorted(integers(fresh[:n]))


def _store(bits: int, fingerprint: int | None = None) -> Store:
    hashed = hashing.exact(bits) if fingerprint is None else hashing.compact(bits, fingerprint)
    kernels = Jit(native.default_directory()).module(common_source(fingerprint is not None and hashed.narrow))
    return Store(kernels, hashed, 0, 1 << hashed.partition_bits, 1 << 22, leveled=fingerprint is None)


def _insert(store: Store, states: list[int]) -> tuple[np.ndarray, int]:
    partitions = 1 << store.hashing.partition_bits
    room = len(states) + 1
    target = buckets(partitions, room, 1)
    level = Level(words_of(states, 1), np.zeros(len(states), np.uint16))
    store.kernels.scatter(level, 0, target, store.hashing.there)
    fresh = empty(len(states))
    return fresh.states, store.insert(target, 0, fresh, 0)


@pytest.mark.parametrize(
    "states",
    [
        [i << 44 for i in range(1 << 12)] + [(i << 44) | 1 << 59 for i in range(1 << 12)],
        list(range(1 << 13)),
        [i * 4096 for i in range(1 << 13)],
        [1 << 59 | i for i in range(1 << 13)],
    ],
    ids=["high bits", "dense", "progression", "one high bit"],
)
def test_structured_states_keep_probes_short(states: list[int]) -> None:
    """States that differ in few bits spread over the table: few entries stand behind their group of slots."""
    store = _store(60)
    _, n = _insert(store, states)
    assert n == len(states)
    slots, capacity = store.table.slots, store.capacity
    part, high, low = (
        int(x) for x in (store.table.entry.part, store.table.entry.high, store.table.entry.low)
    )
    distances = []
    for slot in np.flatnonzero(slots[: capacity * store.partitions]):
        key = (int(slots[slot]) & part) - 1
        home = ((key >> high) * capacity) >> low
        distances.append((int(slot) % capacity // GROUP - home // GROUP) % (capacity // GROUP))
    assert sum(distances) / len(distances) < 0.5


def test_omissions_stay_within_the_printed_probability() -> None:
    """With short fingerprints states are omitted, about as many as the formula expects, on structured states
    too.
    """
    bits = 24
    for structure in (lambda i: i, lambda i: i << 20, lambda i: i * 977, lambda i: (i & 255) << 40 | i >> 8):
        states = [structure(i) for i in range(1 << 13)]
        store = _store(60, bits)
        _, n = _insert(store, states)
        missing, size = len(states) - n, 2**bits
        expected = len(states) - size * -math.expm1(len(states) * math.log1p(-1 / size))
        assert missing <= expected + 6 * math.sqrt(expected) + 1
        assert hashing.omission_probability(len(states), bits) > 0.8 or missing == 0


def test_the_omission_probability_is_that_of_the_birthday_problem() -> None:
    """The closed form agrees with the product over all states, and is 0 and 1 at the ends."""
    for n, bits in ((23, 9), (100, 16), (4000, 24), (60000, 40)):
        exact = -math.expm1(sum(math.log1p(-i / 2**bits) for i in range(n)))
        assert exact == pytest.approx(hashing.omission_probability(n, bits), rel=1e-3)
    assert hashing.omission_probability(1, 32) == 0.0
    assert hashing.omission_probability(2**33, 32) == 1.0


def test_a_damaged_cache_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code that does not match its checksum is never run; another process finds it so."""
    text = "from numba import njit\n@njit('int64(int64)', cache=True)\ndef f(x):\n    return x + 1\n"
    assert Jit(tmp_path).module(text).f(1) == 2
    for file in tmp_path.rglob("*.nbc"):
        file.write_bytes(b"damaged")
    monkeypatch.setattr("explorer.engine.native.jit._loaded", {})
    jit = Jit(tmp_path)
    assert not jit.ready(text)
    assert jit.module(text).f(1) == 2
    assert jit.notes == ["the cache of compiled code was damaged: compiled again"]


def test_a_cache_that_cannot_be_written_is_survived(tmp_path: Path) -> None:
    """Code is compiled for one run where the cache directory is no directory."""
    (tmp_path / "file").write_text("")
    jit = Jit(tmp_path / "file" / "below")
    assert (
        jit.module(
            "from numba import njit\n@njit('int64(int64)', cache=True)\ndef f(x):\n    return x + 2\n"
        ).f(1)
        == 3
    )
    assert "cannot be used" in jit.notes[0]


def test_the_cache_keeps_what_was_used_last(tmp_path: Path) -> None:
    """Modules that were not used for long go where there are too many; those of this hour stay, for another
    run may be loading them.
    """
    for age in range(6):
        module = tmp_path / f"k{age}"
        module.mkdir()
        (module / "sums").write_text("")
        os.utime(module / "sums", (time.time() - 1800 * age,) * 2)
    (tmp_path / "other").mkdir()
    prune(tmp_path, kept=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k0", "k1", "other"]
    prune(tmp_path / "nothing", kept=1)


def test_a_loaded_module_counts_as_used(tmp_path: Path) -> None:
    """What is pruned is decided by the last use, not by when a module was made."""
    text = "from numba import njit\n@njit('int64(int64)', cache=True)\ndef f(x):\n    return x + 3\n"
    jit = Jit(tmp_path)
    jit.module(text)
    sums = jit.path(text).parent / "sums"
    os.utime(sums, (0, 0))
    assert jit.module(text).f(1) == 4 and sums.stat().st_mtime > time.time() - 600


def test_a_temporary_cache_goes_with_its_run(tmp_path: Path) -> None:
    """A run that cannot write its cache leaves no directory behind."""
    (tmp_path / "file").touch()
    script = (
        "from pathlib import Path\nfrom explorer.engine.native.jit import Jit\njit ="
        " Jit(Path('file/below'))\njit.module('X = 1\\n')\nassert"
        " jit.directory.is_dir()\nprint(jit.directory)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == tmp_path and not list(tmp_path.glob("explorer-cache-*"))
