"""Native source that evaluates conditions on many states at once. Text only; knows nothing of what the
conditions are for.
"""

from __future__ import annotations

from explorer.codegen.native_expressions import Constants, Scribe, Sharing
from explorer.codegen.native_functions import head_of, lowered_function, state_arguments
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
    body: list[str] = []
    for k, condition in enumerate(conditions):
        pure, raw = lift(condition)
        whole = ex.both(*(c.ok for c in fold_checks(raw, program.facts)), fold(pure, program.facts))
        scribe.names = {}
        folded = fold(whole, program.facts)
        lines = Sharing(scribe, [folded]).names([folded], program.facts)
        lines.append(f"OUT[{k}, b] = U({scribe.truth(folded)})")
        body += [constants.fill(scribe, text) for text in lines]
    parameters = [("b", "uint64"), ("OUT", "uint8[:,::1]")]
    lines = [
        head_of(constants),
        "",
        lowered_function("note", scribe.one, parameters, body, {"True": "boolean"}),
        "@njit('void(uint64[:,::1], uint8[:,::1])', nogil=True, cache=True)",
        "def flags(F, OUT):",
        "    for b in range(F.shape[0]):",
        "        row = U(b)",
        *["        s = F[row, U(0)]"] * scribe.one,
        f"        note({state_arguments(scribe.one)}, row, OUT)",
    ]
    return "\n".join(lines) + "\n"
