"""`python -m explorer show SPEC`: what was understood of a spec, as text. Knows nothing of search."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.codegen.python_conditions import judgements
from explorer.codegen.python_functions import successors
from explorer.ir import expressions as ex
from explorer.ir.errors import Place
from explorer.ir.expression_text import show as show_expression
from explorer.ir.expression_text import show_condition
from explorer.ir.model import Action, Instance, Model
from explorer.ir.steps import Fairness
from explorer.program.layout import Layout, lay_out
from explorer.program.program import Program, Rule, reduce
from explorer.render.text.terminal import clean
from explorer.symmetry.find import find
from explorer.verdict.verdict import plain


def show(model: Model, *, code: bool = False) -> str:
    """The model as text: constants, variables with their bits, actions with guards, reads, writes and places,
    properties.

    With `code`, the generated source instead.
    """
    program = reduce(model)
    layout = lay_out(program)
    if code:
        return "\n\n".join(
            [
                "# Generated: the successors of packed states.\n"
                + successors(program, layout, "expand").text,
                "# Generated: the states where a property fails.\n" + judgements(program, layout).text,
            ]
        )
    return "\n".join(
        clean(line)
        for part in (
            _head(model, layout),
            _variables(model, program, layout),
            _actions(model, program),
            _properties(model, program),
        )
        for line in part
    )


def _head(model: Model, layout: Layout) -> Iterator[str]:
    yield f"{model.name}  ({Place(model.file, 1)})  digest {model.digest}"
    if model.constants:
        yield "constants  " + ", ".join(
            f"{name}={plain(value)}" for name, value in sorted(model.constants.items())
        )
    yield f"expected   {model.expect or 'nothing declared'}"
    yield f"state      {layout.bits} bits, {model.size} cells; {len(model.instances)} action instances"
    symmetry = find(model)
    for cls, identities in symmetry.proven.items():
        yield f"symmetry   {cls.__name__}: {', '.join(map(repr, identities))} are interchangeable"
    for refused in symmetry.refused:
        yield f"symmetry   {refused.text}" + (f"   {refused.place}" if refused.place else "")


def _variables(model: Model, program: Program, layout: Layout) -> Iterator[str]:
    yield ""
    yield "variables"
    for variable in model.variables:
        families = variable.families.values()
        fields = [layout.fields[f] for f in families if f in layout.fields]
        bits = sum(field.width * field.family.size for field in fields)
        nature = (
            "constant"
            if all(f in program.fixed for f in families)
            else "rigid"
            if all(f in program.fixed or f in program.rigid for f in families)
            else ""
        )
        first = next(iter(families))
        owner = model.components.get(variable.name, "")
        yield (
            f"  {owner + '.' if owner else ''}{variable.name}: {variable.type.name}"
            f"  {bits} bits  {nature}".rstrip()
            + f"  {first.place}"
        )


def _actions(model: Model, program: Program) -> Iterator[str]:
    rules = {rule.instance.number: rule for rule in program.rules}
    for action in model.actions:
        instances = [i for i in model.instances if i.action is action]
        alive = [rules[i.number] for i in instances if i.number in rules]
        yield ""
        yield from _action_head(action, instances, alive)
        shown = alive[0].instance if alive else instances[0]
        if action.parameters:
            yield f"  shown for {shown.name}"
        for number, condition in enumerate(shown.guard):
            dropped = number == program.dropped.get(shown.number)
            yield (
                f"  when    {show_condition(condition.expr)}"
                + ("   (constantly false)" if dropped else "")
                + f"   {condition.place}"
            )
        for write in shown.writes:
            target = show_expression(ex.cell(write.family, write.index))
            yield f"  next    {target} = {show_expression(write.expr, write.family.type)}   {write.place}"
        yield f"  reads   {', '.join(_reads(shown)) or 'nothing'}"
        yield f"  writes  {', '.join(sorted({w.family.variable for w in shown.writes})) or 'nothing'}"
        if alive:
            yield f"  checks  {_checks(alive[0])}"


def _action_head(action: Action, instances: list[Instance], alive: list[Rule]) -> Iterator[str]:
    fair = f", {action.fair.value} fairness" if action.fair is not Fairness.NONE else ""
    actor = f", actor {action.actor}" if action.actor else ""
    yield f"action {action.name}({', '.join(action.parameters)})  {action.place}{actor}{fair}"
    if action.source:
        yield f"  source  {action.source}"
    gone = len(instances) - len(alive)
    yield f"  {len(instances)} instance{'s' * (len(instances) != 1)}" + (
        f", {gone} dropped as constantly impossible" if gone else ""
    )


def _reads(instance: Instance) -> list[str]:
    result = set()
    for expr in [c.expr for c in instance.guard] + [e for w in instance.writes for e in (w.expr, w.index)]:
        for at in ex.walk(expr):
            family = ex.family_of(at) if at.op in ("load", "loadat") else None
            if family is not None:
                result.add(family.variable)
    return sorted(result)


def _checks(rule: Rule) -> str:
    left = [c for test in rule.guard for c in test.checks] + list(rule.checks)
    if not left:
        return "none needed: every assignment is proved to stay in its domain"
    return "; ".join(dict.fromkeys(check.failure.message for check in left))


def _properties(model: Model, program: Program) -> Iterator[str]:
    yield ""
    yield "properties"
    for prop in model.stated:
        parts = f", {len(prop.parts)} parts" if len(prop.parts) > 1 else ""
        yield f"  {prop.kind} {prop.name}{parts}  {prop.place}" + (f"  {prop.text}" if prop.text else "")
    for condition in model.terminal:
        yield f"  terminal {show_condition(condition.expr)}  {condition.place}"
    for name, condition in model.constraints:
        yield f"  constraint {name}: {show_condition(condition.expr)}  {condition.place}"
    for number, conjunct in program.dropped.items():
        instance = model.instances[number]
        why = show_condition(instance.guard[conjunct].expr)
        yield f"  dropped {instance.name}: {why} is constantly false"
