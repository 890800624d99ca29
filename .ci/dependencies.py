"""The packages that this machine can have, found out while it installs: `[tool.hatch.metadata.hooks.custom]`.

Numba has wheels for glibc, macOS and Windows, on x86-64 and 64-bit ARM. Elsewhere the Python engine does all
of the work. Markers tell processors apart; none tells the C library, so a wheel that is built where it is
musl's asks for no Numba.
"""

from __future__ import annotations

import sysconfig
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PURE = ["networkx>=3.2", "tqdm>=4.66", "graphviz>=0.20", "waitress>=3.0"]
COMPILED = ["numba>=0.60", "numpy>=1.26"]
PROCESSORS = ("x86_64", "AMD64", "aarch64", "arm64")


class Dependencies(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        metadata["dependencies"] = dependencies()


def dependencies() -> list[str]:
    """Requirements with their markers (PEP 508)."""
    if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""):
        return PURE
    marker = " or ".join(f"platform_machine == '{name}'" for name in PROCESSORS)
    return [*PURE, *(f"{package}; {marker}" for package in COMPILED)]
