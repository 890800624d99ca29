"""A checkpoint's directory: whatever ends a search, at whatever moment, the last whole checkpoint is there;
what is damaged is refused.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from explorer.engine import python
from explorer.engine.checkpoint import HEAD
from explorer.engine.directory import CheckpointError
from explorer.ir.model import Model
from tests.support.checkpoints import Disk, disk, killed, opened, written
from tests.support.comparison import facts, model_of

SPEC = """
from typing import Annotated
from explorer import *
class C(State):
    a: Map[Annotated[int, Range(0, 1)], Annotated[int, Range(0, 4)]] = initially(0)
@action
def up(c: C, i: Annotated[int, Range(0, 1)]) -> None:
    when(c.a[i] < 4)
    c.a[i].next = c.a[i] + 1
@invariant
def fine(c: C) -> Value[bool]:
    return c.a[0] != 3
spec = Spec()
"""
LEVELS = 9
"""0 to 8: 25 states."""


@pytest.fixture
def model() -> Model:
    made = model_of(SPEC)
    assert made is not None
    return made


def smaller() -> Model:
    """Seven levels."""
    made = model_of(SPEC.replace("< 4", "< 3"))
    assert made is not None
    return made


def head_of(directory: Path) -> dict[str, Any]:
    head: dict[str, Any] = json.loads((directory / HEAD).read_text())
    return head


def test_a_search_that_is_killed_at_any_call_goes_on(tmp_path: Path) -> None:
    """The process ends at each call that touches a file, in the middle of each write too; what another
    process finds that goes on from there is what an uninterrupted one finds.
    """
    model = smaller()
    expected = facts(python.explore(model))
    for last in range(10_000):
        place = tmp_path / str(last)
        if not killed(place, model, last):
            break
        assert facts(written(place, model)) == expected, last
    assert last > 5 * 7  # each level is appended, and has a head


def test_a_search_that_is_killed_again_and_again_ends(model: Model, tmp_path: Path) -> None:
    """In one directory a process ends at every seventh call, until one is through."""
    kills = 0
    while killed(tmp_path, model, 17):
        kills += 1
        assert kills < 100
    assert kills > 3
    assert facts(written(tmp_path, model)) == facts(python.explore(model))


def test_states_reach_the_disk_before_the_head_that_counts_them(model: Model, tmp_path: Path) -> None:
    """Before each renaming the states and the new head were flushed after their last write, and the directory
    is flushed after it: a power cut leaves a whole checkpoint too.
    """
    with disk(Disk()) as at:
        written(tmp_path, model)
    renamings = [k for k, (name, _) in enumerate(at.calls) if name == "replace"]
    assert len(renamings) == LEVELS + 1
    for k in renamings:
        before = at.calls[max([0, *(r for r in renamings if r < k)]) : k]
        names = [name for name, _ in before]
        files = [file for name, file in before if name == "pwrite"]
        assert names[-2:] == ["pwrite", "fsync"] and before[-1][1] == files[-1]  # the head
        states = [n for n, (name, file) in enumerate(before) if name == "pwrite" and file == files[0]]
        flushed = [n for n, (name, file) in enumerate(before) if name == "fsync" and file == files[0]]
        assert len(set(files)) == 1 or states[-1] < flushed[0]
        assert [name for name, _ in at.calls[k + 1 : k + 3]] == ["open", "fsync"]  # the directory


def test_a_full_disk_keeps_the_last_checkpoint(model: Model, tmp_path: Path) -> None:
    """From any byte on nothing can be written: the search goes on to its end, says what is there, and the
    last whole checkpoint is one to go on from.
    """
    expected, kept = facts(python.explore(model)), set()
    for room in range(0, 4000, 211):
        place, told = tmp_path / str(room), list[str]()
        with disk(Disk(room=room)):
            space = written(place, model, hear=told.append)
        assert facts(space) == expected
        assert all("the checkpoint could not be written: No space left on device; " in s for s in told)
        if (place / HEAD).exists():
            kept.add(head_of(place)["counts"]["level"])
            assert f"the last one, of level {head_of(place)['counts']['level']}, stays" in told[-1]
        else:
            assert told[-1].endswith("; there is none")
        assert facts(written(place, model)) == expected
    assert len(kept) > 2


def test_what_was_not_written_is_written_when_there_is_room(model: Model, tmp_path: Path) -> None:
    """A level that found no room is appended with the next ones; then there is no trouble left."""
    full = Disk()
    checkpoint = opened(tmp_path, model, resume=False)
    with disk(full):
        search = python.Search(
            python.Compiled(model), python.Limits(), python.ignore, 0.0, checkpoint=checkpoint
        )
        for number in range(LEVELS):
            full.room = 0 if number in (2, 3, 4) else 1 << 60
            search.step()
            assert bool(checkpoint.trouble) is (number in (2, 3, 4))
            assert checkpoint.level == (1 if number in (2, 3, 4) else number)
        search.run()
    checkpoint.close()
    assert facts(written(tmp_path, model)) == facts(python.explore(model))


def test_other_programs_can_read_it(model: Model, tmp_path: Path) -> None:
    """The head is JSON; the states are rows of bytes, level by level, with their checksums."""
    space = written(tmp_path, model, depth=3)
    head, states = head_of(tmp_path), (tmp_path / "states-0.bin").read_bytes()
    assert [level["states"] for level in head["levels"]] == [1, 2, 3, 4]
    assert head["counts"]["level"] == 3 and head["bytes_per_state"] == 1 and len(states) == 10
    assert [[*states[:1]], [*states[1:3]], [*states[3:6]], [*states[6:]]] == [*map(list, space.levels)]
    assert head["levels"][3]["crc32"] == zlib.crc32(states[6:])


def test_a_search_that_begins_again_keeps_the_old_one_until_it_has_its_own(
    model: Model, tmp_path: Path
) -> None:
    """A second search of other states in the same run replaces the first one's file only with its head."""
    other = smaller()
    checkpoint = opened(tmp_path, model, resume=False, every=1e9)
    for search in (model, other):
        python.explore(search, python.Limits(max_depth=2), checkpoint=checkpoint)
        if search is model:
            checkpoint._write_head()
    assert sorted(os.listdir(tmp_path)) == [HEAD, "lock", "states-0.bin", "states-1.bin"]
    checkpoint.close()
    assert sorted(os.listdir(tmp_path)) == [HEAD, "lock", "states-1.bin"]
    assert head_of(tmp_path)["states"] == "states-1.bin"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("where", [HEAD, "states-0.bin"])
def test_every_flipped_bit_is_noticed(where: str, model: Model, tmp_path: Path) -> None:
    """Whichever byte of the head or of the states is changed, nothing goes on from it."""
    written(tmp_path, model, depth=3)
    path = tmp_path / where
    for at in range(path.stat().st_size):
        flip(path, at)
        with pytest.raises(CheckpointError, match=r"damaged|made by|no checkpoint"):
            written(tmp_path, model)
        flip(path, at)
    assert facts(written(tmp_path, model)) == facts(python.explore(model))
