"""Packages that the explorer runs without, and what is not to be had then. Knows nothing of their use."""

from __future__ import annotations

import argparse
from importlib.util import find_spec

from explorer.run.options import UsageError

FORMATS = {"dot": ("graphviz",), "graphml": ("networkx",), "aut": ("networkx",), "jsonl": ("networkx",)}


def refuse_without_packages(given: argparse.Namespace) -> None:
    """UsageError where what is asked for needs a package that is not installed."""
    asked = {
        "--graph": ("networkx", "graphviz") * given.graph,
        "--png": ("graphviz",) * given.png,
        **{f"--format {name}": needed for name, needed in FORMATS.items() if name == given.format},
        **{f"--write {name}": needed for name, needed in FORMATS.items() if name in given.write},
    }
    for option, packages in asked.items():
        for package in packages:
            if find_spec(package) is None:
                raise UsageError(f"{option} needs the package {package}; write: pip install {package}")
