"""Behaviours as a schedule for a stress test in C: a thread for each actor, a barrier between steps. A pure
function of the traces and what they were found in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from explorer.render.text.terminal import clean
from explorer.trace.trace import Trace
from explorer.verdict.record import Origin

NOBODY = "nobody"


def schedule(origin: Origin, traces: Sequence[Trace], what: str) -> str:
    """The header: an enumeration of threads and of calls, and each behaviour as an array of steps."""
    actors = dict.fromkeys(step.actor for trace in traces for step in trace.steps[1:])
    calls = dict.fromkeys(step.instance for trace in traces for step in trace.steps[1:])
    threads, names = _identifiers("THREAD", actors), _identifiers("CALL", calls)
    lines = [
        f"/* Behaviours of {_comment(origin['spec'])} that cover {what}; digest {origin['digest']}.",
        " *",
        " * A thread for each actor takes its own steps; a barrier of all threads stands between two steps:",
        " *",
        " *\tfor (i = 0; i < behaviour->length; i++) {",
        " *\t\tbarrier_of_all_threads();",
        " *\t\tif (behaviour->steps[i].thread == me)",
        " *\t\t\tcall(behaviour->steps[i].call);",
        " *\t}",
        " */",
        *_enumeration("explorer_thread", threads, "EXPLORER_THREADS"),
        *_enumeration("explorer_call", names, "EXPLORER_CALLS"),
        "struct explorer_step {\n\tunsigned short thread;\n\tunsigned short call;\n};\n",
    ]
    for number, trace in enumerate(traces, 1):
        lines.append(f"static const struct explorer_step explorer_steps_{number}[] = {{")
        for step in trace.steps[1:]:
            call = f"{{ {threads[step.actor]}, {names[step.instance]} }},"
            lines.append(f"\t{call}\t/* {_comment(step.words())} */")
        lines.append("};\n")
    lines += [
        "struct explorer_behaviour {\n\tconst struct explorer_step *steps;\n\tunsigned int length;\n};\n",
        "static const struct explorer_behaviour explorer_behaviours[] = {",
        *(f"\t{{ explorer_steps_{n}, {len(trace.steps) - 1} }}," for n, trace in enumerate(traces, 1)),
        "};",
    ]
    return "\n".join(lines) + "\n"


def _enumeration(name: str, members: dict[str, str], last: str) -> Iterable[str]:
    yield f"enum {name} {{"
    yield from (f"\t{member},\t/* {_comment(text) or NOBODY} */" for text, member in members.items())
    yield f"\t{last}\n}};\n"


def _identifiers(kind: str, texts: Iterable[str]) -> dict[str, str]:
    """A C identifier for each text, each another one."""
    result: dict[str, str] = {}
    for text in texts:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or NOBODY
        name = f"EXPLORER_{kind}_{plain}"
        while name in result.values():
            name += "_"
        result[text] = name
    return result


def _comment(text: str) -> str:
    return clean(text).replace("*/", "* /").replace("/*", "/ *")
