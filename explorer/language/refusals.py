"""What Python would do silently wrong with a symbolic value, refused with what to write instead. Hidden from
type checkers, so that they reject these too. Knows nothing of what a value can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from explorer.ir.errors import SpecError, closest, nearest
from explorer.ir.types import OptionalRecord, OptionalScalar, QueueType, Type, UnionType
from explorer.language.assignment import no_place
from explorer.language.symbolic import Symbolic, bare, describe
from explorer.language.tracing import no_truth_value

PYTHON = {
    "append": ("push",),
    "put": ("push",),
    "enqueue": ("push",),
    "insert": ("push", "add"),
    "popleft": ("pop",),
    "get": ("pop",),
    "dequeue": ("pop",),
    "discard": ("remove",),
    "update": ("union",),
    "peek": ("head",),
    "first": ("head",),
    "len": ("length", "size"),
    "count": ("length", "size"),
    "index": ("contains",),
    "has": ("contains",),
}
"""What Python and other languages call the operations of queues and sets."""


def is_optional(type: Type) -> bool:
    """Whether values of a type may be None."""
    return (isinstance(type, UnionType) and type.optional) or isinstance(
        type, (OptionalScalar, OptionalRecord)
    )


class Refusals(Symbolic):
    """Base of the values that authors see: no truth value, no hash, no loop, no assignment but `.next`."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __bool__(self):
            raise no_truth_value()

        def __contains__(self, item):
            raise no_truth_value()

        def __hash__(self):
            raise SpecError(
                "E0203",
                f"{describe(self)} as a dictionary key or set member",
                expected="a concrete value",
                write="ite(x == key, value, ...) in place of table[x], old.add(x) in place of {x}",
            )

        def __str__(self):
            raise SpecError(
                "E0210",
                f"{describe(self)} as text, in print() or str()",
                expected="a value that is known while the spec is read",
                write=f"{{{bare(self)}}} in a label, which is filled in for each step;"
                f" repr(...) for the expression itself",
            )

        def __format__(self, how):
            raise SpecError(
                "E0210",
                f"{describe(self)} in an f-string",
                expected="a text in which the braces are left for each step to fill in",
                write="the text of a label without f before it; elsewhere the value itself",
            )

        def __iter__(self):
            raise SpecError(
                "E0204",
                f"a loop over {describe(self)}",
                expected="a loop over a domain",
                write="for x in domain(T), with the condition inside every(...), some(...) or when(...)",
            )

        def __len__(self):
            raise SpecError(
                "E0205",
                f"len() of {describe(self)}",
                expected="a symbolic size",
                write=".size of a Set, .length of a Queue",
            )

        def __index__(self):
            raise SpecError(
                "E0206",
                f"{describe(self)} where Python needs a real integer",
                expected="a constant or a domain value",
                write="ite(x == i, value, ...) in place of table[x], for i in domain(T) in place of range(x)",
            )

        def __getitem__(self, key):
            raise SpecError(
                "E0209",
                f"{describe(self)} ({self._type.name}) is indexed",
                expected="a Map or a Queue before [...]",
                write=f"{bare(self)}, or {bare(self)}: Map[K, V] in the State class",
            )

        def __setitem__(self, key, new):
            shown = f"{bare(self)}[{bare(key)}]"
            write = (
                f"{bare(self)}.next = {bare(self)}.push(x)"
                if isinstance(self._type, QueueType)
                else f"{shown}.next = ..."
            )
            raise SpecError(
                "E0233", f"`{shown} = ...`", expected="an assignment to the next value", write=write
            )

        def __call__(self, *args, **kwargs):
            raise SpecError(
                "E0207",
                f"{describe(self)} is called like a function",
                expected="a value",
                write="the value without ()",
            )

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            if name == "next":
                raise no_place(self)
            known = [
                n
                for n in dir(type(self))
                if not n.startswith("_")
                and (is_optional(self._type) or n not in ("value", "is_none"))
                and (getattr(self._type, "numbers", None) or n not in ("number", "is_number"))
            ]
            near = closest(name, known) or next((n for n in PYTHON.get(name, ()) if n in known), "")
            inside = name in dict(getattr(getattr(self._type, "inner", None), "fields", ()))
            raise SpecError(
                "E0208",
                f"{describe(self)} has no attribute {name!r}",
                expected=f"did you mean {near!r}?" if near else nearest(name, known),
                write=f".value.{name}" if inside else f".{near}" if near else "one of those",
            )

        def __setattr__(self, name, value):
            if name == "next":
                raise no_place(self)
            if name in dict(getattr(self._type, "fields", ())):
                raise SpecError(
                    "E0233",
                    f"`{bare(self)}.{name} = ...`",
                    expected="an assignment to the next value",
                    write=f"{bare(self)}.{name}.next = ...",
                )
            raise SpecError(
                "E0213",
                f"assignment to {name!r} of {describe(self)}",
                expected="an assignment to the next value",
                write=f"{bare(self)}.next = ...",
            )


def _unsupported(sign: str, write: str) -> Any:
    def refuse(self: Symbolic, *others: Any) -> NoReturn:
        raise SpecError(
            "E0218",
            f"`{sign}` on {describe(self)}",
            expected="+ - * // % on numbers, & | ~ on conditions",
            write=write,
        )

    return refuse


for _name, _sign, _write in [
    ("truediv", "/", "// for whole numbers"),
    ("pow", "**", "x * x"),
    ("lshift", "<<", "x * 2"),
    ("rshift", ">>", "x // 2"),
    ("xor", "^", "a != b"),
    ("matmul", "@", "a loop over the domain"),
]:
    setattr(Refusals, f"__{_name}__", _unsupported(_sign, _write))
    setattr(Refusals, f"__r{_name}__", _unsupported(_sign, _write))
