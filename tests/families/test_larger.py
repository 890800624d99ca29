"""docs/models/larger.md: each family in a configuration beyond that of its table."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.house import DOCS, SPECS

ROWS = re.findall(
    r"^\| `(spec/\S+\.py.*?)` \| (holds|violated) \| ([\d,]+) \|",
    (DOCS / "models" / "larger.md").read_text(),
    re.M,
)


def test_every_family_has_a_larger_configuration() -> None:
    """Each page of a family has its line."""
    families = {page.stem for page in (DOCS / "models").glob("*.md")} - {"gallery", "larger", "review"}
    assert {re.sub(r"spec/(\w+)_fixed\.py.*", r"\1", command) for command, _, _ in ROWS} == families


@pytest.mark.slow
@pytest.mark.parametrize("command, verdict, states", ROWS, ids=[command for command, _, _ in ROWS])
def test_a_larger_configuration_is_as_the_page_says(
    command: str, verdict: str, states: str, tmp_path: Path
) -> None:
    """The verdict, and the number of states visited."""
    done = run(*shlex.split(command), "--json", "--out", str(tmp_path), cwd=SPECS.parent)
    record = json.loads(done.out)
    assert (record["verdict"], f"{record['states']['distinct']:,}") == (verdict, states)
