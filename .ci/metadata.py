"""What a distribution says of itself that is made when it is built: `[tool.hatch.metadata.hooks.custom]`.

The packages that this machine can have: Numba has wheels for glibc, macOS and Windows, on x86-64 and 64-bit
ARM. Elsewhere the Python engine does all of the work. Markers tell processors apart; none tells the C
library, so a wheel that is built where it is musl's asks for no Numba. And the README for a package index.
"""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PURE = ["networkx>=3.2", "tqdm>=4.66", "graphviz>=0.20", "waitress>=3.0"]
COMPILED = ["numba>=0.60", "numpy>=1.26"]
PROCESSORS = ("x86_64", "AMD64", "aarch64", "arm64")


class Metadata(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        metadata["dependencies"] = dependencies()
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        source = metadata.get("urls", {}).get("Source", "")
        metadata["readme"] = {"content-type": "text/markdown", "text": description(text, source)}


def dependencies() -> list[str]:
    """Requirements with their markers (PEP 508)."""
    if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""):
        return PURE
    marker = " or ".join(f"platform_machine == '{name}'" for name in PROCESSORS)
    return [*PURE, *(f"{package}; {marker}" for package in COMPILED)]


def description(readme: str, source: str) -> str:
    """The README for a package index, which has no files beside it: links and pictures lead to `source`, the
    address of the repository's files (`https://.../blob/main`); without one they are text.
    """
    if source:
        picture, link = rf"![\1]({source}/\2?raw=true)\3", rf"[\1]({source}/\2)"
    else:
        picture, link = "", r"\1"
    here = r"\((?!\w+:|#)([^)]+)\)"
    return re.sub(rf"(?<!!)\[([^\]]*)\]{here}", link, re.sub(rf"!\[([^\]]*)\]{here}(\n?)", picture, readme))
