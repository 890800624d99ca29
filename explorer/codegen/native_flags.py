"""Native source that evaluates conditions on many states at once. Text only; knows nothing of what the
conditions are for.
"""

from __future__ import annotations

from explorer.codegen.native_expressions import Constants, Scribe
from explorer.codegen.native_functions import HEAD
from explorer.ir import expressions as ex
from explorer.ir.expressions import Expr
from explorer.program.layout import Layout
from explorer.program.program import Program
from explorer.program.simplify import fold, fold_checks, lift


def flag_source(program: Program, layout: Layout, conditions: list[Expr]) -> str:
    """The text of `flags(F, OUT)`: OUT[k, b] is 1 where condition k has the value true in state F[b], else
    0.
    """
    scribe, constants = Scribe(layout, program.facts), Constants()
    tests = []
    for condition in conditions:
        pure, raw = lift(condition)
        whole = ex.both(*(c.ok for c in fold_checks(raw, program.facts)), fold(pure, program.facts))
        tests.append(constants.fill(scribe, scribe.truth(fold(whole, program.facts))))
    lines = [
        HEAD,
        *(f"{name} = U({hex(value)})" for value, name in constants.names.items()),
        "",
        "@njit('void(uint64[:,::1], uint8[:,::1])', nogil=True, cache=True)",
        "def flags(F, OUT):",
        "    for b in range(F.shape[0]):",
        "        row = U(b)",
    ] + ["        s = F[row, U(0)]"] * scribe.one
    lines += [f"        OUT[{k}, b] = 1 if {test} else 0" for k, test in enumerate(tests)]
    return "\n".join(lines) + "\n"
