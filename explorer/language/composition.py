"""Which objects of a module are part of a spec, and which only look like it. Knows nothing of constants."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.errors import Place, SpecError
from explorer.ir.source import names, nodes, syntax
from explorer.language.declarations import declaration_of
from explorer.language.state import State
from explorer.language.tracing import DECORATORS

DEPTH, FILES = 3, 400
"""How deep containers are looked into; the most files beside a spec that are searched for a name."""

_CONTAINERS = (tuple, list, set, frozenset, dict, SimpleNamespace)


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A function that takes the state, has no decorator, and is called by nobody."""

    name: str
    component: str
    place: Place


def members(part: Any) -> list[Any]:
    """The objects that a part defines itself, in the order of their definition, and those that it had a
    function make: a factory of components may stand in any module, its results in a tuple, a list or a dict.
    """
    if isinstance(part, ModuleType):
        space: dict[str, Any] = vars(part)
    elif isinstance(part, dict):
        space = part
    else:
        return [part]
    owner = space.get("__name__")
    return [
        obj
        for name, bound in list(space.items())
        if name != "__builtins__"
        for obj in (_inside(bound, DEPTH) if isinstance(bound, _CONTAINERS) else (bound,))
        if getattr(obj, "__module__", None) == owner or _is_made(obj)
    ]


def _inside(bound: Any, depth: int) -> Iterator[Any]:
    """An object, or those in a container."""
    inner: Iterable[Any] = ()
    if isinstance(bound, (tuple, list, set, frozenset)):
        inner = bound
    elif isinstance(bound, dict):
        inner = bound.values()
    elif isinstance(bound, SimpleNamespace):
        inner = vars(bound).values()
    else:
        yield bound
    if depth:
        for item in list(inner):
            yield from _inside(item, depth - 1)


def _is_made(obj: Any) -> bool:
    """Whether a declaration or a component was made by a call of a function."""
    if not isinstance(obj, FunctionType | type) or "<locals>" not in obj.__qualname__:
        return False
    return declaration_of(obj) is not None if isinstance(obj, FunctionType) else issubclass(obj, State)


def check_classes(spaces: Iterable[dict[str, Any]]) -> None:
    """SpecError for a decorated function that stands in a class: nothing would ever find it."""
    for space in spaces:
        for cls in [obj for obj in members(space) if inspect.isclass(obj)]:
            for name, held in vars(cls).items():
                declaration = declaration_of(getattr(held, "__func__", held))
                if declaration is not None:
                    raise SpecError(
                        "E0522",
                        f"@{DECORATORS[declaration.kind]} {cls.__name__}.{name} stands in a class",
                        expected="actions and properties beside the classes",
                        write=f"def {name}(...) at the left margin, behind the class",
                        place=declaration.place,
                    )


def undeclared(spaces: Iterable[dict[str, Any]], looked: set[str]) -> list[Undeclared]:
    """Functions of these namespaces that look like a declaration without its decorator. `looked` gets the
    files for which others near them were searched.
    """
    forgotten = []
    for space in spaces:
        for obj in members(space):
            if not inspect.isfunction(obj) or declaration_of(obj) is not None:
                continue
            component = _component(obj)
            file = obj.__code__.co_filename
            if component and not _is_used(obj.__name__, file, looked):
                forgotten.append(
                    Undeclared(obj.__name__, component, Place(file, obj.__code__.co_firstlineno))
                )
    return forgotten


def _component(function: Any) -> str:
    """The component that a function takes whose parameters are all annotated; "" for any other function."""
    parameters = inspect.signature(function).parameters
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # an annotation that only a type checker can read
        return ""
    if not parameters or not all(name in hints for name in parameters):
        return ""
    classes = [hints[name] for name in parameters]
    return next((cls.__name__ for cls in classes if inspect.isclass(cls) and issubclass(cls, State)), "")


def _is_used(name: str, file: str, looked: set[str]) -> bool:
    """Whether code mentions the name: of the file itself, or of one near it that imports the file."""
    here = Path(file)
    own = _text(here)
    if own.count(name) > 1 and name in names(own):
        return True
    looked.add(file)
    possible = (text for text in map(_text, near(here)) if name in text and here.stem in text)
    return any(_imports(syntax(text), here.stem) and name in names(text) for text in possible)


def near(file: Path) -> list[Path]:
    """The modules that may use what a file defines."""
    root = file.parent
    return sorted({*root.glob("*.py"), *root.glob("*/*.py"), *root.parent.glob("*.py")})[:FILES]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _imports(tree: ast.Module, stem: str) -> bool:
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
        else:
            continue
        if any(name.rpartition(".")[2] == stem for name in names):
            return True
    return False
