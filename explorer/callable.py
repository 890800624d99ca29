"""Modules that are also the public function of their name: `explorer.check(SPEC)`, `explorer.load(PATH)`.

The package's rooms have good names, and so have its functions; where they are one, the module can be called.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


def also_function(name: str, module: str) -> None:
    """Make the module `name` callable; a call goes to the function of the same last name in `module`, imported when first called."""
    function = name.rpartition(".")[2]

    class Room(ModuleType):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return getattr(import_module(module), function)(*args, **kwargs)

    sys.modules[name].__class__ = Room
