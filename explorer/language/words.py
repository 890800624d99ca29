"""The words that an author writes a spec with: what `from explorer import *` brings. Knows nothing more."""

from typing import Annotated

from explorer.ir.errors import SpecError
from explorer.ir.steps import Fairness
from explorer.language.annotations import domain
from explorer.language.choosing import first_that, is_in, last_that, lookup, maximum, minimum, subset
from explorer.language.collections import Map, Set
from explorer.language.constants import constant
from explorer.language.declarations import (
    STRONG,
    WEAK,
    action,
    closes,
    constraint,
    fair_when,
    initial,
    invariant,
    observe,
    opens,
    sends,
    step_invariant,
    temporal,
    terminal,
    when,
)
from explorer.language.domains import Capacity, Range, Scalarset
from explorer.language.expectations import HOLDS, holds_within, violates
from explorer.language.generic import named
from explorer.language.memory import Memory
from explorer.language.memory_models import MemoryModel
from explorer.language.moments import after, at_first, taken
from explorer.language.operators import count, every, implies, ite, some
from explorer.language.options import defaults
from explorer.language.process import (
    IRQ,
    MAINLINE,
    NMI,
    UNFAIR,
    Level,
    Steps,
    at,
    branch,
    choose,
    keep,
    kill,
    outcome,
    procedure,
    process,
    step,
)
from explorer.language.queues import Queue
from explorer.language.records import record
from explorer.language.refinement import refines
from explorer.language.spec import Spec
from explorer.language.state import State, any_of, initially
from explorer.language.temporal import (
    Formula,
    always,
    always_eventually,
    eventually,
    eventually_always,
    leads_to,
    next_step,
    release,
    until,
)
from explorer.language.values import Location, RecordLocation, Value, Var
from explorer.language.variants import variant
from explorer.language.where import where
from explorer.memory.architecture import Barrier

__all__ = [
    "HOLDS",
    "IRQ",
    "MAINLINE",
    "NMI",
    "STRONG",
    "UNFAIR",
    "WEAK",
    "Annotated",
    "Barrier",
    "Capacity",
    "Fairness",
    "Formula",
    "Level",
    "Location",
    "Map",
    "Memory",
    "MemoryModel",
    "Queue",
    "Range",
    "RecordLocation",
    "Scalarset",
    "Set",
    "Spec",
    "SpecError",
    "State",
    "Steps",
    "Value",
    "Var",
    "action",
    "after",
    "always",
    "always_eventually",
    "any_of",
    "at",
    "at_first",
    "branch",
    "choose",
    "closes",
    "constant",
    "constraint",
    "count",
    "defaults",
    "domain",
    "eventually",
    "eventually_always",
    "every",
    "fair_when",
    "first_that",
    "holds_within",
    "implies",
    "initial",
    "initially",
    "invariant",
    "is_in",
    "ite",
    "keep",
    "kill",
    "last_that",
    "leads_to",
    "lookup",
    "maximum",
    "minimum",
    "named",
    "next_step",
    "observe",
    "opens",
    "outcome",
    "procedure",
    "process",
    "record",
    "refines",
    "release",
    "sends",
    "some",
    "step",
    "step_invariant",
    "subset",
    "taken",
    "temporal",
    "terminal",
    "until",
    "variant",
    "violates",
    "when",
    "where",
]
