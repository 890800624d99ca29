"""Random specs of the kinds that `generators` never writes: numbers beyond machine words, domains too wide to
list, members of one name in two enums, queues of optionals, and declarations made by a factory.

`python -m tests.support.wild FIRST COUNT [native]` compares the python engine (and the native one) with the
reference on many seeds.
"""

from __future__ import annotations

import random
import sys
from functools import partial

from tests.support.comparison import check_or_shrink
from tests.support.generators import Author, Scope, Text
from tests.support.kinds import COLOR, MODE, Kind, optional, queues

LIGHT = Kind("enum", "Light", ("Light.RED", "Light.ON"))
SIGNAL = Kind("union", "Color | Light", COLOR.values + LIGHT.values, (COLOR, LIGHT))
SWITCH = Kind("union", "Mode | Light", MODE.values + LIGHT.values, (MODE, LIGHT))

LARGE = tuple(str(n) for n in (2**31 - 1, 2**32, 10**12, 2**61, 2**62 - 1, 2**63, 10**19, 3**45))
WIDE = tuple(
    Kind(
        "int", f"Annotated[int, Range({low}, {high})]", tuple(map(str, (low, 0, 1, high))), low=low, high=high
    )
    for low, high in ((0, 2**33), (-(2**40), 2**40), (0, 2**61))
)

ENUM = """
class Light(enum.Enum):
    RED, ON = range(2)
"""
FACTORY = """\
def repeated({parameter}):
    {body}
    return {name}"""


class WildAuthor(Author):
    """Writes one random spec of these kinds."""

    def index(self) -> Kind:
        return self.rng.choice((SIGNAL, SWITCH, LIGHT)) if self.rng.random() < 0.3 else super().index()

    def scalar(self) -> Kind:
        roll = self.rng.random()
        if roll < 0.25:
            return self.rng.choice(WIDE)
        if roll < 0.5:
            union = self.rng.choice((SIGNAL, SWITCH))
            return optional(union) if self.rng.random() < 0.4 else union
        return super().scalar()

    def kind(self) -> Kind:
        if self.rng.random() < 0.15:
            inner = self.rng.choice((SIGNAL, MODE, self.proc, self.note, WIDE[0]))
            return queues(optional(inner), self.rng.randint(1, 3))
        return super().kind()

    def number(self, scope: Scope, depth: int) -> Text:
        if self.rng.random() < 0.15:
            large = Text(self.rng.choice(LARGE), False)
            if depth <= 0:
                return large
            other = super().number(scope, depth - 1)
            return Text(f"({other.text} {self.rng.choice('+-*')} {large.text})", other.symbolic)
        return super().number(scope, depth)

    def initial(self, kind: Kind, outer: bool = True) -> str:
        return self.rng.choice(kind.values) if kind in WIDE else super().initial(kind, outer)

    def driver(self, number: int) -> str | None:
        text = super().driver(number)
        return None if text and any(f"x: {wide.annotation}" in text for wide in WIDE) else text

    def action(self, number: int) -> str:
        text = super().action(number)
        if self.rng.random() < 0.3:
            name = f"act{number}"
            body = "\n    ".join(text.splitlines())
            return f"{FACTORY.format(parameter='', body=body, name=name)}\n\n{name} = repeated()"
        return text

    def spec(self) -> str:
        head, rest = super().spec().split("class Proc(Scalarset)", 1)
        return f"{head}{ENUM.lstrip()}\nclass Proc(Scalarset){rest}"


def wild_text(seed: int) -> str:
    """The text of a random spec."""
    return WildAuthor(random.Random(seed), 1 + seed % 4).spec()


def _campaign(first: int, count: int, native: bool) -> None:
    """Print every disagreement, and how many specs were compared."""
    from explorer.engine.python import explore
    from tests.support.comparison import check
    from tests.support.native import native_engine

    engines = (explore, native_engine(1), native_engine(2)) if native else (explore,)
    run = partial(check, engines=engines) if native else check_or_shrink
    compared = 0
    for seed in range(first, first + count):
        try:
            compared += run(wild_text(seed)) is not None
        except AssertionError as error:
            print(f"seed {seed}: {error}\n", flush=True)
    print(f"seeds {first} to {first + count - 1}: {compared} specs compared", flush=True)


if __name__ == "__main__":
    _campaign(int(sys.argv[1]), int(sys.argv[2]), "native" in sys.argv[3:])
