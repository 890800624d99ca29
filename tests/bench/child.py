"""One measurement in a process of its own: `python -m tests.bench.child JSON`, the result as one JSON line on
standard output.

`kind` is `explore` (engine python or native), `compile` (the native engine's machine code) or `story` (a
search and a counterexample).
"""

from __future__ import annotations

import dataclasses
import gc
import json
import sys
import time
from typing import Any

from explorer.__main__ import YOUNG
from explorer.engine.limits import Limits, peak_bytes, resident_bytes
from explorer.engine.space import StateSpace
from explorer.ground.ground import ground
from explorer.ir.model import Model
from explorer.language.constants import parse
from explorer.run.load import load
from explorer.symmetry.find import Symmetry, find


def model_of(spec: str, define: dict[str, str], properties: bool = True) -> Model:
    """The ground model of a spec file; without properties only deadlock and evaluation are left to check."""
    found = load(spec)
    model = ground(found)
    if define:
        known = found.known_constants()
        model = ground(found, {name: parse(known[name], value) for name, value in define.items()})
    return model if properties else dataclasses.replace(model, properties=())


def main(job: dict[str, Any]) -> dict[str, Any]:
    clock = time.perf_counter()
    model = model_of(job["spec"], job["define"], job.get("properties", True))
    job["ground"] = time.perf_counter() - clock
    kinds = {"explore": explore, "compile": compile_only, "story": story}
    return kinds[job["kind"]](model, job)


def explore(model: Model, job: dict[str, Any]) -> dict[str, Any]:
    """Visit all states. `seconds` and `cpu` are of the search alone, everything between the first state and
    the last counted.
    """
    run = _python(model, job) if job["engine"] == "python" else _native(model, job)
    before = resident_bytes()
    clock, cpu = time.perf_counter(), time.process_time()
    space: StateSpace = run()
    seconds, used = time.perf_counter() - clock, time.process_time() - cpu
    return {
        "states": space.distinct,
        "transitions": space.transitions,
        "depth": space.depth,
        "seconds": seconds,
        "cpu": used,
        "peak": peak_bytes(),
        "before": before,
        "bits": space.bits,
        "phases": {**space.phases},
        "violated": sorted(space.violations),
        "stopped": space.stopped,
        "represented": space.represented,
    }


def story(model: Model, job: dict[str, Any]) -> dict[str, Any]:
    """The processor time of a search and that of a shortest way to a state of its last level, told: no story
    of this space is dearer. Code that lists steps is loaded before, by the story of an early state; where it
    is to be `compiled`, so that the cache has it, it is used however little there is to do.
    """
    from explorer.engine.native import questions
    from explorer.trace.tell import way

    if job.get("compiled"):
        questions.WORTH, questions.FEW = 0.0, 0

    run = _python(model, job) if job["engine"] == "python" else _native(model, job)
    begun = time.process_time()
    space: StateSpace = run()
    searched = time.process_time()
    last = space.depth
    goal = next(iter(space.levels[last]))
    way(space, last // 2, [next(iter(space.levels[last // 2]))])
    loaded = time.process_time()
    trace = way(space, last, [goal])
    return {
        "states": space.distinct,
        "represented": space.represented,
        "search": searched - begun,
        "story": time.process_time() - loaded,
        "steps": trace.length,
    }


def _python(model: Model, job: dict[str, Any]) -> Any:
    from explorer.engine import python

    compiled = python.Compiled(model, _symmetry(model, job))
    return lambda: python.Search(compiled, Limits(), lambda progress: None, time.monotonic()).run()


def _native(model: Model, job: dict[str, Any]) -> Any:
    from explorer.engine.native import crew, local_steps
    from explorer.engine.native import search as native
    from explorer.engine.native.machine import machine
    from explorer.engine.python import Compiled

    compiled = Compiled(model, _symmetry(model, job))
    made = machine(compiled)
    limits = Limits(max_states=job.get("most"))
    options = native.Options(
        workers=job.get("workers", 1),
        storage=job.get("storage", "exact"),
        fingerprint=job.get("fingerprint"),
    )
    if options.workers > 1:
        crew.load()
    if compiled.layout.words > 1:
        local_steps.load()
    return lambda: native.explore(model, limits, options=options, prepared=(compiled, made))


def _symmetry(model: Model, job: dict[str, Any]) -> Symmetry | None:
    return find(model) if job.get("symmetry") else None


def compile_only(model: Model, job: dict[str, Any]) -> dict[str, Any]:
    """From the spec file to loaded machine code; `python` is the part that knows nothing of Numba.
    `levels`: also what passes many small levels at once, which a long run compiles for those after it.
    """
    from explorer.engine.python import Compiled

    clock = time.perf_counter()
    compiled = Compiled(model, _symmetry(model, job))
    python = job["ground"] + time.perf_counter() - clock
    from explorer.engine.native.jit import Jit, default_directory, levels_source
    from explorer.engine.native.machine import machine

    machine(compiled)
    if job.get("levels"):
        Jit(default_directory()).module(levels_source(compiled.layout.words))
    return {
        "seconds": job["ground"] + time.perf_counter() - clock,
        "python": python,
        "instances": len(model.instances),
    }


if __name__ == "__main__":
    gc.set_threshold(YOUNG)  # as for every command
    print(json.dumps(main(json.loads(sys.argv[1]))))
