"""`python .ci/wheel.py WHEEL`: the wheel has every file of explorer/, and that is enough to check a spec.

Exit code 1 with the names of what is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(wheel: str) -> int:
    package = ROOT / "explorer"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".nbi", ".nbc") and "__pycache__" not in path.parts
    }
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
