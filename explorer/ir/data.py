"""`dataclass` of the standard library, made in a third of its time: every start of the command makes 150 of
them. Only `__init__` is generated from a text, for the first instance; the other methods are the same
function for every class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = False,
        slots: bool = False,
        eq: bool = True,
        kw_only: bool = False,
    ) -> Any:
        """Methods by the annotations of a class, with the options that are used here and their meaning."""

        def made(cls: type) -> type:
            cls.__doc__ = cls.__doc__ or cls.__name__  # else dataclasses look for a signature
            bare = _with_slots(_with_fields(cls, kw_only)) if slots else _with_fields(cls, kw_only)
            return _with_methods(bare, frozen, eq)

        return made if cls is None else made(cls)


_PLAIN = dataclasses.make_dataclass("_Plain", ["field"])
_KIND: Any = dataclasses.fields(_PLAIN)[0]._field_type  # type: ignore[attr-defined]
"""What marks a field that is no class variable."""


def _with_fields(cls: Any, kw_only: bool) -> Any:
    """A class with the fields of its bases and its annotations, where `dataclasses` looks for them."""
    fields: dict[str, Any] = {}
    for base in reversed(cls.__mro__[1:]):
        fields |= vars(base).get("__dataclass_fields__", {})
    for name, annotation in vars(cls).get("__annotations__", {}).items():
        if "ClassVar" in str(annotation):
            continue
        known: Any = vars(cls).get(name, dataclasses.MISSING)
        field: Any = known if isinstance(known, dataclasses.Field) else dataclasses.field(default=known)
        field.name, field.type, field._field_type = name, annotation, _KIND
        if field.kw_only is dataclasses.MISSING:
            field.kw_only = kw_only
        if field is known and field.default is dataclasses.MISSING:
            delattr(cls, name)
        elif field is known:
            setattr(cls, name, field.default)
        fields[name] = field
    cls.__dataclass_fields__ = fields
    matched = (name for name, field in fields.items() if field.init and not field.kw_only)
    setattr(cls, "__match_args__", tuple(matched))
    return cls


def _with_slots(cls: Any) -> Any:
    """The class made again with slots for its own fields."""
    inherited = {name for base in cls.__mro__[1:] for name in vars(base).get("__slots__", ())}
    space = {name: held for name, held in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    own = [name for name in cls.__dataclass_fields__ if name in space.get("__annotations__", {})]
    for name in own:
        space.pop(name, None)
    space["__slots__"] = tuple(name for name in cls.__dataclass_fields__ if name not in inherited)
    made = type(cls)(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__
    return made


def _with_methods(cls: Any, frozen: bool, eq: bool) -> type:
    own = set(vars(cls))
    methods = {"__init__": _first(cls, frozen), "__repr__": _repr}
    compared = [f.name for f in dataclasses.fields(cls) if f.compare]
    names = [f.name for f in dataclasses.fields(cls)]
    if eq:
        methods |= _comparison(compared, hashable=frozen)
        if vars(cls).get("__hash__") is None and "__eq__" not in own:
            own.discard("__hash__")
    if frozen:
        methods |= {"__setattr__": _frozen, "__delattr__": _frozen}
        methods |= _states(cls, names)
    for name, method in methods.items():
        if name not in own:
            setattr(cls, name, method)
    return cls  # type: ignore[no-any-return]


def _first(cls: Any, frozen: bool) -> Callable[..., None]:
    """An `__init__` that puts the real one, which has the signature, in its place: a start makes instances of
    half of the classes.
    """

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        if vars(cls)["__init__"] is __init__:
            cls.__init__ = _init(cls, frozen)
        cls.__init__(self, *args, **named)

    return __init__


def _init(cls: Any, frozen: bool) -> Callable[..., None]:
    """`__init__` of a class; a frozen one is filled past its own `__setattr__`."""
    space: dict[str, Any] = {"put": object.__setattr__}
    plain: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for field in dataclasses.fields(cls):
        name = field.name
        argument, value = name, name
        if not field.init:
            space[f"make_{name}"] = field.default_factory
            lines.append(_put(name, f"make_{name}()", frozen))
            continue
        if field.default is not dataclasses.MISSING:
            space[f"default_{name}"] = field.default
            argument = f"{name}=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            space |= {f"make_{name}": field.default_factory, "MISSING": dataclasses.MISSING}
            argument, value = f"{name}=MISSING", f"make_{name}() if {name} is MISSING else {name}"
        (named if field.kw_only else plain).append(argument)
        lines.append(_put(name, value, frozen))
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(["self", *plain, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines or ["pass"]), space)
    init: Callable[..., None] = space["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {f.name: f.type for f in dataclasses.fields(cls)} | {"return": None}
    return init


def _put(name: str, value: str, frozen: bool) -> str:
    return f"put(self, {name!r}, {value})" if frozen else f"self.{name} = {value}"


def _comparison(names: list[str], hashable: bool) -> dict[str, Any]:
    """Equality of instances of one class by their compared fields, and the hash of these."""
    key: Callable[[Any], Any] = attrgetter(*names) if names else lambda self: ()

    def __eq__(self: Any, other: object) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(key(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if hashable else None}


def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self))
    return f"{type(self).__qualname__}({shown})"


def _frozen(self: Any, name: str, value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


def _states(cls: Any, names: list[str]) -> dict[str, Any]:
    """What copies and pickles of a frozen instance are made by."""
    slotted = "__slots__" in vars(cls)
    puts = [getattr(cls, name).__set__ if slotted else partial(_put_past, name) for name in names]

    def __getstate__(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:
        for put, value in zip(puts, state):
            put(self, value)

    return {"__getstate__": __getstate__, "__setstate__": __setstate__}


def _put_past(name: str, self: Any, value: Any) -> None:
    """Set a field of a frozen instance."""
    object.__setattr__(self, name, value)
