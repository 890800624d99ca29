"""Executable formal specifications of interrupt protocols, and an exhaustive explorer for them.

What a spec author writes with is here; `python -m explorer SPEC` checks it.
"""

from explorer.language.annotations import domain
from explorer.language.collections import Map, Queue, RecordLocation, Set, record
from explorer.language.constants import constant
from explorer.language.declarations import (STRONG, WEAK, Fairness, action, closes, constraint, initial, invariant, observe, opens, sends,
                                            step_invariant, terminal, when)
from explorer.language.domains import Capacity, Range, Scalarset
from explorer.language.errors import SpecError
from explorer.language.operators import count, every, implies, ite, some
from explorer.language.spec import HOLDS, Spec, variant, violates
from explorer.language.state import State, any_of, initially
from explorer.language.values import Location, Value, Var

__version__ = "0.1.0"

__all__ = [
    "HOLDS", "STRONG", "WEAK", "Capacity", "Fairness", "Location", "Map", "Queue", "Range", "RecordLocation", "Scalarset", "Set",
    "Spec", "SpecError", "State", "Value", "Var", "action", "any_of", "closes", "constant", "constraint", "count", "domain", "every",
    "implies", "initial", "initially", "invariant", "ite", "observe", "opens", "record", "sends", "some", "step_invariant", "terminal",
    "variant", "violates", "when",
]
