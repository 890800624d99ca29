"""Mistakes that leave no trace when a function runs, found in its source text. Knows nothing of symbolic
values.

An expression that stands alone (a guard outside `when`, a comparison meant as an assignment, a queue pushed
to and dropped), `is` (always False on a symbolic value), a local name assigned in vain, `.next` of a
parameter, an `except` that takes the messages of the explorer, and what is another value in each call.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import typing
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, TypeGuard

from explorer.ir import source as syntax_of_files
from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError
from explorer.ir.kept import kept
from explorer.ir.source import Function, functions, nodes
from explorer.language.process import step
from explorer.language.state import State

_OPERATORS = {"every", "some", "count", "ite", "implies", "record", "any_of"}
_UPDATES = {"push", "pop", "remove_at", "add", "remove", "union", "intersection", "difference"}
_TESTS = {"contains", "issubset"}
_STEPS = ("action", "process")
_WIDE = {"Exception", "BaseException", "SpecError"}
_VARYING = {"random", "secrets", "time", "datetime", "uuid"}
_STEADY = {"date", "datetime", "timedelta", "timezone", "UUID"}
"""Modules whose functions give another value each time, and what of them does not."""

PARSER = syntax_of_files.__file__


def lint(function: Callable[..., Any], kind: str = "action") -> list[SpecError]:
    """The mistakes in one declared function, by line; nothing where its source cannot be read."""
    code, space = inspect.unwrap(function).__code__, function.__globals__
    text = "".join(linecache.getlines(code.co_filename, space))
    called = _clean(text).get(code.co_firstlineno)
    if kind != "process" and called is not None and not any(_is_varying(space.get(name)) for name in called):
        return []
    source = _source(text, code)
    if source is None:
        return []
    errors = list(_by_text(source, kind))
    plain: set[str] | None = None
    for at in source.nodes:
        if _is_identity(at):
            plain = _plain_names(source, function) if plain is None else plain
            errors += _identity(at, source, plain)
    errors += _varying(source, function)
    if kind == "process":
        errors += unyielded(source, space)
    return sorted(errors, key=lambda error: error.place.line)


def _by_text(source: _Source, kind: str) -> Iterator[SpecError]:
    """The mistakes that the text of a function shows, whatever its names mean. Of what kind it is matters for
    what to write only.
    """
    for at in source.nodes:
        yield from _dropped(at, source, kind)
    yield from _parameters(source)
    yield from _vain(source)
    yield from _silencing(source)


@lru_cache(maxsize=64)
def _clean(text: str) -> dict[int, tuple[str, ...]]:
    """The functions of a file, by their first lines, that have no mistake unless one of these names, which
    they call, means something that varies.
    """
    return kept("clean functions", text, lambda: dict(_without_mistakes(text)), (__file__, PARSER))


def _without_mistakes(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    for line, body in functions(text).items():
        source = _Source(text, "", body, tuple(nodes(body)))
        doubtful = any(isinstance(at, ast.Global) or _is_identity(at) for at in source.nodes)
        if not doubtful and not any(_by_text(source, "action")):
            called = {_root(at) for at in source.nodes if isinstance(at, ast.Call)}
            yield line, tuple(sorted(called - {""}))


def _is_identity(at: ast.AST) -> TypeGuard[ast.Compare]:
    return isinstance(at, ast.Compare) and isinstance(at.ops[0], ast.Is | ast.IsNot)


def _source(text: str, code: CodeType) -> _Source | None:
    """A function in the text of its file; None where it cannot be read."""
    body = functions(text).get(code.co_firstlineno)
    return None if body is None else _Source(text, code.co_filename, body, tuple(nodes(body)))


def unyielded(source: _Source, space: dict[str, Any]) -> Iterator[SpecError]:
    """Statements of a process that begin no step, since their `yield` is forgotten."""
    for at in source.nodes:
        if not isinstance(at, ast.Expr) or at is source.body.body[0]:
            continue
        value = at.value
        called = (
            space.get(value.func.id)
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
            else None
        )
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            write = f"yield {source.show(value)}"
        elif inspect.isgeneratorfunction(called):
            write = f"yield from {source.show(value)}"
        elif called is step:
            write = f"yield {source.show(value)}"
        else:
            continue
        yield SpecError(
            "E0806",
            f"`{source.show(value)}` without `yield`: it does nothing",
            expected="the beginning of a step, or the steps of a procedure",
            write=write,
            place=source.place(at),
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """A function in the text of its file, and all nodes of its syntax."""

    text: str
    file: str
    body: Function
    nodes: tuple[ast.AST, ...]

    def place(self, at: ast.stmt | ast.expr) -> Place:
        return Place(self.file, at.lineno)

    def show(self, at: ast.AST) -> str:
        """The author's own text of a node, on one line."""
        return " ".join((ast.get_source_segment(self.text, at) or ast.unparse(at)).split())


def _dropped(at: ast.AST, source: _Source, kind: str) -> Iterator[SpecError]:
    if isinstance(at, ast.Expr) and _has_no_effect(at.value):
        yield SpecError(
            "E0601",
            f"`{source.show(at.value)}` stands alone and does nothing",
            place=source.place(at),
            expected="a docstring, whose parts in braces are filled in without f"
            if isinstance(at.value, ast.JoinedStr)
            else "an assignment or a guard"
            if kind in _STEPS
            else "a returned condition",
            write=_instead(at.value, source, kind),
        )


def _has_no_effect(value: ast.expr) -> bool:
    """Whether an expression statement certainly does nothing. A call may be a helper of the author."""
    if not isinstance(value, ast.Call):
        return isinstance(
            value,
            (
                ast.Compare,
                ast.BinOp,
                ast.BoolOp,
                ast.UnaryOp,
                ast.Attribute,
                ast.Subscript,
                ast.Name,
                ast.IfExp,
                ast.JoinedStr,
            ),
        )
    called = value.func
    if isinstance(called, ast.Name):
        return called.id in _OPERATORS
    place = isinstance(called, ast.Attribute) and isinstance(called.value, (ast.Attribute, ast.Subscript))
    return place and called.attr in _UPDATES | _TESTS  # type: ignore[attr-defined]


def _instead(value: ast.expr, source: _Source, kind: str) -> str:
    text = source.show(value)
    if isinstance(value, ast.JoinedStr):
        return text.lstrip("fF")
    if kind not in _STEPS:
        return f"return {text}"
    if isinstance(value, ast.Compare) and isinstance(value.ops[0], ast.Eq):
        left, right = source.show(value.left), source.show(value.comparators[0])
        return f"{left} = {right}" if left.endswith(".next") else f"{left}.next = {right}, or when({text})"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _UPDATES:
        return f"{source.show(value.func.value)}.next = {text}"
    return f"when({text})"


def _plain_names(source: _Source, function: Callable[..., Any]) -> set[str]:
    """The names that stand for plain values: parameters that are no component, what goes through the members
    of a class, and what only `choose` gives.
    """
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # an annotation that only a type checker can read
        hints = {}
    states = {name for name, a in hints.items() if inspect.isclass(a) and issubclass(a, State)}
    through = {
        at.target.id
        for at in source.nodes
        if isinstance(at, (ast.For, ast.comprehension))
        and isinstance(at.target, ast.Name)
        and isinstance(at.iter, ast.Name)
        and inspect.isclass(function.__globals__.get(at.iter.id))
    }
    return (set(hints) - states) | through | _chosen_names(source)


def _chosen_names(source: _Source) -> set[str]:
    """The names that are assigned by `name = yield choose(...)`, or as a constant, and in no other way."""
    names = [at for at in source.nodes if isinstance(at, ast.Name) and isinstance(at.ctx, ast.Store)]
    plain = {
        id(at.targets[0])
        for at in source.nodes
        if isinstance(at, ast.Assign) and (isinstance(at.value, ast.Constant) or _is_choice(at.value))
    }
    return {at.id for at in names} - {at.id for at in names if id(at) not in plain}


def _is_choice(value: ast.expr) -> bool:
    asked = value.value if isinstance(value, ast.Yield) else None
    return isinstance(asked, ast.Call) and isinstance(asked.func, ast.Name) and asked.func.id == "choose"


def _identity(at: ast.Compare, source: _Source, plain: set[str]) -> Iterator[SpecError]:
    if isinstance(at.left, ast.Name) and at.left.id in plain:
        return
    if any(isinstance(op, (ast.Is, ast.IsNot)) for op in at.ops):
        sign = "==" if isinstance(at.ops[0], ast.Is) else "!="
        yield SpecError(
            "E0602",
            f"`{source.show(at)}` compares Python objects, never the state",
            expected="== or !=",
            write=f"{source.show(at.left)} {sign} {source.show(at.comparators[0])}",
            place=source.place(at),
        )


def _parameters(source: _Source) -> Iterator[SpecError]:
    """`.next` of a parameter: a component has it on its variables, a value of a domain has none."""
    given = source.body.args
    parameters = {argument.arg for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs]}
    for at in source.nodes:
        if isinstance(at, ast.Attribute) and isinstance(at.ctx, ast.Store) and at.attr == "next":
            if isinstance(at.value, ast.Name) and at.value.id in parameters:
                yield SpecError(
                    "E0212",
                    f"`.next` of the parameter {at.value.id}",
                    expected="a location of the state",
                    write="component.variable.next = ...",
                    place=source.place(at),
                )


def _silencing(source: _Source) -> Iterator[SpecError]:
    """`except Exception`: it would take the message about the line above it, and leave that line out."""
    for at in source.nodes:
        if not isinstance(at, ast.ExceptHandler):
            continue
        taken = at.type.elts if isinstance(at.type, ast.Tuple) else [at.type]
        wide = any(one is None or ast.unparse(one) in _WIDE for one in taken)
        if wide and not any(isinstance(inner, ast.Raise) for inner in ast.walk(at)):
            shown = f"except {ast.unparse(at.type)}" if at.type else "except:"
            yield SpecError(
                "E0616",
                f"`{shown}` hides what the explorer has to say of the lines above it",
                expected="an exception of your own code",
                write="except KeyError",
                place=Place(source.file, at.lineno),
            )


def _varying(source: _Source, function: Callable[..., Any]) -> Iterator[SpecError]:
    """What differs from call to call: a random number, the time, a global that counts."""
    for at in source.nodes:
        if isinstance(at, ast.Global):
            yield SpecError(
                "E0617",
                f"`{source.show(at)}`: the function is called once for each instance, not for each step",
                expected="what changes, in the state",
                write=f"{at.names[0]}: Var[...] = initially(...) in a State class",
                place=source.place(at),
            )
        if isinstance(at, ast.Call) and _differs(at, function):
            yield SpecError(
                "E0617",
                f"`{source.show(at)}` is computed once for each instance, not for each step",
                expected="every possibility, as a step of its own",
                write="a parameter with a domain, or yield choose(...) in a process",
                place=source.place(at),
            )


def _differs(at: ast.Call, function: Callable[..., Any]) -> bool:
    """Whether a call is one of a module whose functions give another value each time."""
    return _is_varying(function.__globals__.get(_root(at)))


def _root(at: ast.Call) -> str:
    """The name that is called, or whose attribute is, however deep; "" where there is none, or where what is
    called gives the same each time.
    """
    root: ast.expr = at.func
    last = ""
    while isinstance(root, ast.Attribute):
        last = last or root.attr
        root = root.value
    if not isinstance(root, ast.Name) or (last or root.id) in _STEADY:
        return ""
    return root.id


def _is_varying(meant: Any) -> bool:
    return getattr(meant, "__name__" if inspect.ismodule(meant) else "__module__", "") in _VARYING


def _vain(source: _Source) -> Iterator[SpecError]:
    """Local names whose last assignment nothing reads: a forgotten `.next` on an alias."""
    every = source.nodes
    assignments = [n for n in every if isinstance(n, (ast.Assign, ast.AugAssign))]
    if not assignments:
        return
    names = [n for n in every if isinstance(n, ast.Name)]
    looped = {n for loop in every if isinstance(loop, (ast.For, ast.While)) for n in nodes(loop)}
    texts = [n.value for n in every if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    quoted = {
        name
        for text in texts
        for part in re.findall(r"\{([^{}]*)\}", text)
        for name in re.findall(r"\w+", part)
    }
    shared = {name for n in every if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
    for at in assignments:
        if at in looped:
            continue
        target = at.targets[0] if isinstance(at, ast.Assign) else at.target
        if not isinstance(target, ast.Name) or target.id.startswith("_") or target.id in shared:
            continue
        end = at.end_lineno or at.lineno
        if target.id in quoted:
            continue
        if not any(n.id == target.id and isinstance(n.ctx, ast.Load) and n.lineno > end for n in names):
            yield SpecError(
                "E0612",
                f"`{source.show(at)}` assigns a local name that nothing reads",
                place=source.place(at),
                expected="an assignment to the state",
                write=f"{target.id}.next = ..., where {target.id} is a location of the state",
            )
