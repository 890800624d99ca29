"""The mutants of a ground model: one declared guard conjunct or assignment removed from every instance of its
action.

What can be removed is found by the author's lines: the traced conditions and writes know theirs, the source
text tells the conjuncts of a `when(a & b)` apart. Knows nothing of search and of verdicts.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.errors import Place
from explorer.ir.expressions import Expr
from explorer.ir.model import Action, Instance, Model
from explorer.ir.steps import Condition, Role
from explorer.program.program import reduce

Path = tuple[int, ...]
"""Which conjunct of a nested `a & b`: at each `&`, 0 is its left side and 1 its right side; empty is all of
it.
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`kind`: guard, update, or barrier, which is either in a helper that has `barrier` or `fence` in
    its name.

    `text` is what the author wrote and the mutant lacks; `helper` is the function that it stands in, "" where
    that is the action. `instances` are the action's, without it.
    """

    kind: str
    action: str
    place: Place
    text: str
    helper: str
    instances: tuple[Instance, ...]


def mutants(model: Model) -> list[Mutant]:
    """Every mutant, by action: its guard in order, then its assignments.

    None for what constants settle: an action without instances, a guard that is constantly true, or one that
    switches off a whole action.
    """
    dropped = reduce(model).dropped
    result: list[Mutant] = []
    for action in model.actions:
        mine = [i for i in model.instances if i.action is action]
        if not all(i.number in dropped for i in mine):
            result += [*_guards(action, mine), *_updates(action, mine, model.components)]
    return result


def mutated(model: Model, mutant: Mutant) -> Model:
    """The model with the mutant's instances in place of the original ones."""
    changed = {i.number: i for i in mutant.instances}
    return replace(model, instances=tuple(changed.get(i.number, i) for i in model.instances), expect=None)


def _guards(action: Action, instances: list[Instance]) -> Iterator[Mutant]:
    """What interrupts a process is no condition of the author's."""
    authors = (c for i in instances for c in i.guard if c.role is not Role.LEVEL)
    conditions = [c for c in authors if not _is_possible(c.expr)]
    for place in dict.fromkeys(c.place for c in conditions):
        here = [c for c in conditions if c.place == place]
        for path, text in _conjuncts(place, here):
            parts = [_part(c.expr, path) for c in here]
            if all(part is ex.TRUE for part in parts) or all(part is ex.FALSE for part in parts):
                continue
            changed = [_without_condition(i, place, path) for i in instances]
            yield _made(action, place, text, "guard", changed)


def _without_condition(instance: Instance, place: Place, path: Path) -> Instance:
    """The instance without a conjunct. One that assigns a place twice is only possible in a branch never
    taken: it keeps it.
    """
    targets = [(write.family, write.index) for write in instance.writes]
    if len(set(targets)) < len(targets):
        return instance
    guard = [
        replace(c, expr=_removed(c.expr, path)) if c.place == place and not _is_possible(c.expr) else c
        for c in instance.guard
    ]
    return replace(instance, guard=tuple(c for c in guard if c.expr is not ex.TRUE))


def _is_possible(condition: Expr) -> bool:
    """Whether it says that an access of a memory can be: that is no condition of the author's."""
    while condition.op == "require":
        condition = condition.args[1]
    access = condition.args[1] if condition.op == "le" else condition
    while access.op == "ite":
        access = access.args[1]
    if access.op != "apply" or not access.value.operands:
        return False
    result = access.value.operands[-1]
    return condition.op == "le" and (result is None or bool(result.settings))


def _updates(action: Action, instances: list[Instance], components: Mapping[str, str]) -> Iterator[Mutant]:
    """What is remembered of an action, a process's place and registers, is no assignment of the author's."""
    process = action.name.partition(".")[0]
    written = ((w.place, w.family.variable) for i in instances for w in i.writes)
    targets = dict.fromkeys((p, v) for p, v in written if components.get(v) != process)
    for place, variable in targets:
        several = sum(other == place for other, _ in targets) > 1
        text = _statement(place) + (f"  [{variable}]" if several else "")
        changed = [
            replace(i, writes=tuple(w for w in i.writes if (w.place, w.family.variable) != (place, variable)))
            for i in instances
        ]
        yield _made(action, place, text, "update", changed)


def _made(action: Action, place: Place, text: str, kind: str, changed: list[Instance]) -> Mutant:
    function = _function(place)
    helper = "" if function == action.name else function
    return Mutant(
        "barrier" if _is_barrier(helper.rpartition(".")[2]) else kind,
        action=action.name,
        place=place,
        text=text,
        helper=helper,
        instances=tuple(changed),
    )


# Conjuncts.


def _conjuncts(place: Place, conditions: list[Condition]) -> list[tuple[Path, str]]:
    """The conjuncts of the `when` at a line, with their texts; the whole of it where they cannot be told
    apart.
    """
    calls = [
        n
        for n in ast.walk(_parsed(_source(place.file)))
        if isinstance(n, ast.Call)
        and n.lineno == place.line
        and n.args
        and isinstance(n.func, (ast.Name, ast.Attribute))
        and getattr(n.func, "id", getattr(n.func, "attr", "")) == "when"
    ]
    if len(calls) != 1:
        return [((), linecache.getline(place.file, place.line).strip())]
    leaves = list(_leaves(calls[0].args[0], ()))
    if not all(_has(c.expr, path) for c in conditions for path, _ in leaves):
        leaves = [((), calls[0].args[0])]
    return [(path, f"when({_text(place.file, leaf)})") for path, leaf in leaves]


def _leaves(node: ast.expr, path: Path) -> Iterator[tuple[Path, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
        yield from _leaves(node.left, (*path, 0))
        yield from _leaves(node.right, (*path, 1))
    else:
        yield path, node


def _has(expr: Expr, path: Path) -> bool:
    """Whether an expression is a nested conjunction of the shape that a path walks."""
    return not path or (expr.op == "and" and len(expr.args) == 2 and _has(expr.args[path[0]], path[1:]))


def _part(expr: Expr, path: Path) -> Expr:
    return _part(expr.args[path[0]], path[1:]) if path else expr


def _removed(expr: Expr, path: Path) -> Expr:
    """The expression without one conjunct."""
    if not path:
        return ex.TRUE
    sides = list(expr.args)
    sides[path[0]] = _removed(sides[path[0]], path[1:])
    return ex.both(*(side for side in sides if side is not ex.TRUE))


# The author's text.


def _source(file: str) -> str:
    return "".join(linecache.getlines(file))


_parsed = functools.cache(ast.parse)


def _text(file: str, node: ast.AST) -> str:
    """The author's own text of a node, on one line."""
    return " ".join((ast.get_source_segment(_source(file), node) or ast.unparse(node)).split())


def _innermost(place: Place, wanted: Callable[[ast.AST], bool]) -> list[ast.AST]:
    """The nodes around a line that are wanted, from the outermost to the innermost."""
    around = [
        n
        for n in ast.walk(_parsed(_source(place.file)))
        if wanted(n) and getattr(n, "lineno", 0) <= place.line <= getattr(n, "end_lineno", 0)
    ]
    return sorted(around, key=lambda n: (getattr(n, "lineno"), -getattr(n, "end_lineno")))


def _statement(place: Place) -> str:
    """The assignment at a line."""
    result = _innermost(place, lambda n: isinstance(n, (ast.Assign, ast.AugAssign)))
    return _text(place.file, result[-1]) if result else linecache.getline(place.file, place.line).strip()


def _is_barrier(name: str) -> bool:
    return "barrier" in name or "fence" in name


def _function(place: Place) -> str:
    """The function that a line stands in, with its class: `Memory.barrier`."""
    result = _innermost(place, lambda n: isinstance(n, (ast.FunctionDef, ast.ClassDef)))
    return ".".join(getattr(n, "name") for n in result)
