"""Mistakes that leave no trace when a function runs, found in its source text. Knows nothing of symbolic
values.

An expression that stands alone (a guard outside `when`, a comparison meant as an assignment, a queue pushed
to and dropped), `is` (always False on a symbolic value), a local name assigned in vain, and `.next` of a
parameter.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from explorer.ir.errors import Place, SpecError
from explorer.language.process import step

_OPERATORS = {"every", "some", "count", "ite", "implies", "record", "any_of"}
_UPDATES = {"push", "pop", "remove_at", "add", "remove", "union", "intersection", "difference"}
_TESTS = {"contains", "issubset"}
_STEPS = ("action", "process")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def lint(function: Callable[..., Any], kind: str = "action") -> list[SpecError]:
    """The mistakes in one declared function, by line; nothing where its source cannot be read."""
    try:
        lines, first = inspect.getsourcelines(function)
        source = _Source(textwrap.dedent("".join(lines)), function.__code__.co_filename, first)
        tree = ast.parse(source.text)
    except (OSError, SyntaxError, TypeError, IndentationError):
        return []
    body = next((n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))), None)
    if body is None:
        return []
    errors = [
        error
        for found in ast.walk(body)
        for error in (*_dropped(found, source, kind), *_identity(found, source))
    ]
    return sorted(
        [
            *errors,
            *_parameters(body, source),
            *_vain(body, source),
            *(unyielded(body, source, function.__globals__) if kind == "process" else ()),
        ],
        key=lambda error: error.place.line,
    )


def unyielded(body: _Function, source: _Source, space: dict[str, Any]) -> Iterator[SpecError]:
    """Statements of a process that begin no step, since their `yield` is forgotten."""
    for found in ast.walk(body):
        if not isinstance(found, ast.Expr) or found is body.body[0]:
            continue
        value = found.value
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
            place=source.place(found),
        )


@dataclass(frozen=True, slots=True)
class _Source:
    text: str
    file: str
    first: int

    def place(self, at: ast.stmt | ast.expr) -> Place:
        return Place(self.file, self.first + at.lineno - 1)

    def show(self, at: ast.AST) -> str:
        """The author's own text of a node, on one line."""
        return " ".join((ast.get_source_segment(self.text, at) or ast.unparse(at)).split())


def _dropped(found: ast.AST, source: _Source, kind: str) -> Iterator[SpecError]:
    if isinstance(found, ast.Expr) and _has_no_effect(found.value):
        yield SpecError(
            "E0601",
            f"`{source.show(found.value)}` stands alone and does nothing",
            place=source.place(found),
            expected="an assignment or a guard" if kind in _STEPS else "a returned condition",
            write=_instead(found.value, source, kind),
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
            ),
        )
    called = value.func
    if isinstance(called, ast.Name):
        return called.id in _OPERATORS
    place = isinstance(called, ast.Attribute) and isinstance(called.value, (ast.Attribute, ast.Subscript))
    return place and called.attr in _UPDATES | _TESTS  # type: ignore[attr-defined]


def _instead(value: ast.expr, source: _Source, kind: str) -> str:
    text = source.show(value)
    if kind not in _STEPS:
        return f"return {text}"
    if isinstance(value, ast.Compare) and isinstance(value.ops[0], ast.Eq):
        left, right = source.show(value.left), source.show(value.comparators[0])
        return f"{left} = {right}" if left.endswith(".next") else f"{left}.next = {right}, or when({text})"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _UPDATES:
        return f"{source.show(value.func.value)}.next = {text}"
    return f"when({text})"


def _identity(found: ast.AST, source: _Source) -> Iterator[SpecError]:
    if isinstance(found, ast.Compare) and any(isinstance(op, (ast.Is, ast.IsNot)) for op in found.ops):
        sign = "==" if isinstance(found.ops[0], ast.Is) else "!="
        yield SpecError(
            "E0602",
            f"`{source.show(found)}` compares Python objects, never the state",
            expected="== or !=",
            write=f"{source.show(found.left)} {sign} {source.show(found.comparators[0])}",
            place=source.place(found),
        )


def _parameters(body: _Function, source: _Source) -> Iterator[SpecError]:
    """`.next` of a parameter: a component has it on its variables, a value of a domain has none."""
    parameters = {
        argument.arg for argument in [*body.args.posonlyargs, *body.args.args, *body.args.kwonlyargs]
    }
    for found in ast.walk(body):
        if isinstance(found, ast.Attribute) and isinstance(found.ctx, ast.Store) and found.attr == "next":
            if isinstance(found.value, ast.Name) and found.value.id in parameters:
                yield SpecError(
                    "E0212",
                    f"`.next` of the parameter {found.value.id}",
                    expected="a location of the state",
                    write="component.variable.next = ...",
                    place=source.place(found),
                )


def _vain(body: _Function, source: _Source) -> Iterator[SpecError]:
    """Local names whose last assignment nothing reads: a forgotten `.next` on an alias."""
    names = [n for n in ast.walk(body) if isinstance(n, ast.Name)]
    looped = {n for loop in ast.walk(body) if isinstance(loop, (ast.For, ast.While)) for n in ast.walk(loop)}
    texts = [n.value for n in ast.walk(body) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    told = {
        name
        for text in texts
        for part in re.findall(r"\{([^{}]*)\}", text)
        for name in re.findall(r"\w+", part)
    }
    shared = {name for n in ast.walk(body) if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
    for found in ast.walk(body):
        if not isinstance(found, (ast.Assign, ast.AugAssign)) or found in looped:
            continue
        target = found.targets[0] if isinstance(found, ast.Assign) else found.target
        if not isinstance(target, ast.Name) or target.id.startswith("_") or target.id in shared:
            continue
        end = found.end_lineno or found.lineno
        if target.id in told:
            continue
        if not any(n.id == target.id and isinstance(n.ctx, ast.Load) and n.lineno > end for n in names):
            yield SpecError(
                "E0612",
                f"`{source.show(found)}` assigns a local name that nothing reads",
                place=source.place(found),
                expected="an assignment to the state",
                write=f"{target.id}.next = ..., where {target.id} is a location of the state",
            )
