"""`python -m explorer.engine.native.build`: compiles the texts on standard input (a JSON list) into the
cache, in a process of its own.

So the python engine is not held up while the native one is being compiled.
"""

from __future__ import annotations

import json
import subprocess
import sys

from explorer.engine.native.jit import Jit, default_directory


class Build:
    """A compilation under way in another process."""

    def __init__(self, texts: list[str]):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "explorer.engine.native.build"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(texts))
        self.process.stdin.close()

    def wait(self) -> None:
        """Wait for the end of the compilation."""
        self.process.wait()

    def done(self) -> bool:
        """Whether the compilation has ended."""
        return self.process.poll() is not None

    def failed(self) -> bool:
        return bool(self.process.poll())

    def stop(self) -> None:
        if not self.done():
            self.process.kill()
        self.process.wait()


if __name__ == "__main__":
    jit = Jit(default_directory())
    for text in json.load(sys.stdin):
        jit.module(text)
