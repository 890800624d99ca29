"""The types that random specs use: their annotations, their values as text, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A type: its annotation, its values as text, and what it is made of."""

    tag: str
    annotation: str
    values: tuple[str, ...] = ()
    parts: tuple[Kind, ...] = ()
    names: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


def integers(low: int, high: int) -> Kind:
    return Kind(
        "int",
        f"Annotated[int, Range({low}, {high})]",
        tuple(str(i) for i in range(low, high + 1)),
        low=low,
        high=high,
    )


def optional(inner: Kind) -> Kind:
    return Kind("optional", f"{inner.annotation} | None", (*inner.values, "None"), (inner,))


def records(cls: str, **fields: Kind) -> Kind:
    values = [""]
    for name, inner in fields.items():
        values = [f"{v}, {name}={x}" if v else f"{name}={x}" for v in values for x in inner.values]
    return Kind("record", cls, tuple(f"{cls}({v})" for v in values), tuple(fields.values()), tuple(fields))


def maps(key: Kind, value: Kind) -> Kind:
    return Kind("map", f"Map[{key.annotation}, {value.annotation}]", (), (key, value))


def sets(element: Kind) -> Kind:
    some = ["set()", *(f"{{{v}}}" for v in element.values), "{" + ", ".join(element.values) + "}"]
    return Kind("set", f"Set[{element.annotation}]", tuple(some), (element,))


def queues(element: Kind, capacity: int) -> Kind:
    some = [
        "[]",
        *(f"[{v}]" for v in element.values),
        *([f"[{element.values[0]}, {element.values[-1]}]"] if capacity > 1 else []),
    ]
    return Kind(
        "queue",
        f"Annotated[Queue[{element.annotation}], Capacity({capacity})]",
        tuple(some),
        (element,),
        low=0,
        high=capacity,
    )


BOOL = Kind("bool", "bool", ("False", "True"))
COLOR = Kind("enum", "Color", ("Color.RED", "Color.GREEN", "Color.BLUE"))
MODE = Kind("enum", "Mode", ("Mode.OFF", "Mode.ON"))
