"""Which expressions machine code can compute: those whose every intermediate value fits a signed word.

The meaning of an expression is Python's integers. Machine code computes in 64 bits, so it is written only
where interval analysis proves that nothing can wrap. Knows nothing of engines.
"""

from __future__ import annotations

from explorer.ir.errors import NOWHERE, Place
from explorer.ir.expression_text import show
from explorer.ir.expressions import Expr
from explorer.program.facts import Facts, operand_bounds

LARGEST = (1 << 63) - 1
"""The largest magnitude of a signed machine word (its least value, -2**63, is not used)."""


class BeyondWord(Exception):
    """An expression that could exceed a machine word: machine code for it would be wrong."""

    def __init__(self, expr: Expr, magnitude: int, place: Place):
        self.expr, self.magnitude, self.place = expr, magnitude, place
        text = show(expr)
        shown = text if len(text) <= 80 else text[:77] + "..."
        where = "" if place is NOWHERE else f" ({place})"
        super().__init__(
            f"`{shown}` may be as large as {_power(magnitude)}{where}, more than a machine word holds"
        )


class NoMachineCode(BeyondWord):
    """A function that no machine code exists for."""

    def __init__(self, expr: Expr):
        self.expr, self.magnitude, self.place = expr, 0, NOWHERE
        Exception.__init__(self, f"{expr.value.name} has no machine code")


def check_word(expr: Expr, facts: Facts, place: Place) -> None:
    """Raise BeyondWord where the value of a node may not fit, judged by its operands.

    What is known of the node itself does not count: machine code has to compute it before anything that is
    known of the result can hold. The operands were checked before.
    """
    low, high = operand_bounds(expr, facts)
    if low < -LARGEST or high > LARGEST:
        raise BeyondWord(expr, max(-low, high), place)


def _power(magnitude: int) -> str:
    """A number of people's size as it is, a larger one as the next power of two."""
    return str(magnitude) if magnitude < 10**24 else f"2**{(magnitude - 1).bit_length()}"
