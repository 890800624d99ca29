"""Readable Python source from a program: the functions that leave states. Knows nothing of files and search.

Every function takes packed states. The texts are shown by `python -m explorer show SPEC --code`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from explorer.codegen.python_expressions import Emitter, total_parts
from explorer.ir import expressions as ex
from explorer.ir.data import dataclass
from explorer.ir.expressions import TRUE, Expr, Failure, is_const
from explorer.program.after_step import on_step
from explorer.program.dispatch import Branch, Leaf, Tree, dispatch
from explorer.program.facts import Facts
from explorer.program.layout import Layout
from explorer.program.program import Program, Rule
from explorer.program.simplify import Check

INDENT = "    "
DEEP = 30
"""Operators in each other that stand in one line, where a part can be computed before."""
Successor = Callable[["Writer", Rule], None]


@dataclass(slots=True)
class Code:
    """Generated source. `failures[k]` is what check number k means; `step_names` the step properties by
    number.
    """

    text: str
    failures: list[Failure]
    step_names: list[str] = field(default_factory=list)


class Writer:
    """Lines of source with an indentation, an emitter, and the failures met so far."""

    def __init__(self, program: Program, layout: Layout, symmetric: bool = False):
        self.program, self.layout, self.symmetric = program, layout, symmetric
        self.emitter = Emitter(layout)
        self.lines: list[str] = []
        self.depth = 0
        self.failures: list[Failure] = []
        self.fresh = 0

    def line(self, text: str) -> None:
        self.lines.append(INDENT * self.depth + text if text else "")

    def lines_of(self, *texts: str) -> None:
        for text in texts:
            self.line(text)

    def block(self, head: str, body: Callable[[], None]) -> None:
        self.line(head)
        self.depth += 1
        before = len(self.lines)
        body()
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    def failure(self, check: Check) -> int:
        self.failures.append(check.failure)
        return len(self.failures) - 1

    def share(self, roots: list[Expr], facts: Facts, wanted: dict[Expr, int]) -> None:
        """Give a local name to what `wanted` counts as used more than once, before the statement that uses it
        first.
        """
        names, total, depth = self.emitter.names, total_parts(roots, facts), dict[Expr, int]()
        for root in roots:
            for at in ex.walk(root):
                depth[at] = 0 if at in names else 1 + max((depth[a] for a in at.args), default=0)
                if (wanted.get(at, 0) > 1 or depth[at] > DEEP) and at not in names and at in total:
                    text = self.emitter.number(at)
                    self.fresh += 1
                    self.line(f"x{self.fresh} = {text}")
                    names[at], depth[at] = f"x{self.fresh}", 0


def nests_deeply(expr: Expr) -> bool:
    """Whether more operators stand in each other than one line should have."""
    depth: dict[Expr, int] = {}
    for at in ex.walk(expr):
        depth[at] = 1 + max((depth[a] for a in at.args), default=0)
    return depth[expr] > DEEP


def uses(roots: list[Expr]) -> dict[Expr, int]:
    """How often each expression that costs something occurs."""
    result: dict[Expr, int] = {}
    for root in roots:
        result[root] = result.get(root, 0) + 1
        for at in ex.walk(root):
            for a in at.args:
                result[a] = result.get(a, 0) + 1
    return {
        at: n
        for at, n in result.items()
        if at.op not in ("const", "load", "next", "not")
        and not (at.op == "eq" and is_const(at.args[1]) and at.args[0].op == "load")
    }


def successors(program: Program, layout: Layout, mode: str, symmetric: bool = False) -> Code:
    """The function that leaves states. `mode` says what happens to a successor:

    `expand`: counted, checked against step properties, and kept when new (where `symmetric`, its
    representative is kept); `edges`: listed, those into `targets` (or states that these represent) only;
    `into`: the same, with targets in any case.
    """
    writer = Writer(program, layout, symmetric)
    steps = [p for p in program.model.properties if p.kind == "step"]
    roots = dispatch(program.rules)
    if mode == "expand":
        _expand(writer, roots)
    else:
        _edges(writer, roots, mode)
    return Code("\n".join(writer.lines) + "\n", writer.failures, [p.name for p in steps])


def _expand(w: Writer, roots: tuple[Tree, ...]) -> None:
    def per_state() -> None:
        w.line("d = 0")
        trees(w, roots, 0, _keep)
        w.block("if d > most:", lambda: w.line("most = d"))
        w.block("if d < least:", lambda: w.line("least = d"))
        w.block("if not d:", lambda: w.line("dead.append(s)"))

    def body() -> None:
        w.line('"""Leave every state of the frontier; new successors go to `visited` and `fresh`."""')
        w.line("add = visited.add")
        w.line("push = fresh.append")
        counters = [f"{kind}{rule.instance.number}" for rule in w.program.rules for kind in ("e", "c")]
        for i in range(0, len(counters), 16):
            w.line(" = ".join(counters[i : i + 16]) + " = 0")
        w.block("for s in frontier:", per_state)
        for rule in w.program.rules:
            n = rule.instance.number
            w.line(f"enabled[{n}] += e{n}")
            w.line(f"changed[{n}] += {'e' if rule.changes else 'c'}{n}")
        w.line("return least, most")

    w.block(
        "def expand(frontier, visited, fresh, enabled, changed, dead, failed, broken, least, most):", body
    )


def _edges(w: Writer, roots: tuple[Tree, ...], name: str) -> None:
    def successor(w: Writer, rule: Rule) -> None:
        n, end = rule.instance.number, "t"
        if w.symmetric and name == "into":  # one state is the successor of many
            end = "r"
            w.line("r = forms.get(t)")
            represent = "r = forms[t] = canonical(t) if t & unmoved in shared and alike(t) in likes else t"
            w.block("if r is None:", lambda: w.line(represent))
        elif w.symmetric:
            end = "canonical(t)"
        every = "" if name == "into" else "targets is None or "
        w.block(f"if {every}{end} in targets:", lambda: w.line(f"found((s, {n}, t))"))

    def per_state() -> None:
        trees(w, roots, 0, successor)

    def body() -> None:
        w.line(
            '"""The steps (s, instance, t) that leave the states, into the targets only where some are'
            ' given."""'
        )
        w.line("edges = []")
        w.line("found = edges.append")
        w.line("failed = []")
        if w.symmetric and name == "into":
            w.lines_of(
                "forms = {}", "likes = set(map(alike, targets))", "shared = {r & unmoved for r in targets}"
            )
        w.block("for s in states:", per_state)
        w.line("return edges")

    w.block(f"def {name}(states, targets):", body)


def _keep(w: Writer, rule: Rule) -> None:
    """Count the step, check the step properties, and keep the successor when it is new."""
    n = rule.instance.number
    w.line(f"e{n} += 1")
    w.line("d += 1")
    if not rule.changes:
        w.line(f"c{n} += t != s")
    _step_properties(w, rule)
    if not w.symmetric:
        w.block("if t not in visited:", lambda: w.lines_of("add(t)", "push(t)"))
        return

    def represent() -> None:
        w.lines_of("r = canonical(t)", "if r != t:", f"{INDENT}see(t)")
        w.block("if r not in visited:", lambda: w.lines_of("add(r)", "push(r)"))

    w.block("if t not in visited and t not in seen:", represent)


def _tree(w: Writer, tree: Tree, depth: int, successor: Successor) -> None:
    if isinstance(tree, Leaf):
        _rule(w, tree, successor)
        return
    family, index = tree.cell
    field = w.layout.fields[family]
    cell = ex.cell(family, ex.const(index))
    w.line(f"# {family.names[index]}")
    if field.width == 1:
        _two_way(w, tree, depth, f"s & {hex(1 << field.shift(index))}", successor)
        return
    name = f"v{depth}"
    w.line(f"{name} = {w.emitter.raw(cell, family.low)}")
    cases = [(a - family.low, b - family.low, below) for a, b, below in tree.cases]
    _cases(w, name, cases=cases, family=family, depth=depth, successor=successor)


def _two_way(w: Writer, tree: Branch, depth: int, test: str, successor: Successor) -> None:
    """A branch on a cell of one bit."""
    low = tree.cell[0].low
    sides = {a - low: below for a, _, below in tree.cases}
    if 1 in sides:
        w.block(f"if {test}:", lambda: trees(w, sides[1], depth + 1, successor))
        if 0 in sides:
            w.block("else:", lambda: trees(w, sides[0], depth + 1, successor))
    elif 0 in sides:
        w.block(f"if not {test}:", lambda: trees(w, sides[0], depth + 1, successor))


def trees(w: Writer, below: tuple[Tree, ...], depth: int, successor: Successor) -> None:
    """The rules at the leaves of decision trees, with what is done to the successor `t` of each."""
    for tree in below:
        _tree(w, tree, depth, successor)


def _cases(
    w: Writer,
    name: str,
    cases: list[tuple[int, int, tuple[Tree, ...]]],
    family: ex.Family,
    depth: int,
    successor: Successor,
) -> None:
    """A chain of tests for few cases, halves for many."""
    if len(cases) > 3:
        middle = len(cases) // 2
        limit = cases[middle][0]
        w.block(
            f"if {name} < {limit}:",
            lambda: _cases(w, name, cases=cases[:middle], family=family, depth=depth, successor=successor),
        )
        w.block(
            "else:",
            lambda: _cases(w, name, cases=cases[middle:], family=family, depth=depth, successor=successor),
        )
        return
    word = "if"
    for a, b, below in cases:
        test = f"{name} == {a}" if a == b else f"{a} <= {name} <= {b}"
        shown = (
            family.type.text(a + family.low)
            if a == b
            else f"{family.type.text(a + family.low)}..{family.type.text(b + family.low)}"
        )
        w.block(f"{word} {test}:  # {shown}", lambda: trees(w, below, depth + 1, successor))
        word = "elif"


def _rule(w: Writer, leaf: Leaf, successor: Successor) -> None:
    rule = leaf.rule
    w.line(f"# {rule.instance.name}")
    roots = [t.condition for t in leaf.guard] + [c.ok for t in leaf.guard for c in t.checks]
    roots += [c.ok for c in rule.checks] + [u.expr for u in rule.updates] + [u.index for u in rule.updates]
    wanted = uses(roots)
    names, depth = dict(w.emitter.names), w.depth
    pending: list[Expr] = []
    for test in leaf.guard:
        if (
            test.checks
            or nests_deeply(test.condition)
            or any(wanted.get(at, 0) > 1 for at in ex.walk(test.condition))
        ):
            _open_if(w, pending, "if")
            pending = []
            w.share([c.ok for c in test.checks], w.program.facts, wanted)
            word = _report(w, rule, list(test.checks))
            if not test.checks:
                w.share([test.condition], w.program.facts, wanted)
            _open_if(w, [test.condition], word)
        else:
            pending.append(test.condition)
    _open_if(w, pending, "if")
    w.share([c.ok for c in rule.checks], rule.facts, wanted)
    if rule.checks:
        word = _report(w, rule, list(rule.checks))
        w.line("else:")
        w.depth += 1
    w.share([e for u in rule.updates for e in (u.index, u.expr)], rule.facts, wanted)
    _update(w, rule)
    successor(w, rule)
    w.depth, w.emitter.names = depth, names


def _open_if(w: Writer, conditions: list[Expr], word: str) -> None:
    if conditions:
        w.line(f"{word} {w.emitter.conjunction(conditions)}:")
        w.depth += 1


def _report(w: Writer, rule: Rule, checks: list[Check]) -> str:
    """Test checks in order; returns the word that continues the chain where all hold."""
    word = "if"
    for check in checks:
        number = w.failure(check)
        w.block(
            f"{word} not {w.emitter.truth(check.ok)}:",
            lambda: w.line(f"failed.append((s, {rule.instance.number}, {number}))"),
        )
        word = "elif"
    return word


def _update(w: Writer, rule: Rule) -> None:
    """`t`, the packed state after the step."""
    clear = base = delta = 0
    terms: list[str] = []
    full = (1 << w.layout.bits) - 1
    dynamic = []
    for u in rule.updates:
        field = w.layout.fields[u.family]
        if not is_const(u.index):
            dynamic.append(u)
            continue
        shift, low = field.shift(u.index.value), u.family.low
        if is_const(u.expr) and u.known is not None:
            delta += u.expr.value - u.known << shift
            continue
        if u.known != low:
            clear |= field.mask << shift
        if is_const(u.expr):
            base |= u.expr.value - low << shift
        else:
            text = w.emitter.raw(u.expr, low)
            terms.append(f"({text} << {shift})" if shift else f"{text}")
    parts = [f"(s & {hex(full & ~clear)})" if clear else "s"]
    if base + delta:
        parts.append(hex(abs(base + delta)) if base + delta > 0 else f"-{hex(-(base + delta))}")
    text = " + ".join(parts + terms).replace("+ -", "- ")
    w.line(f"t = {text}")
    for i, u in enumerate(dynamic):
        field = w.layout.fields[u.family]
        w.line(f"j{i} = {w.emitter.shift_at(u.family, u.index)}")
        w.line(f"t = t & ~({hex(field.mask)} << j{i}) | {w.emitter.raw(u.expr, u.family.low)} << j{i}")


def _step_properties(w: Writer, rule: Rule) -> None:
    """Report the step where a step property fails; those proved to hold for this rule cost nothing."""
    for k, (_, checks, condition) in enumerate(on_step(w.program.model.properties, rule)):
        if checks:
            word = _report(w, rule, checks)
        else:
            word = "if"
        if condition is not TRUE:
            w.block(
                f"{word} not {w.emitter.truth(condition)}:",
                lambda: w.line(f"broken.append(({k}, (s, {rule.instance.number}, t)))"),
            )
