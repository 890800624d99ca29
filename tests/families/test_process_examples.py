"""The examples that are written as processes: what each configuration must show."""

from __future__ import annotations

from typing import Any

import pytest

from explorer.api import Checked, check
from tests.support.house import SPECS

EXAMPLES = SPECS / "examples"


def run(example: str, **constants: Any) -> Checked:
    return check(EXAMPLES / f"{example}.py", **constants)


@pytest.mark.parametrize("example", ("sqpoll", "qrcu", "ticket_lock", "interrupt_levels"))
def test_the_example_is_as_it_declares(example: str) -> None:
    """And nothing in it is vacuous."""
    found = run(example)
    assert found.as_expected
    assert [finding.text for finding in found.verdict.findings if finding.severe] == []


@pytest.mark.parametrize("model", ("sc", "tso", "pso", "arm", "power"))
@pytest.mark.parametrize("submitter, poller, steps", [(1, 1, None), (1, 0, 6), (0, 1, 6), (0, 0, 5)])
def test_the_poller_needs_both_barriers(model: str, submitter: int, poller: int, steps: int | None) -> None:
    """Everywhere but on SC a request is left behind unless both sides have the barrier."""
    found = run("sqpoll", memory=model, SUBMITTER_MB=bool(submitter), POLLER_MB=bool(poller))
    expected = None if model == "sc" else steps
    trace = found.traces.get("no_request_waits_for_a_sleeper")
    assert (None if trace is None else len(trace)) == expected


@pytest.mark.parametrize(
    "updaters, readers, states, orbits",
    [(1, 1, 146, 146), (1, 2, 1771, 973), (1, 3, 20769, 4541), (2, 1, 5178, 2647)],
)
def test_qrcu_waits_for_every_reader(updaters: int, readers: int, states: int, orbits: int) -> None:
    """It holds; identities of processes are interchangeable."""
    space = (found := run("qrcu", UPDATERS=updaters, READERS=readers)).space.space
    assert found.holds and (space.distinct, space.represented) == (orbits, states)


def test_qrcu_needs_the_second_look() -> None:
    """Without it the published story comes back, with two updaters and one reader, and not with one
    updater.
    """
    assert run("qrcu", SUM_TWICE=False).holds
    found = run("qrcu", SUM_TWICE=False, UPDATERS=2)
    assert len(found.traces["no_reader_from_before"]) == 15


@pytest.mark.parametrize(
    "constants, steps",
    [({}, 8), ({"protection": "irq_off"}, 10), ({"protection": "irq_off", "with_nmi": False}, None)],
)
def test_a_handler_runs_between_any_two_steps_of_its_cpu(
    constants: dict[str, Any], steps: int | None
) -> None:
    """Interrupts off keep the interrupt away, and not the NMI; a handler is never left before it returns."""
    trace = run("interrupt_levels", **constants).traces.get("nothing_is_lost")
    assert (None if trace is None else len(trace)) == steps
