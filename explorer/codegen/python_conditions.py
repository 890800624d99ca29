"""Readable Python source from a program: functions that look for a condition in packed states. Knows nothing
of files and of search.
"""

from __future__ import annotations

from collections.abc import Callable

from explorer.codegen.python_functions import Code, Writer, trees, uses
from explorer.ir import expressions as ex
from explorer.ir.expressions import FALSE, TRUE, Expr
from explorer.program.after_step import after_rule
from explorer.program.dispatch import dispatch
from explorer.program.facts import Facts
from explorer.program.layout import Layout
from explorer.program.program import Judgement, Program, Rule
from explorer.program.simplify import Check, fold, fold_checks, lift


def judgements(program: Program, layout: Layout) -> Code:
    """One function for each invariant, constraint and the terminal condition: the states where it fails, or
    has no value.
    """
    w = Writer(program, layout)
    named = [(f"invariant_{i}", j) for i, j in enumerate(program.invariants)]
    named += [(f"constraint_{i}", j) for i, j in enumerate(program.constraints)]
    for name, judgement in [*named, ("terminal", program.terminal)]:
        _judgement(w, name, judgement)
    return Code("\n".join(w.lines) + "\n", w.failures)


def _judgement(w: Writer, name: str, judgement: Judgement) -> None:
    roots = [judgement.condition, *(c.ok for c in judgement.checks)]
    wanted = uses(roots)

    def per_state() -> None:
        w.share([c.ok for c in judgement.checks], w.program.facts, wanted)
        word = "if"
        for check in judgement.checks:
            number = w.failure(check)
            w.block(
                f"{word} not {w.emitter.truth(check.ok)}:",
                lambda: w.line(f"failed.append((s, -1, {number}))"),
            )
            word = "elif"
        if word == "if":
            w.share([judgement.condition], w.program.facts, wanted)
        w.block(f"{word} not {w.emitter.truth(judgement.condition)}:", lambda: w.line("found.append(s)"))

    def body() -> None:
        w.line(f'"""The states where {judgement.name} does not hold."""')
        w.line("found = []")
        if judgement.condition is not TRUE or judgement.checks:
            w.block("for s in states:", per_state)
        w.line("return found")

    names = dict(w.emitter.names)
    w.block(f"def {name}(states, failed):", body)
    w.line("")
    w.emitter.names = names


def witness(program: Program, layout: Layout, condition: Expr) -> Code:
    """A function that says whether a condition has the value true in any of the states; one that reads
    `.next`, on any step.
    """
    w = Writer(program, layout)
    pure, raw = lift(condition)

    def whole(facts: Facts, place: Callable[[Expr], Expr]) -> Expr:
        return ex.both(
            *(c.ok for c in fold_checks(tuple(Check(place(c.ok), c.failure) for c in raw), facts)),
            fold(place(pure), facts),
        )

    def successor(w: Writer, rule: Rule) -> None:
        w.block(
            f"if {w.emitter.truth(whole(rule.facts, lambda e: after_rule(e, rule)))}:",
            lambda: w.line("return True"),
        )

    def per_state() -> None:
        if not reads_next(condition):
            w.block(
                f"if {w.emitter.truth(whole(program.facts, lambda e: e))}:", lambda: w.line("return True")
            )
            return
        possible = tuple(
            r for r in program.rules if fold(whole(r.facts, lambda e: after_rule(e, r)), r.facts) is not FALSE
        )
        trees(w, dispatch(possible), 0, successor)

    def body() -> None:
        w.line("failed = []")
        w.block("for s in states:", per_state)
        w.line("return False")

    w.block("def witness(states):", body)
    return Code("\n".join(w.lines) + "\n", w.failures)


def flags(program: Program, layout: Layout, condition: Expr) -> Code:
    """A function that gives 1 or 0 for each of some states: whether a condition has the value true."""
    w = Writer(program, layout)
    pure, raw = lift(condition)
    whole = ex.both(*(c.ok for c in fold_checks(raw, program.facts)), fold(pure, program.facts))
    w.block(
        "def flags(states):",
        lambda: w.line(f"return [1 if {w.emitter.truth(fold(whole, program.facts))} else 0 for s in states]"),
    )
    return Code("\n".join(w.lines) + "\n", w.failures)


def reads_next(condition: Expr) -> bool:
    """Whether a condition is one on steps."""
    return any(at.op in ("next", "nextat") for at in ex.walk(condition))
