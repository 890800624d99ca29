"""The Linux kernel's macros, compiled into the instructions of the chosen architecture
(explorer/memory/kernel.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from explorer.memory.architecture import Barrier
from explorer.memory.kernel import KERNEL, KernelMapping

from ..expressions import Expression, Operation, Register
from ..program import OLD, Assign, Branch, Exchange, Fence, Instruction, Load, Store, StoreConditional

SIZE = 4
"""All variables of a C test count as one size: their types are not looked at."""

ORDERS = {"_relaxed": "relaxed", "_acquire": "acquire", "_release": "release", "": "full"}


class MacroError(Exception):
    """A macro that is not known, or that is used in another way."""


class Emitter:
    """The instructions of one function, as they are compiled."""

    def __init__(self, model: str) -> None:
        self.mapping: KernelMapping = KERNEL[model]
        self.instructions: list[Instruction] = []
        self.labels: dict[str, int] = {}
        self.line = 0
        self.temporaries = 0

    def emit(self, instruction: Instruction) -> None:
        self.instructions.append(instruction)

    def temporary(self) -> str:
        self.temporaries += 1
        return f"<{self.temporaries}>"

    def new_label(self) -> str:
        self.temporaries += 1
        return f"label{self.temporaries}"

    def place(self, label: str) -> None:
        self.labels[label] = len(self.instructions)

    def fences(self, kinds: Sequence[Barrier]) -> None:
        for kind in kinds:
            self.emit(Fence(line=self.line, kind=kind))

    def assign(self, register: str, value: Expression) -> None:
        self.emit(Assign(line=self.line, register=register, value=value))

    def jump(self, target: str, condition: Expression | None = None) -> None:
        self.emit(Branch(line=self.line, condition=condition, target=target))

    def load(self, address: Expression, acquire: bool = False) -> Expression:
        """READ_ONCE, or smp_load_acquire."""
        register, mapping = self.temporary(), self.mapping
        acquires = acquire and mapping.marked
        self.emit(Load(line=self.line, register=register, address=address, size=SIZE, acquire=acquires))
        self.fences(mapping.after_acquire if acquire else ())
        return Register(register)

    def store(self, address: Expression, value: Expression, release: bool = False) -> None:
        """WRITE_ONCE, or smp_store_release."""
        mapping = self.mapping
        self.fences(mapping.before_release if release else ())
        releases = release and mapping.marked
        self.emit(Store(line=self.line, value=value, address=address, size=SIZE, release=releases))

    def atomic(
        self, address: Expression, value: Expression, order: str, expected: Expression | None = None
    ) -> Expression:
        """An atomic that stores `value` (in which the register OLD is the old value); gives the old value.

        With `expected` it stores only where the old value equals it, and orders only then.
        """
        old, mapping = self.temporary(), self.mapping
        if mapping.locked:
            self.fences(mapping.before_full)
            self.emit(
                Exchange(
                    line=self.line, register=old, value=value, address=address, size=SIZE, expected=expected
                )
            )
            self.fences(mapping.after_full)
            return Register(old)
        self.fences({"full": mapping.before_full, "release": mapping.before_release}.get(order, ()))
        acquires = mapping.marked and order == "acquire"
        releases = mapping.marked and order in ("release", "full")
        done, status = self.new_label(), self.temporary()
        self.emit(
            Load(line=self.line, register=old, address=address, size=SIZE, acquire=acquires, exclusive=True)
        )
        if expected is not None:
            self.jump(done, Operation("!=", (Register(old), expected)))
        self.assign(OLD, Register(old))
        self.emit(
            StoreConditional(
                line=self.line,
                status=status,
                value=value,
                address=address,
                size=SIZE,
                release=releases,
                may_fail=False,
                tells=not mapping.marked,
            )
        )
        # The branch of the retry loop: on POWER what follows depends on what is stored.
        following = self.new_label()
        self.jump(following, Register(status))
        self.place(following)
        self.fences({"full": mapping.after_full, "acquire": mapping.after_acquire}.get(order, ()))
        self.place(done)
        return Register(old)


Arguments = Sequence[Expression]
Macro = Callable[[Emitter, Arguments], Expression | None]


def _barrier(name: str) -> Macro:
    def expand(to: Emitter, _: Arguments) -> None:
        to.fences(getattr(to.mapping, name))

    return expand


def _store_mb(to: Emitter, arguments: Arguments) -> None:
    to.store(arguments[0], arguments[1])
    to.fences(to.mapping.smp_mb)


def _exchange(order: str) -> Macro:
    return lambda to, arguments: to.atomic(arguments[0], arguments[1], order)


def _compare_exchange(order: str) -> Macro:
    return lambda to, arguments: to.atomic(arguments[0], arguments[2], order, arguments[1])


def _fetch(operator: str, order: str, operand: int | None, fixed: int = 1) -> Macro:
    def expand(to: Emitter, arguments: Arguments) -> Expression:
        by = fixed if operand is None else arguments[operand]
        return to.atomic(arguments[-1], Operation(operator, (Register(OLD), by)), order)

    return expand


def _return(operator: str, order: str, operand: int | None) -> Macro:
    def expand(to: Emitter, arguments: Arguments) -> Expression:
        old = _fetch(operator, order, operand)(to, arguments)
        assert old is not None
        return Operation(operator, (old, 1 if operand is None else arguments[operand]))

    return expand


def _test(operator: str, operand: int | None) -> Macro:
    def expand(to: Emitter, arguments: Arguments) -> Expression:
        new = _return(operator, "full", operand)(to, arguments)
        assert new is not None
        return Operation("==", (new, 0))

    return expand


def _void(macro: Macro) -> Macro:
    def expand(to: Emitter, arguments: Arguments) -> None:
        macro(to, arguments)

    return expand


MACROS: dict[str, tuple[int, Macro]] = {
    "READ_ONCE": (1, lambda to, a: to.load(a[0])),
    "rcu_dereference": (1, lambda to, a: to.load(a[0])),
    "atomic_read": (1, lambda to, a: to.load(a[0])),
    "smp_load_acquire": (1, lambda to, a: to.load(a[0], acquire=True)),
    "atomic_read_acquire": (1, lambda to, a: to.load(a[0], acquire=True)),
    "WRITE_ONCE": (2, lambda to, a: to.store(a[0], a[1])),
    "atomic_set": (2, lambda to, a: to.store(a[0], a[1])),
    "smp_store_release": (2, lambda to, a: to.store(a[0], a[1], release=True)),
    "rcu_assign_pointer": (2, lambda to, a: to.store(a[0], a[1], release=True)),
    "atomic_set_release": (2, lambda to, a: to.store(a[0], a[1], release=True)),
    "smp_store_mb": (2, _store_mb),
    "smp_mb": (0, _barrier("smp_mb")),
    "smp_wmb": (0, _barrier("smp_wmb")),
    "smp_rmb": (0, _barrier("smp_rmb")),
    "smp_mb__before_atomic": (0, _barrier("before_atomic")),
    "smp_mb__after_atomic": (0, _barrier("before_atomic")),
    "smp_acquire__after_ctrl_dep": (0, _barrier("smp_rmb")),
    "barrier": (0, lambda to, a: None),
    "atomic_inc_and_test": (1, _test("+", None)),
    "atomic_dec_and_test": (1, _test("-", None)),
    "atomic_sub_and_test": (2, _test("-", 0)),
}
"""For each macro the number of its arguments, and what it becomes. Pointers among the arguments are
addresses.
"""

OPERATORS = {"add": "+", "sub": "-", "and": "&", "or": "|", "xor": "^"}

for _suffix, _order in ORDERS.items():
    for _prefix in ("", "atomic_"):
        MACROS[f"{_prefix}xchg{_suffix}"] = (2, _exchange(_order))
        MACROS[f"{_prefix}cmpxchg{_suffix}"] = (3, _compare_exchange(_order))
    for _name, _operator in OPERATORS.items():
        MACROS[f"atomic_fetch_{_name}{_suffix}"] = (2, _fetch(_operator, _order, 0))
        if _name in ("add", "sub"):
            MACROS[f"atomic_{_name}_return{_suffix}"] = (2, _return(_operator, _order, 0))
    for _name, _operator in (("inc", "+"), ("dec", "-")):
        MACROS[f"atomic_fetch_{_name}{_suffix}"] = (1, _fetch(_operator, _order, None))
        MACROS[f"atomic_{_name}_return{_suffix}"] = (1, _return(_operator, _order, None))
for _name, _operator in OPERATORS.items():
    MACROS[f"atomic_{_name}"] = (2, _void(_fetch(_operator, "relaxed", 0)))
for _name, _operator in (("inc", "+"), ("dec", "-")):
    MACROS[f"atomic_{_name}"] = (1, _void(_fetch(_operator, "relaxed", None)))

NOT_MODELLED = (
    "spin_lock",
    "spin_unlock",
    "rcu_read_lock",
    "rcu_read_unlock",
    "synchronize_rcu",
    "srcu",
    "smp_cond",
)


def expand(to: Emitter, name: str, arguments: Arguments) -> Expression | None:
    """Compile a use of a macro; its value, if it has one. Raises MacroError."""
    if name not in MACROS:
        if name.startswith(NOT_MODELLED):
            raise MacroError(f"{name}() is not modelled: locks and RCU have no operational meaning here")
        raise MacroError(
            f"{name}() is not known; known are READ_ONCE, WRITE_ONCE, smp_*, xchg, cmpxchg, atomic_*"
        )
    number, macro = MACROS[name]
    if len(arguments) != number:
        raise MacroError(f"{name}() has {len(arguments)} arguments, expected {number}")
    return macro(to, arguments)
