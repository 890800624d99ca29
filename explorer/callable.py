"""Modules that are also the public function of their name: `explorer.check(SPEC)`, `explorer.load(PATH)`.

The package's rooms have good names, and so have its functions; where they are one, the module can be called.
"""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import getdoc, signature
from types import ModuleType
from typing import Any


def also_function(name: str, module: str) -> None:
    """Make the module `name` callable; a call goes to the function of the same last name in `module`,
    imported when first called.
    """
    function = name.rpartition(".")[2]

    said = sys.modules[name].__doc__

    class Room(ModuleType):
        @property
        def __doc__(self) -> str:  # type: ignore[override]
            """What `help` shows: the function, then the room."""
            found = getattr(import_module(module), function)
            return f"{function}{signature(found)}\n\n{getdoc(found)}\n\n{said}"

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return getattr(import_module(module), function)(*args, **kwargs)

    sys.modules[name].__class__ = Room
