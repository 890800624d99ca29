"""Normal forms of functions of a memory, on top of `arithmetic.py`. Knows nothing of states.

A function promises that with identities renamed in its arguments its result is renamed (ir/expressions.py).
So renamings in the arguments go outside: `f(renamed m, A)` is `renamed f(m, B)` where A is what B becomes. A
memory below 0 is none, and stays.
"""

from __future__ import annotations

from typing import Any

from explorer.ir.expressions import Function
from explorer.ir.types import ScalarType, SetType
from explorer.language.memory_wiring import Cpus, Locations, LocationSets, MemoryType
from explorer.memory.renaming import Exchange
from explorer.symmetry.arithmetic import Arithmetic
from explorer.symmetry.permutation import Renaming


class Applied(Arithmetic):
    """Values of any type with identities renamed, and functions of such values."""

    def applied(self, function: Function, args: list[int], renaming: Renaming | None) -> int:
        """What a function gives for arguments that are read in the renamed state."""
        bounds = function.low, function.high
        if renaming is None or not function.operands:
            return self.node("apply", function.name, tuple(args), bounds)
        *types, result = function.operands
        back = renaming.inverse
        inner = tuple(self.moved(type, arg, back) for type, arg in zip(types, args, strict=True))
        return self.moved(result, self.node("apply", function.name, inner, bounds), renaming)

    def moved(self, type: Any, x: int, renaming: Renaming) -> int:
        """What a value of the type becomes: a code, a memory, or a CPU or location by its position."""
        if isinstance(type, MemoryType):
            exchange = renaming.memory(type)
            return (
                x if exchange is None else self._memory(type.name, exchange, renaming.inverse.memory(type), x)
            )
        if isinstance(type, Cpus | Locations):
            exchange = renaming.memory(type.memory)
            if exchange is None:
                return x
            images = exchange.cpus if isinstance(type, Cpus) else exchange.locations
            return self.unary(lambda i: images[i] if 0 <= i < len(images) else i, x)
        if isinstance(type, LocationSets):
            exchange = renaming.memory(type.memory)
            return x if exchange is None else self.permuted(exchange.locations, x)
        if isinstance(type, SetType):
            bits = renaming.bits(type)
            return x if bits is None else self.permuted(bits, x)
        if isinstance(type, ScalarType) and renaming.changes(type):
            return self.unary(lambda code: renaming.code(type, code), x)
        return x

    def _memory(self, name: str, exchange: Exchange, back: Exchange | None, x: int) -> int:
        op, value, args = self.nodes[x]
        if op == "memory" and value == (name, back):
            return args[0]
        if op == "const" and value < 0:
            return x
        if op in ("ite", "case"):
            return self._inside_choice(x, lambda branch: self._memory(name, exchange, back, branch))
        return self.node("memory", (name, exchange), (x,), self.bounds[x])

    # Whether there is a memory does not depend on names.

    def _order(self, op: str, a: int, b: int) -> int:
        if self.is_const(a) and self.value(a) <= -(op == "lt"):
            b = self._bare(b)
        if self.is_const(b) and self.value(b) <= -(op == "le"):
            a = self._bare(a)
        return super()._order(op, a, b)

    def _equals(self, a: int, wanted: int) -> int:
        return super()._equals(self._bare(a) if wanted < 0 else a, wanted)

    def _bare(self, x: int) -> int:
        op, _, args = self.nodes[x]
        return args[0] if op == "memory" else x
