"""The models that are measured, by name, with the counts that they must have. `--quick` takes smaller ones
under the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IPI = "tests/support/ipi_buffers.py"
COUNTERS, PROGRAM = "tests/bench/specs/counters.py", "tests/bench/specs/program.py"
THERMOMETERS, EXAMPLES = "tests/bench/specs/thermometers.py", "spec/examples/"


@dataclass(frozen=True, slots=True)
class Size:
    """A spec with its constants. `states` and `transitions` are what every engine and every peer must
    find.
    """

    spec: str
    define: tuple[str, ...]
    states: int
    transitions: int

    @property
    def constants(self) -> dict[str, str]:
        return dict(text.split("=") for text in self.define)

    def __str__(self) -> str:
        return " ".join([Path(self.spec).stem, *self.define])


def counters(modulus: int, *wider: str) -> Size:
    """Four counters: as many successors for any modulus, and counts in closed form."""
    return Size(COUNTERS, ("COUNTERS=4", f"MODULUS={modulus}", *wider), modulus**4, 4 * modulus**4)


def wide_counters(modulus: int) -> tuple[Size, Size]:
    """The same counters in two words, of 108 bits, and in one."""
    return counters(modulus, "SPARE=100_000_000"), counters(modulus)


def thermometers(counters: int, modulus: int) -> tuple[Size, Size]:
    """The same counters in many words, and in one."""
    define = (f"COUNTERS={counters}", f"MODULUS={modulus}")
    states = modulus**counters
    return Size(THERMOMETERS, define, states, counters * states), Size(
        COUNTERS, define, states, counters * states
    )


def thin(levels: int) -> Size:
    """So many levels of one state each."""
    return Size(COUNTERS, ("COUNTERS=1", f"MODULUS={levels}"), levels, levels)


def instances(number: int) -> Size:
    """So many action instances of one shape."""
    places = number // 2
    return Size(PROGRAM, (f"PLACES={places}",), places**2, 2 * places**2)


@dataclass(frozen=True, slots=True)
class Sizes:
    """`peers` is for SPIN, Rumur and the python engine, `large` for throughput; `base` and `huge` differ in
    constants only.

    `repeat` is how often short runs are repeated, `rarely` those of peers and of the python engine.
    The counts of `senders` are compared with each other; runs of more than `symmetry_most` states end there.
    """

    peers: Size
    large: Size
    base: Size
    huge: Size
    counters_base: Size
    counters_huge: Size
    wide_base: Size
    wide_huge: Size
    few: Size
    many: Size
    start: Size
    repeat: int
    rarely: int
    senders: tuple[Size, ...]
    models: tuple[Size, ...]
    wide: tuple[tuple[Size, Size], ...]
    thin: Size
    symmetry_most: int = 1_500_000
    quick: bool = False


GERMAN = Size(EXAMPLES + "german.py", ("CACHES=5", "VALUES=1"), 10_977_849, 73_411_515)
"""One word. 25,515 of the transitions are a store of the one value that there is."""
GERMAN_WITH_DATA = Size(EXAMPLES + "german.py", ("CACHES=5",), 22_031_028, 147_274_200)
"""Two words, with as many successors for a state."""

DEFAULT = Size(IPI, (), 5_444, 19_902)

FULL = Sizes(
    peers=Size(IPI, ("senders=3", "ipis=2"), 15_027_732, 82_736_290),
    large=Size(IPI, ("senders=3", "ipis=2"), 15_027_732, 82_736_290),
    base=Size(IPI, ("senders=3", "kicks=1"), 1_166_021, 5_974_513),
    huge=Size(IPI, ("senders=3", "ipis=2", "kicks=3"), 107_153_709, 680_027_874),
    counters_base=counters(32),
    counters_huge=counters(100),
    wide_base=wide_counters(32)[0],
    wide_huge=wide_counters(100)[0],
    few=instances(200),
    many=instances(2000),
    start=DEFAULT,
    repeat=5,
    rarely=1,
    senders=tuple(Size(IPI, (f"senders={n}",), 0, 0) for n in range(2, 7)),
    models=(
        Size(EXAMPLES + "peterson.py", ("PROCESSES=6",), 10_187_487, 40_976_544),
        GERMAN,
        GERMAN_WITH_DATA,
        Size(EXAMPLES + "philosophers.py", ("SEATS=11",), 1_089_942, 9_879_391),
        Size(EXAMPLES + "two_phase_commit.py", ("MANAGERS=8",), 1_745_408, 18_507_777),
    ),
    wide=(
        (GERMAN_WITH_DATA, GERMAN),
        wide_counters(56),
        thermometers(4, 56),
        thermometers(3, 215),
        thermometers(3, 330),
    ),
    thin=thin(100_000),
)

QUICK = Sizes(
    peers=DEFAULT,
    large=DEFAULT,
    base=DEFAULT,
    huge=DEFAULT,
    counters_base=counters(10),
    counters_huge=counters(10),
    wide_base=wide_counters(10)[0],
    wide_huge=wide_counters(10)[0],
    few=instances(20),
    many=instances(20),
    start=DEFAULT,
    repeat=1,
    rarely=1,
    senders=(Size(IPI, ("senders=2",), 0, 0),),
    models=(Size(EXAMPLES + "peterson.py", ("PROCESSES=4",), 18_165, 54_064),),
    wide=(thermometers(2, 40),),
    thin=thin(2_000),
    quick=True,
)
