"""`Spec`: which modules make up a protocol, its constants, and what it is expected to show."""

from __future__ import annotations

import copy
import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from explorer.ir.errors import Place, SpecError, caller, class_place
from explorer.ir.expectation import Expectation
from explorer.language.composition import Undeclared, check_classes, members, undeclared
from explorer.language.constants import Constant, constant_name
from explorer.language.declarations import Declaration, declaration_of
from explorer.language.domains import check_name
from explorer.language.state import State
from explorer.language.variants import Variant, constants_of_variant, row_named, rows


class Source(NamedTuple):
    """A module of a spec as it was read."""

    name: str
    file: str
    text: bytes


class Spec:
    """A protocol: the modules of its actions and properties, values for constants, and the expected verdict.

    `Spec()` composes the file it stands in. `Spec(sender, receiver, SENDERS=3, expect=HOLDS)` composes
    modules and this file. State classes and decorated functions can also be given one by one. `variants` are
    the rows of its table. With `deadlock=False` any state without steps is an end.
    `survivors={"action: part of the line": "reason"}` explains mutants that no property can notice (`python
    -m explorer mutate`).
    """

    def __init__(
        self,
        *parts: Any,
        expect: Expectation | None = None,
        name: str = "",
        variants: Sequence[Variant] = (),
        survivors: Mapping[str, str] | None = None,
        deadlock: bool = True,
        **constants: Any,
    ):
        self.place = caller()
        frame = sys._getframe(1)
        self.name = name or _file_of(frame.f_globals)
        if name:
            check_name(name, "the spec", self.place)
        self._directory = os.path.dirname(self.place.file)
        self.expect = expect
        self.constants = constants
        self.met: dict[str, Constant] = {}
        self.sources: tuple[Source, ...] = ()
        """The modules below its directory that were read to load it; empty where it was not loaded."""
        self.looked: set[str] = set()
        """Files for which others near them were searched while it was grounded."""
        self._namespace = frame.f_globals
        self._parts = parts
        if expect is not None and not isinstance(expect, Expectation):
            raise SpecError(
                "E0502", f"expect={expect!r}", expected='HOLDS or violates("property")', write="expect=HOLDS"
            )
        self.variants = rows(variants, self.place)
        self.survivors = _survivors(survivors or {}, self.place)
        if not isinstance(deadlock, (bool, Constant)):
            raise SpecError(
                "E0502", f"deadlock={deadlock!r}", expected="True or False", write="deadlock=False"
            )
        self.deadlock = deadlock
        modules = self.composed_modules()
        if modules and len(modules) < len(parts):
            raise SpecError(
                "E0503",
                "Spec(...) of modules and single parts together",
                expected="modules, which compose this file too, or State classes and functions one by one",
                write="Spec(" + ", ".join(m.__name__.rpartition(".")[2] for m in modules) + ")",
            )
        for part in parts:
            known = (
                isinstance(part, ModuleType)
                or declaration_of(part)
                or (inspect.isclass(part) and issubclass(part, State))
            )
            if not known:
                plain, listed = inspect.isfunction(part), isinstance(part, (list, tuple, set))
                names = [getattr(one, "__name__", repr(one)) for one in (part if listed else [part])]
                shown = f"[{', '.join(names)}]" if listed else names[0]
                raise SpecError(
                    "E0503",
                    f"Spec({shown})" + (f", where {shown} has no decorator" if plain else ""),
                    expected="modules, State classes or decorated functions",
                    write=f"@action above def {shown}"
                    if plain
                    else f"Spec({', '.join(names)})"
                    if listed
                    else "from actions import sender; spec = Spec(sender)",
                )

    def variant(self, row: str | Expectation, /, **constants: Any) -> Spec:
        """This spec with other constants, for a file of its own: `spec = fixed.variant("V0")`.

        A name stands for the constants and the expectation of that row of `variants`. In place of a row an
        expectation and constants can be given: `fixed.variant(violates("safe"), barrier="none")`. The new
        spec is named after the file that calls, and has neither rows nor survivors. Raises SpecError where
        there is no such row or constant.
        """
        expect, name = row, "variant(...)"
        if not isinstance(expect, Expectation):
            name = str(row)
            chosen = row_named(row, self.variants, self.name)
            expect, constants = chosen.expect, {**chosen.constants, **constants}
        known = self.declared_constants()
        read = constants_of_variant(known, Variant(name, expect, "", constants, caller()))
        spec = copy.copy(self)
        spec.place, spec.name = caller(), _file_of(sys._getframe(1).f_globals)
        spec.expect, spec.constants = expect, {**self.constants, **read}
        spec.variants, spec.survivors, spec.met, spec.looked = (), {}, {}, set()
        return spec

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from explorer.language.notebook import view

        return view(self)

    def composed_modules(self) -> list[ModuleType]:
        return [part for part in self._parts if isinstance(part, ModuleType)]

    def _own_file(self) -> dict[str, Any]:
        """The namespace of the file that called Spec; empty where parts were given one by one."""
        by_parts = any(not isinstance(part, ModuleType) for part in self._parts)
        return {} if by_parts else self._namespace

    def spaces(self) -> list[dict[str, Any]]:
        """The namespaces that are composed as a whole."""
        return [*(vars(module) for module in self.composed_modules()), self._own_file()]

    def undeclared(self) -> list[Undeclared]:
        """Functions of the composed files that look like a declaration whose decorator was forgotten."""
        return undeclared(self.spaces(), self.looked)

    def declarations(self) -> list[Declaration]:
        """Every declaration of every composed part, in order; duplicates and name clashes are errors."""
        by_name: dict[str, Declaration] = {}
        for part in [*self._parts, None]:
            for obj in members(self._own_file() if part is None else part):
                one = declaration_of(obj)
                if one is None or any(one is d for d in by_name.values()):
                    continue
                if one.name in by_name:
                    raise SpecError(
                        "E0504",
                        f"two declarations named {one.name!r} (the other at {by_name[one.name].place})",
                        expected="one name for each action and property",
                        write="another name for one of them",
                        place=one.place,
                    )
                by_name[one.name] = one
        return list(by_name.values())

    def components(self, used: list[type[State]]) -> list[type[State]]:
        """The State classes of the composed parts and those that signatures use, each name once."""
        classes: list[type[State]] = []
        for part in [*self._parts, None]:
            for obj in members(self._own_file() if part is None else part):
                if (
                    inspect.isclass(obj)
                    and issubclass(obj, State)
                    and obj.is_component
                    and obj not in classes
                ):
                    classes.append(obj)
        classes.extend(cls for cls in dict.fromkeys(used) if cls not in classes)
        names: dict[str, type[State]] = {}
        for cls in classes:
            if cls.__name__ in names:
                raise SpecError(
                    "E0505",
                    f"two components named {cls.__name__} (the other at {class_place(names[cls.__name__])})",
                    expected="one name for each component",
                    write="another name for one of them",
                    place=class_place(cls),
                )
            names[cls.__name__] = cls
        return classes

    def check_composition(self, components: list[type[State]]) -> None:
        """An action in a module that is imported or whose state is used, but that no one composed, is an
        error.
        """
        check_classes(self.spaces())
        composed = self.composed_modules()
        for obj in self._own_file().values():
            one = declaration_of(obj)
            owner = obj.__module__ if one is not None else None
            if (
                one is not None
                and "<locals>" not in one.function.__qualname__
                and owner != self._namespace.get("__name__")
                and all(m.__name__ != owner for m in composed)
            ):
                short = str(owner).rpartition(".")[2]
                raise SpecError(
                    "E0506",
                    f"{one.name} is imported from module {short}, but Spec(...) does not compose {short}",
                    expected="every action that could happen",
                    write=f"import {short}; spec = Spec({short})",
                    place=self.place,
                )
        if not composed and any(not isinstance(part, ModuleType) for part in self._parts):
            return
        imported = [m for m in self._namespace.values() if isinstance(m, ModuleType)]
        owners = [sys.modules[c.__module__] for c in components if c.__module__ in sys.modules]
        for module in dict.fromkeys([*imported, *owners]):
            if module in composed or vars(module) is self._namespace:
                continue
            for obj in members(module):
                one = declaration_of(obj)
                if one is not None and one.kind == "action":
                    short = module.__name__.rpartition(".")[2]
                    raise SpecError(
                        "E0506",
                        f"module {short} has the action {one.name}, but Spec(...) does not compose {short}",
                        expected="every action that could happen",
                        write=f"Spec(..., {short})",
                        place=self.place,
                    )

    def known_constants(self) -> dict[str, Constant]:
        """The constants that stand in the composed files or were met while grounding."""
        return {**self.declared_constants(), **self.met}

    def declared_constants(self) -> dict[str, Constant]:
        """The constants that stand in the composed files and in the modules beside them that those import, by
        name.
        """
        constants: dict[str, Constant] = {}
        spaces = [*map(vars, self.composed_modules()), self._namespace]
        seen = {id(space) for space in spaces}
        while spaces:
            for obj in list(spaces.pop().values()):
                name = constant_name(obj)
                if name is not None:
                    constants[name] = obj
                elif (
                    isinstance(obj, ModuleType)
                    and id(vars(obj)) not in seen
                    and _inside(obj, self._directory)
                ):
                    seen.add(id(vars(obj)))
                    spaces.append(vars(obj))
        return constants


def _file_of(namespace: Mapping[str, Any]) -> str:
    """The name of a module without its packages, which is that of its file."""
    return str(namespace.get("__name__", "spec")).rpartition(".")[2]


def _inside(module: ModuleType, directory: str) -> bool:
    """Whether a module's file lies in a directory or below it."""
    file = getattr(module, "__file__", None)
    return bool(directory and file) and os.path.realpath(str(file)).startswith(
        os.path.realpath(directory) + os.sep
    )


def _survivors(given: Any, place: Place) -> dict[str, str]:
    """The reasons for surviving mutants, each with a key that names an action and a part of its text."""
    reasons = given.items() if isinstance(given, Mapping) else [(given, "")]
    for key, reason in reasons:
        if not (
            isinstance(key, str)
            and isinstance(reason, str)
            and reason
            and all(part.strip() for part in key.partition(":"))
        ):
            raise SpecError(
                "E0520",
                f"survivors={{{key!r}: {reason!r}}}",
                expected="an action with a part of its line, and a reason",
                write='survivors={"take: when(lock.owner == None)": "the queue admits one at a time"}',
                place=place,
            )
    return dict(reasons)
