"""Runs the steps of `.github/workflows/specs.yml` as a CI service would: in order, those with `if: always()`
after a failure too.

A step that hands a file over to another service must find it. Exit code 1 where a step failed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent


def steps(workflow: str) -> list[dict[str, str]]:
    """The steps of a workflow's only job: the values of their keys as text, `run` with all its lines."""
    found: list[dict[str, str]] = []
    for text in re.split(r"^      - ", workflow.partition("    steps:\n")[2], flags=re.M)[1:]:
        lines = ("        " + text).splitlines()
        found.append({})
        for number, line in enumerate(lines):
            key, colon, value = line.strip().partition(": ")
            if line.strip() == "run: |" or (colon and key == "run"):
                block = [inner[10:] for inner in lines[number + 1 :]] if value == "|" else [value]
                found[-1]["run"] = "\n".join(block)
                break
            if colon:
                found[-1].setdefault(key, value.strip('"'))
    return found


def main() -> int:
    failed = False
    for step in steps((HOUSE / ".github/workflows/specs.yml").read_text()):
        if failed and step.get("if") != "always()":
            continue
        if "run" in step:
            print(f"-- {step['name']}", flush=True)
            done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=HOUSE)
            failed = failed or done.returncode != 0
        for key in ("sarif_file", "path"):
            uploads = "upload" in step.get("uses", "")  # a cache's path need not be there
            if uploads and key in step and not (HOUSE / step[key]).exists():
                print(f"{step['name']}: {step[key]} is missing", file=sys.stderr)
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
