"""The explorer from Python: for tests, notebooks and scripts. A thin cover over what the command line does.

    from explorer import check, explore, load, simulate

    verdict = check("spec/ipi_buggy.py")
    verdict["verdict"], verdict.trace.story(), verdict.trace.replay()

Constants are keyword arguments, given as values or, as on the command line, as text. Nothing is written to
disk.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.engine.limits import Limits
from explorer.engine.space import Handle, StateSpace
from explorer.ir.data import dataclass
from explorer.ir.errors import nearest
from explorer.ir.model import Model
from explorer.ir.places import Path as Location
from explorer.ir.semantics import State
from explorer.language.concrete import concrete
from explorer.language.expectations import HOLDS
from explorer.language.spec import Spec
from explorer.language.structure import read
from explorer.language.variants import Variant
from explorer.render.machine.json_record import plain
from explorer.render.text.summary import summary
from explorer.render.text.text import story
from explorer.run.alarm import alarm
from explorer.run.constants import constants_of
from explorer.run.load import load
from explorer.run.options import COMMAND_ONLY, FLAGS, READERS, WALK_READERS, RunOptions, options_from
from explorer.run.run import check_properties, grounded, limits_of, run
from explorer.run.run import explore as explore_model
from explorer.trace import walk as by_hand
from explorer.trace.replay import replay, walk_of
from explorer.trace.step_builder import state_texts
from explorer.trace.tell import way
from explorer.trace.trace import Trace
from explorer.verdict.record import CheckedRecord
from explorer.verdict.report_context import context
from explorer.verdict.verdict import Verdict

if TYPE_CHECKING:
    import networkx
    import pandas


DRAWN = 200
"""States of the largest graph that a notebook draws by itself."""


class View(Mapping[str, Any]):
    """A state as a mapping from its variables to Python values; a map's value is a dictionary."""

    def __init__(self, model: Model, state: State):
        self.model, self.state = model, state

    def __getitem__(self, name: str) -> Any:
        for variable in self.model.variables:
            if variable.name == name:
                return concrete(read(variable.type, Location(variable, "", (), False)), self.state)
        raise KeyError(f"{name}: no such variable; {nearest(name, list(self))}")

    def __iter__(self) -> Iterator[str]:
        return (variable.name for variable in self.model.variables)

    def __len__(self) -> int:
        return len(self.model.variables)

    def __hash__(self) -> int:
        return hash(self.state)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, View) and self.state == other.state
            if isinstance(other, View)
            else NotImplemented
        )

    def __repr__(self) -> str:
        return f"<state {dict(self)}>"


class Counterexample:
    """A counterexample: a trace that can be read, drawn, and walked again in the reference."""

    def __init__(self, model: Model, trace: Trace):
        self.model, self.trace = model, trace

    @property
    def steps(self) -> list[str]:
        """The labels of the steps, with their actors."""
        return [f"{step.actor}: {step.label}" if step.actor else step.label for step in self.trace.steps[1:]]

    def story(self) -> str:
        return story(self.trace)

    def replay(self) -> list[View]:
        """The states along the trace, each step executed again by the reference. Raises ReplayError where one
        is not possible.
        """
        return [View(self.model, state) for state in replay(self.model, walk_of(self.trace))]

    def __len__(self) -> int:
        return self.trace.length

    def __repr__(self) -> str:
        return self.story()

    def _repr_svg_(self) -> str:
        """The picture of lanes, as in the report."""
        from explorer.render.picture.svg_file import svg_file

        return svg_file(self.trace)


class Walk(by_hand.Walk):
    """A behaviour taken step by step."""

    def _repr_html_(self) -> str:
        """The picture so far, the present state, and what is possible next."""
        from explorer.render.picture.svg_file import svg_file

        picture = _embedded(svg_file(self.trace())) if self.taken else ""
        broken = "".join(f"<p><b>✗ {html.escape(name)} is violated here</b></p>" for name in self.broken())
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
            for name, text in self.texts().items()
        )
        steps = "".join(f"<li><code>{html.escape(one.name)}</code></li>" for one in self.enabled())
        possible = f"<p>possible next:</p><ul>{steps}</ul>" if steps else "<p>no step is possible</p>"
        return f"{picture}{broken}<table>{rows}</table>{possible}"


def _columns(values: Mapping[Any, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    """The names and values of a state's places, maps taken apart."""
    for key, value in values.items():
        inner = f"{name}[{getattr(key, 'name', key)}]" if name else str(key)
        if isinstance(value, Mapping):
            yield from _columns(value, inner)
        else:
            yield inner, value


def _embedded(picture: str) -> str:
    """A picture as an image, so that its style sheet stays its own."""
    data = base64.b64encode(picture.encode(errors="backslashreplace")).decode()
    return f'<img alt="the counterexample" src="data:image/svg+xml;base64,{data}">'


class Checked(Mapping[str, Any]):
    """A verdict: a mapping (the record that `verdict.json` has) with the space and the counterexamples at
    hand. True iff it holds, under `strict` without severe findings.
    """

    def __init__(self, space: StateSpace, verdict: Verdict):
        self.space = Space(space)
        self.verdict = verdict
        record: CheckedRecord = {**verdict.record(), **context(space.model, verdict.traces)}
        self.record: dict[str, Any] = plain(record)
        self._summary = summary(record)
        self.traces = {name: Counterexample(space.model, trace) for name, trace in verdict.traces.items()}

    @property
    def holds(self) -> bool:
        return self.verdict.verdict == "holds"

    def __bool__(self) -> bool:
        """Whether the command would exit with 0, so that `assert check(SPEC)` means what it says: false where
        violated, undetermined, or vacuous under `strict`.
        """
        return self.verdict.exit_code == 0

    @property
    def as_expected(self) -> bool:
        """Whether exactly what the spec declares was found."""
        return self.verdict.expectation_met is True

    @property
    def trace(self) -> Counterexample | None:
        """The counterexample that a run would tell; None without one."""
        trace = self.verdict.main_trace
        return None if trace is None else self.traces[trace.key]

    def __getitem__(self, key: str) -> Any:
        return self.record[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.record)

    def __len__(self) -> int:
        return len(self.record)

    def __repr__(self) -> str:
        stories = [self.trace.story()] if self.trace is not None else []
        return "\n".join([*stories, self._summary])

    def _repr_html_(self) -> str:
        picture = _embedded(self.trace._repr_svg_()) if self.trace is not None else ""
        return f"{picture}<pre>{html.escape(self._summary)}</pre>"


class Space:
    """Every state that was visited. `len` counts them, iterating gives them in order of their distance."""

    def __init__(self, space: StateSpace):
        self.space, self.model = space, space.model

    def __len__(self) -> int:
        return self.space.distinct

    def __iter__(self) -> Iterator[View]:
        handles = (handle for level in self.space.levels for handle in level)
        return map(self._view, handles if self.space.walked is None else dict.fromkeys(handles))

    def _view(self, handle: Handle) -> View:
        return View(self.model, self.space.decode(handle))

    def initial(self) -> list[View]:
        return [self._view(handle) for handle in self.space.levels[0]] if self.space.levels else []

    def successors(self, state: View) -> list[tuple[str, View]]:
        """The steps that leave a state: name of the action instance, and the state after it."""
        from explorer.engine.reference import successors

        return [
            (self.model.instances[number].name, View(self.model, after))
            for _, number, after in successors(self.model, state.state)
        ]

    def path_to(self, condition: Callable[[View], bool]) -> Counterexample | None:
        """A shortest way to a state where the condition holds; None where no visited state is one."""
        for depth, level in enumerate(self.space.levels):
            goals = [handle for handle in level if condition(self._view(handle))]
            if goals:
                return Counterexample(self.model, way(self.space, depth, goals))
        return None

    def frame(self) -> pandas.DataFrame:
        """A row for each state in order of its distance: the column `depth`, and one for each variable, or
        for each key of a map (`at[Cpu0]`). Needs pandas.
        """
        try:
            import pandas
        except ImportError:
            raise ImportError("Space.frame() needs pandas; write: pip install pandas") from None
        rows = (
            {"depth": depth, **dict(_columns(self._view(handle)))}
            for depth, level in enumerate(self.space.levels)
            for handle in level
        )
        return pandas.DataFrame(list(rows))

    def graph(self) -> networkx.MultiDiGraph:
        """The state graph (`render/picture/graph.py`). Raises TooLarge above 20,000 states."""
        from explorer.render.picture.graph import state_graph

        return state_graph(self.space)

    def __repr__(self) -> str:
        return (
            f"<{self.model.name}: {len(self):,} states, {self.space.transitions:,} transitions, depth"
            f" {self.space.depth}>"
        )

    def _repr_svg_(self) -> str | None:
        """The drawn graph where it is small."""
        import tempfile

        from explorer.render.picture.graph import write_graph

        if len(self) > DRAWN:
            return None
        with tempfile.TemporaryDirectory() as folder:
            write_graph(self.space, Path(folder))
            return (Path(folder) / "graph.svg").read_text(encoding="utf-8")


def check(spec: Spec | str | Path, /, *, property: str | Sequence[str] = (), **settings: Any) -> Checked:
    """Check a spec as `python -m explorer SPEC` does. `property` names the only properties that count.

    `settings` are constants of the spec, and options of the command line where they are no constants:
    `engine`, `workers`, `max_states`, `timeout`, `strict` and so on. Raises SpecError for a malformed spec,
    UsageError for unknown options.
    """
    return _run(spec, property, settings, walks=False)


def simulate(spec: Spec | str | Path, /, *, property: str | Sequence[str] = (), **settings: Any) -> Checked:
    """Random walks as by `python -m explorer simulate SPEC`: `runs`, `steps` and `seed` besides."""
    return _run(spec, property, settings, walks=True)


def explore(spec: Spec | str | Path, /, **settings: Any) -> Space:
    """Visit every reachable state, without symmetry: for questions that no property asks. Raises TimeoutError
    where a limit is reached before the first state is visited.
    """
    run = _prepared(spec, (), {"no_symmetry": True, **settings}, walks=False)
    with alarm(run.limits):
        return Space(explore_model(run.model(), run.options, run.limits))


def _run(
    spec: Spec | str | Path, property: str | Sequence[str], settings: dict[str, Any], walks: bool
) -> Checked:
    prepared = _prepared(spec, property, settings, walks)
    options, limits = prepared.options, prepared.limits
    with alarm(limits):
        model, stop = grounded(prepared.spec, prepared.constants(), limits, prepared.spec.place.file)
        return Checked(*run(model, options, limits, stop=stop))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A spec with the keywords that are its constants, the options that the others are, and their limits."""

    spec: Spec
    keywords: dict[str, Any]
    options: RunOptions
    limits: Limits

    def constants(self) -> dict[str, Any]:
        return constants_of(self.spec, Variant("check(...)", HOLDS, "", self.keywords, self.spec.place))

    def model(self) -> Model:
        """The ground model. Raises TimeoutError where a limit is reached before there is one."""
        model, stop = grounded(self.spec, self.constants(), self.limits, self.spec.place.file)
        if stop is not None:
            raise TimeoutError(str(stop))
        check_properties(model, self.options)
        return model


def _prepared(
    spec: Spec | str | Path, property: str | Sequence[str], settings: dict[str, Any], walks: bool
) -> _Prepared:
    loaded = spec if isinstance(spec, Spec) else load(spec)
    constants = loaded.known_constants()
    names = {*READERS, *FLAGS, *COMMAND_ONLY, *(WALK_READERS if walks else ())} - {*constants}
    given = {name: settings.pop(name) for name in [*settings] if name in names}
    options = options_from(given, [property] if isinstance(property, str) else property, walks)
    return _Prepared(loaded, settings, options, limits_of(options))


def walk(spec: Spec | str | Path, /, *, initial: dict[str, str] | None = None, **constants: Any) -> Walk:
    """A behaviour to be taken step by step: `walk(SPEC).take("send(X)")`. `initial` settles free initial
    choices, as texts.
    """
    model = _prepared(spec, (), constants, walks=False).model()
    if initial is None:
        return Walk(model)
    matching = (
        texts
        for texts in (state_texts(model, state) for state in model.initial_states())
        if initial.items() <= texts.items()
    )
    first = next(matching, initial)
    return Walk(model, first)
