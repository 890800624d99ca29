"""Generated functions of plain integer code, lowered to LLVM directly: Numba sees one call where it would see
thousands of statements.

Numba's passes over a function cost variables times blocks, so that a page of generated conditions takes
minutes and gigabytes. LLVM takes the same code in milliseconds. A function marked `@lowered(signature)` has

    name = expression      name op= expression      the same of array[i, j]      (op one of | & ^ + - *)
    if, elif, else         while                    pass      return expression, ...          (at the end)

over 64-bit words, with Python's lazy `and`, `or`, `not` and `x if c else y`, comparisons, the operators
`+ - * // % & | ^ << >> ~`, the casts `U(x)` and `I(x)`, `popcount(x)`, `lowest_bit(x)`, `mix(x)`
(`llvm_mixer.py`), `table(i, 7, 5, ...)` (number i of the constants), `apply(f, x, ...)` (`functions.py`),
`entry(...)`, `passed(...)`, `announced(...)` and `bits(row, 3)` (`rows.py`), and arrays that it takes as
arguments.
Signed and unsigned numbers are told apart by their casts as in Numba; a division by zero gives some number.
"""

from __future__ import annotations

import ast
import linecache
import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.core.sigutils import normalize_signature
from numba.extending import intrinsic

from explorer.engine.native.harmless import length
from explorer.engine.native.llvm_mixer import mix

WORD, BOOL = ir.IntType(64), ir.IntType(1)
BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.LShift: "shl",
}
SIGNS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
APPLIED = 5
"""A function's number, and its arguments, with zeros for those that it has not."""
CALLED = ("entry", "passed", "announced")
"""Functions of `rows.py`."""
INLINED = 1_700
"""Nodes of a function's syntax tree up to which it is copied into its caller."""

TOGETHER, EVERYTHING = 24, 1 << 12
"""Nodes of the syntax trees of conditions that are evaluated together, without a branch between them; in a
function that is copied into a loop over states, which may then look at several at a time.
"""

Term = tuple[str, Any]
"""A kind (`u` unsigned word, `i` signed word, `k` a number written out, `b` condition) and a value."""


def lowered(signature: str, together: int = TOGETHER) -> Callable[[Callable[..., Any]], Any]:
    """What a function is replaced by, so that compiled code can call it; `signature` as for Numba.

    Where Numba is switched off the function stays as it is.
    """

    def mark(function: Callable[..., Any]) -> Any:
        assert isinstance(function, FunctionType)
        if config.DISABLE_JIT:  # type: ignore[attr-defined]
            return function
        parameters = ", ".join(function.__code__.co_varnames[: function.__code__.co_argcount])
        names: dict[str, Any] = {"typed": lambda: _typed(function, signature, together)}
        exec(f"def {function.__name__}(context, {parameters}): return typed()", names)
        return intrinsic(names[function.__name__])

    return mark


def popcount(word: Any) -> Any:
    """How many bits are set, for the interpreter."""
    return np.int64(int(word).bit_count())


def lowest_bit(word: Any) -> Any:
    """The number of the lowest bit that is set, for the interpreter; of some, there must be one."""
    return np.uint64((int(word) & -int(word)).bit_length() - 1)


def table(index: Any, *values: int) -> Any:
    """One of several constants, for the interpreter."""
    return np.int64(values[int(index)])


def _typed(function: FunctionType, signature: str, together: int) -> tuple[Any, Callable[..., Any]]:
    arguments, result = normalize_signature(signature)  # type: ignore[no-untyped-call]
    typed = result(*arguments)

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        flat: list[Any] = []
        for kind, value in zip(arguments, values):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, value)
                flat.append(array.data)
                if kind.ndim == 2:
                    flat.append(builder.extract_value(array.shape, 1))
            else:
                flat.append(value)
        kinds = [v.type for v in flat]
        lowered_function = _define(
            builder.module, function, arguments, kinds=kinds, result=result, together=together
        )
        answer = builder.call(lowered_function, flat)
        if not isinstance(result, types.BaseTuple):
            return _as_numba(builder, answer, result)
        parts = [
            _as_numba(builder, builder.extract_value(answer, k), kind)
            for k, kind in enumerate(_kinds(result))
        ]
        return context.make_tuple(builder, result, parts)

    return typed, generate


def _kinds(result: Any) -> list[Any]:
    return list(result) if isinstance(result, types.BaseTuple) else [result]  # type: ignore[call-overload]


def _as_numba(builder: Any, value: Any, kind: Any) -> Any:
    return value if kind == types.boolean or value.type == WORD else builder.zext(value, WORD)


def _define(
    module: Any, function: FunctionType, arguments: Any, kinds: list[Any], result: Any, together: int
) -> Any:
    """The LLVM function of a marked one, in the module that calls it."""
    name = f"lowered.{function.__name__}"
    if name in module.globals:
        return module.globals[name]
    parts = _kinds(result)
    results = [BOOL if part == types.boolean else WORD for part in parts]
    whole = ir.LiteralStructType(results) if isinstance(result, types.BaseTuple) else results[0]
    built = ir.Function(module, ir.FunctionType(whole, kinds), name)
    built.linkage = "internal"
    tree = _tree(function)
    inlined = _nodes(tree) < INLINED
    built.attributes.add("alwaysinline" if inlined else "noinline")
    _Body(built, function, arguments, together if inlined else TOGETHER).write(tree, results, whole)
    return built


def _nodes(tree: ast.AST) -> int:
    """The nodes of a syntax tree, without the constants of tables."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    tables = (c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "table")
    return sum(1 for _ in ast.walk(tree)) - sum(len(c.args) - 1 for c in tables)


def _tree(function: FunctionType) -> ast.FunctionDef:
    """The syntax of a function."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    first = code.co_firstlineno - 1
    while not lines[first].startswith("def "):
        first += 1
    end = first + 1
    while end < len(lines) and (lines[end].startswith((" ", ")")) or not lines[end].strip()):
        end += 1
    tree = ast.parse("".join(lines[first:end])).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


class _Body:
    """The body of one function under construction."""

    def __init__(self, built: Any, function: FunctionType, arguments: Any, together: int):
        self.together = together
        self.function, self.globals = built, function.__globals__
        self.entry = built.append_basic_block("entry")
        self.builder: Any = ir.IRBuilder(built.append_basic_block("body"))
        self.locals: dict[str, Term] = {}
        self.arrays: dict[str, tuple[str, Any, Any]] = {}
        given, self.given = iter(built.args), function.__code__.co_varnames[: len(arguments)]
        for name, kind in zip(self.given, arguments):
            value = next(given)
            if isinstance(kind, types.Array):
                width = next(given) if kind.ndim == 2 else None
                self.arrays[name] = (self._kind(kind.dtype), value, width)
            else:
                self._assign(name, (self._kind(kind), value))

    @staticmethod
    def _kind(kind: Any) -> str:
        return "b" if kind == types.boolean else "i" if kind.signed else "u"

    def write(self, tree: ast.FunctionDef, results: list[Any], whole: Any) -> None:
        *body, last = tree.body
        assert isinstance(last, ast.Return) and last.value is not None
        self.block(body)
        parts = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        values = [
            self.truth(self.term(part)) if kind == BOOL else self.word(self.term(part))
            for part, kind in zip(parts, results)
        ]
        if isinstance(last.value, ast.Tuple):
            answer = ir.Constant(whole, ir.Undefined)
            for k, value in enumerate(values):
                answer = self.builder.insert_value(answer, value, k)
        else:
            answer = values[0]
        self.builder.ret(answer)
        ir.IRBuilder(self.entry).branch(self.function.basic_blocks[1])

    # Statements.

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if isinstance(statement, ast.Assign):
                (target,) = statement.targets
                if isinstance(target, ast.Name):
                    self._assign(target.id, self.term(statement.value))
                else:
                    assert isinstance(target, ast.Subscript)
                    self._store(self._place(target)[1], self.term(statement.value))
            elif isinstance(statement, ast.AugAssign):
                self._change(statement)
            elif isinstance(statement, ast.If):
                self._if(statement)
            elif isinstance(statement, ast.While):
                self._while(statement)
            elif not isinstance(statement, (ast.Pass, ast.Expr)):
                raise AssertionError(ast.unparse(statement))

    def _assign(self, name: str, term: Term) -> None:
        kind, value = term
        if kind == "k":
            kind, value = "i", self.word(term)
        if name not in self.locals:
            place = ir.IRBuilder(self.entry).alloca(BOOL if kind == "b" else WORD, name=name)
            self.locals[name] = (kind, place)
        known, place = self.locals[name]
        assert known == kind, f"{self.function.name}: {name} is {known} and {kind}"
        self.builder.store(value, place)

    def _change(self, statement: ast.AugAssign) -> None:
        target = statement.target
        if isinstance(target, ast.Name):
            load = ast.Name(target.id, ast.Load())
            self._assign(target.id, self.term(ast.BinOp(load, statement.op, statement.value)))
            return
        assert isinstance(target, ast.Subscript)
        kind, place = self._place(target)
        self._store(place, self._binary(statement.op, self._load(kind, place), self.term(statement.value)))

    def _store(self, place: Any, term: Term) -> None:
        """Into an element of an array, of as many bits as it has."""
        element, value = place.type.pointee, self.word(term)
        self.builder.store(value if element == WORD else self.builder.trunc(value, element), place)

    def _load(self, kind: str, place: Any) -> Term:
        value = self.builder.load(place)
        return kind, value if value.type == WORD else self.builder.zext(value, WORD)

    def _if(self, statement: ast.If) -> None:
        yes, no, after = (self.function.append_basic_block(name) for name in ("then", "else", "after"))
        self.builder.cbranch(self.truth(self.term(statement.test)), yes, no)
        for block, body in ((yes, statement.body), (no, statement.orelse)):
            self.builder.position_at_end(block)
            self.block(body)
            self.builder.branch(after)
        self.builder.position_at_end(after)

    def _while(self, statement: ast.While) -> None:
        test, body, after = (self.function.append_basic_block(name) for name in ("test", "body", "after"))
        self.builder.branch(test)
        self.builder.position_at_end(test)
        self.builder.cbranch(self.truth(self.term(statement.test)), body, after)
        self.builder.position_at_end(body)
        self.block(statement.body)
        self.builder.branch(test)
        self.builder.position_at_end(after)

    # Expressions.

    def term(self, at: ast.expr) -> Term:
        if isinstance(at, ast.Constant):
            return ("b", ir.Constant(BOOL, int(at.value))) if isinstance(at.value, bool) else ("k", at.value)
        if isinstance(at, ast.Name):
            return self._name(at.id)
        if isinstance(at, ast.BinOp):
            return self._binary(at.op, self.term(at.left), self.term(at.right))
        if isinstance(at, ast.Compare):
            return self._compare(at)
        if isinstance(at, ast.BoolOp):
            return "b", self._lazy(at.values, isinstance(at.op, ast.And))
        if isinstance(at, ast.UnaryOp):
            return self._unary(at)
        if isinstance(at, ast.IfExp):
            return self._choice(at)
        if isinstance(at, ast.Subscript):
            return self._load(*self._place(at))
        assert isinstance(at, ast.Call) and isinstance(at.func, ast.Name), ast.unparse(at)
        if at.func.id == "table":
            return self._table(self.term(at.args[0]), [self.term(value)[1] for value in at.args[1:]])
        if at.func.id == "apply":
            words = [self.word(self.term(part)) for part in at.args]
            return self._outside("explorer_apply", words + [ir.Constant(WORD, 0)] * (APPLIED - len(words)))
        if at.func.id in CALLED:
            return self._outside(f"explorer_{at.func.id}", [self.word(self.term(part)) for part in at.args])
        if at.func.id == "bits":
            return self._bits(*(self.word(self.term(part)) for part in at.args))
        return self._call(at.func.id, self.term(at.args[0]))

    def word(self, term: Term) -> Any:
        kind, value = term
        if kind == "k":
            return ir.Constant(WORD, value)
        return self.builder.zext(value, WORD) if kind == "b" else value

    def truth(self, term: Term) -> Any:
        kind, value = term
        if kind == "b":
            return value
        return self.builder.icmp_unsigned("!=", self.word(term), ir.Constant(WORD, 0))

    def _name(self, name: str) -> Term:
        if name in self.locals:
            kind, place = self.locals[name]
            return kind, self.builder.load(place)
        return "u", ir.Constant(WORD, int(self.globals[name]))

    def _binary(self, op: ast.operator, left: Term, right: Term) -> Term:
        if left[0] == right[0] == "k":
            folded = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}.get(type(op))
            if folded is not None:
                return "k", folded(left[1], right[1])
        kind = "u" if "u" in (left[0], right[0]) else "i"
        a, b = self.word(left), self.word(right)
        if isinstance(op, ast.RShift):
            return kind, self.builder.lshr(a, b) if left[0] == "u" else self.builder.ashr(a, b)
        if isinstance(op, ast.FloorDiv):
            return kind, self._divide(kind, a, b)
        if isinstance(op, ast.Mod):
            product = self.builder.mul(self._divide(kind, a, b), b)
            return kind, self.builder.sub(a, product)
        return kind, getattr(self.builder, BINARY[type(op)])(a, b)

    def _divide(self, kind: str, a: Any, b: Any) -> Any:
        """Towards minus infinity, as in Python."""
        build, zero, one = self.builder, ir.Constant(WORD, 0), ir.Constant(WORD, 1)
        b = build.select(build.icmp_unsigned("==", b, zero), one, b)
        if kind == "u":
            return build.udiv(a, b)
        quotient = build.sdiv(a, b)
        rest = build.sub(a, build.mul(quotient, b))
        wrong = build.and_(
            build.icmp_unsigned("!=", rest, zero), build.icmp_signed("<", build.xor(rest, b), zero)
        )
        return build.select(wrong, build.sub(quotient, one), quotient)

    def _compare(self, at: ast.Compare) -> Term:
        left, right = self.term(at.left), self.term(at.comparators[0])
        signed = "u" not in (left[0], right[0])
        compare = self.builder.icmp_signed if signed else self.builder.icmp_unsigned
        return "b", compare(SIGNS[type(at.ops[0])], self.word(left), self.word(right))

    def _lazy(self, operands: list[ast.expr], conjunction: bool) -> Any:
        """Left to right, until one settles the result; what is short and harmless in any case, which takes
        less time than a branch that is guessed wrongly.
        """
        end = self.function.append_basic_block("settled")
        settled, settles = [], ir.Constant(BOOL, int(not conjunction))
        last, room = self.truth(self.term(operands[0])), self.together
        for operand in operands[1:]:
            room -= length(operand, self.locals.keys() - self.given)
            if room >= 0:
                test = self.truth(self.term(operand))
                choice = (test, settles) if conjunction else (settles, test)
                last = self.builder.select(last, *choice)
                continue
            settled.append(self.builder.block)
            further = self.function.append_basic_block("further")
            self.builder.cbranch(last, *((further, end) if conjunction else (end, further)))
            self.builder.position_at_end(further)
            last, room = self.truth(self.term(operand)), self.together
        final = self.builder.block
        self.builder.branch(end)
        self.builder.position_at_end(end)
        result = self.builder.phi(BOOL)
        for block in settled:
            result.add_incoming(settles, block)
        result.add_incoming(last, final)
        return result

    def _unary(self, at: ast.UnaryOp) -> Term:
        operand = self.term(at.operand)
        if isinstance(at.op, ast.Not):
            return "b", self.builder.not_(self.truth(operand))
        if operand[0] == "k":
            return "k", -operand[1] if isinstance(at.op, ast.USub) else ~operand[1]
        kind = "u" if operand[0] == "u" else "i"
        value = self.word(operand)
        return kind, self.builder.neg(value) if isinstance(at.op, ast.USub) else self.builder.not_(value)

    def _choice(self, at: ast.IfExp) -> Term:
        yes, no, after = (self.function.append_basic_block(name) for name in ("yes", "no", "chosen"))
        self.builder.cbranch(self.truth(self.term(at.test)), yes, no)
        sides = []
        kinds = set()
        for block, branch in ((yes, at.body), (no, at.orelse)):
            self.builder.position_at_end(block)
            term = self.term(branch)
            kinds.add(term[0])
            sides.append((self.word(term), self.builder.block))
            self.builder.branch(after)
        self.builder.position_at_end(after)
        result = self.builder.phi(WORD)
        for value, block in sides:
            result.add_incoming(value, block)
        return ("u" if "u" in kinds else "i"), result

    def _place(self, at: ast.Subscript) -> Term:
        """The kind and the address of an array's element."""
        assert isinstance(at.value, ast.Name)
        kind, data, width = self.arrays[at.value.id]
        parts = at.slice.elts if isinstance(at.slice, ast.Tuple) else [at.slice]
        index, *more = [self.word(self.term(part)) for part in parts]
        for column in more:
            index = self.builder.add(self.builder.mul(index, width), column)
        return kind, self.builder.gep(data, [index])

    def _table(self, index: Term, values: list[int]) -> Term:
        """One of many constants, which take as few bytes as the largest needs."""
        largest = max(values) if min(values) >= 0 else 1 << 63
        element = next(ir.IntType(bits) for bits in (8, 16, 32, 64) if bits == 64 or largest < 1 << bits)
        kind = ir.ArrayType(element, len(values))
        module = self.function.module
        data = ir.GlobalVariable(module, kind, f"{self.function.name}.table{len(module.global_values)}")
        data.linkage, data.global_constant = "internal", True
        data.initializer = ir.Constant(kind, values)
        held = self.builder.load(self.builder.gep(data, [ir.Constant(WORD, 0), self.word(index)]))
        return "i", held if element == WORD else self.builder.zext(held, WORD)

    def _outside(self, name: str, words: list[Any]) -> Term:
        """What a function that is compiled elsewhere gives for some words."""
        kind = ir.FunctionType(WORD, [WORD] * len(words))
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            self.function.module, kind, name
        )
        for attribute in ("readnone", "nounwind") if name != "explorer_announced" else ("nounwind",):
            function.attributes.add(attribute)  # so that one call does for equal ones
        return "i", self.builder.call(function, words)

    def _bits(self, row: Any, number: Any) -> Term:
        """A word in front of a row, by its number."""
        place = self.builder.inttoptr(row, WORD.as_pointer())
        behind = self.builder.sub(ir.Constant(WORD, -1), number)
        return "u", self.builder.load(self.builder.gep(place, [behind]))

    def _call(self, name: str, argument: Term) -> Term:
        if name in ("U", "I"):
            return name.lower(), self.word(argument)
        if name == "mix":
            return "u", mix(self.builder, self.word(argument))
        if name == "lowest_bit":
            return "u", self.builder.cttz(self.word(argument), ir.Constant(BOOL, 1))
        assert name == "popcount", name
        return "i", self.builder.ctpop(self.word(argument))
