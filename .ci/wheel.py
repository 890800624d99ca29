"""`python .ci/wheel.py WHEEL`: the wheel has every file of explorer/ and the library; that is enough to check
a spec, and the examples of docs/library.md.

Exit code 1 with the names of what is missing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ("kernel", "xive", "opal")
"""Folders of spec/actions that an installation has as explorer.library."""


def examples(folder: Path) -> list[str]:
    """The examples of docs/library.md as files in a folder: their names."""
    names = []
    for text in re.findall(r"```python\n(.*?)```", (ROOT / "docs/library.md").read_text(), re.DOTALL):
        names.append(text.split(maxsplit=3)[2])
        (folder / names[-1]).write_text(text)
    return names


def main(wheel: str) -> int:
    package = ROOT / "explorer"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".nbi", ".nbc") and "__pycache__" not in path.parts
    }
    for room in LIBRARY:
        wanted |= {f"explorer/library/{room}/{p.name}" for p in (ROOT / "spec/actions" / room).glob("*.py")}
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        names = set(archive.namelist())
        if wanted - names:
            print(f"{wheel} lacks {', '.join(sorted(wanted - names))}", file=sys.stderr)
            return 1
        others = {name for name in names if not name.startswith("explorer/") and ".dist-info/" not in name}
        if others:
            print(f"{wheel} has {', '.join(sorted(others))}", file=sys.stderr)
            return 1
        archive.extractall(folder)
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
        for arguments in (
            ["explain", "E0501"],
            [str(ROOT / "spec/secure_vm_fixed.py"), "--write", "html,json"],
            [*examples(Path(folder)), "--expect"],
        ):
            done = subprocess.run(
                [sys.executable, "-m", "explorer", *arguments],
                cwd=folder,
                env=environment,
                capture_output=True,
            )
            if done.returncode:
                print(done.stderr.decode(), file=sys.stderr)
                return 1
    print(f"{len(wanted)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
