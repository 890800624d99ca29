"""Native source that evaluates conditions on many states at once. Text only; knows nothing of what the
conditions are for.
"""

from __future__ import annotations

from explorer.codegen.native_expressions import Constants, Scribe, Sharing
from explorer.codegen.native_module import certainly, load, lowered_function, module_of, state_arguments
from explorer.codegen.template import fill
from explorer.ir.expressions import Expr
from explorer.program.layout import Layout
from explorer.program.program import Program

FLAGS = """
@njit('void(uint64[:,::1], uint8[:,::1])', nogil=True, cache=True)
def flags(states, out):
    for b in range(states.shape[0]):
        row = U(b)
        {load}
        note({state}, row, out)
"""


def flag_source(program: Program, layout: Layout, conditions: list[Expr]) -> str:
    """The text of `flags(states, out)`: out[k, b] is 1 where condition k has the value true in state b, else
    0.
    """
    scribe, constants = Scribe(layout, program.facts), Constants()
    body: list[str] = []
    for k, condition in enumerate(conditions):
        scribe.names = {}
        folded = certainly(condition, program)
        lines = Sharing(scribe, [folded]).names([folded], program.facts)
        lines.append(f"out[{k}, b] = U({scribe.truth(folded)})")
        body += [constants.fill(scribe, text) for text in lines]
    parameters = [("b", "uint64"), ("out", "uint8[:,::1]")]
    note = lowered_function("note", scribe.one, parameters, body, {"True": "boolean"})
    flags = fill(FLAGS, load=load(scribe.one), state=state_arguments(scribe.one))
    return module_of(constants, note, flags)
