"""States of several words, however small: each cell in a word of its own, known by parts from the first state
on.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from explorer.engine import compiled, python
from explorer.engine.native import local_steps, local_worker
from explorer.program.layout import WORD, Field, Layout, lay_out
from explorer.program.locality import locality
from explorer.program.program import Program, reduce
from tests.support.comparison import bounded, model_of
from tests.support.generators import spec_text

SOME = 20
"""States of a space in which parts repeat."""


def scattered(program: Program) -> Layout:
    """A layout in place of `lay_out`'s. A state of one cell has one word."""
    usual = lay_out(program)
    fields, words = {}, 0
    for family, field in usual.fields.items():
        fields[family] = Field(family, words * WORD, field.width, 1)
        words += family.size
    last = max((f.shift(f.family.size - 1) + f.width for f in fields.values()), default=0)
    return Layout(fields, usual.fixed, last, usual.size)


def scatter() -> None:
    """Use such layouts from now on, in this process; what is known by parts is not given up."""
    compiled.lay_out = scattered  # type: ignore[attr-defined]
    local_steps.LOADED_FROM = local_steps.COMPILED_FROM = 0
    local_steps.FEW = 1 << 40
    local_worker.LEAST = 0


def local_texts(first: int) -> Iterator[str]:
    """Random specs, from seed `first` on, with some states, whose rules each ask for some of such words only:
    about one of ten.
    """
    for seed in itertools.count(first):
        text = spec_text(random.Random(seed), 1 + seed % 4)
        model = model_of(text)
        if model is not None:
            program = reduce(model)
            local = locality(program, scattered(program)) is not None
            if local and python.explore(model, bounded(model)).distinct >= SOME:
                yield text


class Told:
    """How many states were derived from what is known of their parts."""

    def __init__(self) -> None:
        self.visits = 0
        tally = local_worker.LocalWorker.tally

        def counted(worker: local_worker.LocalWorker) -> None:
            self.visits += int(worker.visits.sum())
            tally(worker)

        local_worker.LocalWorker.tally = counted  # type: ignore[method-assign]
