"""verdict.json meets its schema however a run ends; every format is a pure function of the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.render.formats import RUNS, TRACES, Settings
from explorer.render.machine.json_record import to_json
from tests.support.house import ROOT
from tests.support.stories import (
    HOLDS_SPEC,
    MALFORMED,
    NASTY_SPEC,
    Record,
    dekker,
    record_of,
    schema,
    with_lasso,
    write,
)

FAILING = HOLDS_SPEC.replace(
    "    light.on.next", "    when((1 // ite(light.on, 0, 1)) == 1)\n    light.on.next"
)


@pytest.mark.parametrize("text", [HOLDS_SPEC, NASTY_SPEC, FAILING])
def test_every_record_meets_the_schema(text: str, tmp_path: Path) -> None:
    """verdict.json of specs that hold, are violated and fail to evaluate."""
    schema(ROOT / "explorer/render/machine/verdict.schema.json").validate(
        json.loads(to_json(record_of(write(tmp_path, "one", text))))
    )


def test_records_of_stopped_runs_lassos_and_malformed_specs_meet_the_schema(
    violated: Record, undecided: Record
) -> None:
    """The schema covers every way in which a run ends."""
    for record in (violated, undecided, with_lasso(violated, "exclusion", 2), MALFORMED):
        schema(ROOT / "explorer/render/machine/verdict.schema.json").validate(json.loads(to_json(record)))


def test_the_schema_refuses_what_is_no_record(violated: Record) -> None:
    """A schema that takes everything would promise nothing."""
    valid = schema(ROOT / "explorer/render/machine/verdict.schema.json").is_valid
    record = json.loads(to_json(violated))
    assert valid(record)
    assert not valid({**record, "verdict": "maybe"})
    assert not valid({**record, "surplus": 1})
    assert not valid({key: value for key, value in record.items() if key != "findings"})


def test_the_record_says_at_each_step_what_is_possible_and_what_waits(violated: Record) -> None:
    """Each step lists what else could happen and which guards held others back."""
    texts, moments = violated["waiting"]["texts"], violated["waiting"]["traces"]["exclusion"]
    assert len(moments) == 7
    assert [texts[n] for n in moments[0]["possible"]] == ["store(cpu=A)", "store(cpu=B)"]
    assert [texts[n] for n in moments[0]["waiting"]] == [
        "enter(cpu=A, other=B) waits for at[A] == SET",
        "complete(cpu=A) waits for buffered[A][A]",
        "impossible waits for turns == 2",
    ]
    taken = [step.instance for step in violated["traces"]["exclusion"].steps[1:]]
    assert all(name in [texts[n] for n in moment["possible"]] for name, moment in zip(taken, moments))


def test_traces_beyond_the_budget_go_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards are evaluated for so many states and instances, and no more."""
    monkeypatch.setattr("explorer.verdict.report_context.BUDGET", 20)
    assert record_of(dekker(tmp_path))["waiting"] == {"texts": [], "traces": {}}


def test_formats_are_pure_functions_of_the_record(violated: Record) -> None:
    """Made twice from a record they are the same, and the record is not changed."""
    before = to_json(violated)
    settings = Settings("1.0.0")
    trace = violated["traces"]["exclusion"]
    runs = [[format_([violated], settings) for _, format_ in RUNS.values()] for _ in "12"]
    traces = [[format_(violated, trace) for _, format_ in TRACES.values()] for _ in "12"]
    assert runs[0] == runs[1] and traces[0] == traces[1]
    assert to_json(violated) == before
