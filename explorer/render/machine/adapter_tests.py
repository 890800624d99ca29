"""Behaviours as pytest functions that drive an adapter of the reader's own: the file needs pytest alone. A
pure function of the traces and what they were found in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from explorer.ir.data import dataclass
from explorer.render.text.terminal import clean, counted
from explorer.trace.trace import Step, Trace
from explorer.verdict.record import Origin


@dataclass(frozen=True, slots=True)
class Refused:
    """A step that must be refused after step `after`: who, what, with which parameters, and why."""

    after: int
    actor: str
    action: str
    parameters: Mapping[str, str]
    why: str


Behaviour = tuple[Trace, Sequence[Refused]]

FOLLOW = '''

def follow(adapter, initial, steps):
    """Take the steps; after each compare what the adapter sees. A step without changes must be refused."""
    adapter.begin(initial)
    expected = dict(initial)
    for number, (actor, action, parameters, changes) in enumerate(steps, 1):
        if changes is None:
            assert adapter.refuses(actor, action, parameters), f"step {number}: {action} is possible"
            continue
        adapter.step(actor, action, parameters)
        expected.update(changes)
        seen = adapter.state()
        wrong = {name: (seen[name], text) for name, text in expected.items() if seen.get(name, text) != text}
        assert not wrong, f"step {number}, {action}: seen and expected differ: {wrong}"
'''


def adapter_tests(origin: Origin, behaviours: Sequence[Behaviour], what: str) -> str:
    """The file. `what` says what the behaviours cover."""
    refuses = any(refused for _, refused in behaviours)
    lines = [
        f'"""Behaviours of {clean(origin["spec"])} that cover {what}; digest {origin["digest"]}.',
        "",
        "The fixture `adapter`, which conftest.py makes, drives the system under test. It has:",
        "",
        "    begin(initial)                     the variables' values at the beginning, as texts by name",
        "    step(actor, action, parameters)    take this step",
        "    state()                            the values of those variables that it can see",
    ]
    if refuses:
        lines.append("    refuses(actor, action, parameters) whether this step is not possible now")
    lines += ['"""', FOLLOW]
    for number, (trace, refused) in enumerate(behaviours, 1):
        lines += ["", *_function(number, trace, refused)]
    return "\n".join(lines) + "\n"


def _function(number: int, trace: Trace, refused: Sequence[Refused]) -> list[str]:
    first, *steps = trace.steps
    lines = [
        f"def test_{number}(adapter):",
        f'    """{counted(len(steps), "step")}: {_summary(steps)}"""',
        f"    initial = {first.state!r}",
        "    steps = [",
    ]
    for at in range(len(steps) + 1):
        if at:
            lines.append(_step(trace.steps[at - 1], steps[at - 1]))
        for one in refused:
            if one.after == at:
                call = (one.actor, one.action, dict(one.parameters), None)
                lines.append(f"        {call!r},  # {clean(one.why)}")
    return [*lines, "    ]", "    follow(adapter, initial, steps)"]


def _summary(steps: Sequence[Step]) -> str:
    names = list(dict.fromkeys(clean(step.action) for step in steps))
    text = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return re.sub(r'["\\]', "'", text)


def _step(before: Step, step: Step) -> str:
    """A step with everything that changes, also what stories are quiet about."""
    changes = {name: text for name, text in step.state.items() if before.state[name] != text}
    call = (step.actor, step.action, step.parameters, changes)
    return f"        {call!r},  # {clean(step.words())}"
