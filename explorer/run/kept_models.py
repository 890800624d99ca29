"""Ground models on disk: a second run of a spec under the same constants reads its model, with what was
proved of it and generated from it, and what a report shows of the model alone, in place of making them again.
Neither what was visited nor verdicts are kept.

The author's modules are run all the same. A model is known by their texts, the constants, the explorer's own
files and Python's version: it depends on nothing else if the modules see nothing else. Where they import or
call what reads files, clocks or the environment, no model is kept, nor where its objects have no names by
which they are found again.
"""

from __future__ import annotations

import contextlib
import copyreg
import enum
import gc
import hashlib
import io
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import explorer
from explorer.ir.kept import BYTES, Shelf, keeps
from explorer.ir.model import Model
from explorer.ir.source import outline
from explorer.ir.verify import verify_model, verifying
from explorer.language.composition import near
from explorer.language.spec import Source, Spec

NESTED = 4_000
"""Calls in each other that making a pickle may take, some four for an operator within another: they take
memory of the C stack.
"""

LARGEST = 1 << 23
"""Bytes of a model that is kept."""

BLIND = frozenset(
    "__future__ abc collections dataclasses enum functools itertools math operator typing".split()
)
"""Modules that read nothing."""

RUNNING = frozenset(("?", "api", "check", "explore", "load", "simulate", "walk"))
"""What the explorer gives that reads other specs."""

PLAIN = frozenset(("__all__", "__annotations__", "__debug__", "__doc__", "__name__"))
"""Names with underscores whose values the text says."""


class KeptModel:
    """Where the model of a spec under some constants is kept, if anywhere."""

    def __init__(self, spec: Spec, values: Mapping[str, Any], file: str):
        self.spec = spec
        self._modules = _modules(spec)
        self._shelf: Shelf | None = None
        self._extent: int | None = None
        """How much was derived of the model that is kept; None where none is."""
        bound = pickled(dict(values)) if keeps() and spec.sources else b""
        if bound:
            modules = (f"{s.name} {s.file} {hashlib.sha256(s.text).hexdigest()}" for s in spec.sources)
            texts = [spec.name, file, own_files(), *modules, ""]
            self._shelf = Shelf("model", "\n".join(texts).encode(*BYTES) + bound)

    def read(self) -> Model | None:
        """The model, if it is kept and can be used here."""
        data = self._shelf.read() if self._shelf is not None else None
        if data is None:
            return None
        if not data:
            self._shelf = None  # it cannot be kept, which was found out before
            return None
        try:
            with _uncollected():
                return self._again(io.BytesIO(data))
        except (AttributeError, ImportError, LookupError, TypeError, ValueError, pickle.UnpicklingError):
            # a name means something else here
            self._shelf = None
            return None

    def _again(self, stream: io.BytesIO) -> Model | None:
        looked, states = pickle.load(stream)
        if states != states_near(looked):
            return None
        model: Model
        model, met = pickle.load(stream)
        self.spec.met.update(met)
        self.spec.looked.update(looked)
        self._extent = _extent(model)
        if verifying():
            verify_model(model)
        return model

    def write(self, model: Model) -> None:
        """Keep a model, if it or what is derived of it is not kept. One that cannot be kept is not tried
        again.
        """
        if self._shelf is None or self._extent == _extent(model) or self._modules != _modules(self.spec):
            return
        with contextlib.suppress(MemoryError):
            self._write(self._shelf, model)

    def _write(self, shelf: Shelf, model: Model) -> None:
        data = pickled((model, self.spec.met)) if sees_nothing_else(self.spec.sources) else b""
        looked = frozenset(self.spec.looked)
        shelf.write(pickled((looked, states_near(looked))) + data if data else b"")


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Python looks for no circles meanwhile: there is nothing that can be given back."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _modules(spec: Spec) -> list[int]:
    """Which modules have the names of a spec's: another load puts new ones in their place."""
    return [id(sys.modules.get(source.name)) for source in spec.sources]


def _extent(model: Model) -> int:
    """How much is derived of a model, and under its symmetries."""
    return len(model.derived) + sum(len(getattr(at, "derived", ())) for at in model.derived.values())


def _class_of_members(made: Any) -> Any:
    """How an enumeration is found again: one of places is made again."""
    if made.__module__ == "explorer.ground.places":
        from explorer.ground.places import domain_of_places

        return domain_of_places, (made.__name__, list(made.__members__))
    return made.__qualname__


class _Stream(io.BytesIO):
    """Takes so many bytes only."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > LARGEST:
            raise pickle.PicklingError("too large")
        return super().write(data)


def pickled(made: Any) -> bytes:
    """The pickle of an object; empty where it has none, or a large one."""
    stream, limit = _Stream(), sys.getrecursionlimit()
    sys.setrecursionlimit(NESTED)
    try:
        with _uncollected():
            pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = copyreg.dispatch_table | {enum.EnumType: _class_of_members}
            pickler.dump(made)
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError):
        return b""
    finally:
        sys.setrecursionlimit(limit)
    return stream.getvalue()


def states_near(files: Iterable[str]) -> str:
    """The state of the files near some, in which grounding looks for names that it takes for forgotten."""
    found = {path for file in files for path in near(Path(file))}
    return "\n".join(f"{path} {_state(path.stat())}" for path in sorted(found) if path.is_file())


def own_files() -> str:
    """The state of the explorer's own files."""
    return "\n".join(_states(str(Path(explorer.__file__).parent)))


def _state(known: os.stat_result) -> str:
    return f"{known.st_size} {known.st_mtime_ns} {known.st_ctime_ns}"


def _states(directory: str) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                yield f"{entry.path} {_state(entry.stat())}"
            elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                yield from _states(entry.path)


def sees_nothing_else(sources: tuple[Source, ...]) -> bool:
    """Whether the modules of a spec import and call nothing whose answers are not in their own texts."""
    names = {source.name for source in sources}
    return all(_sees_only(source, names) for source in sources)


def _sees_only(source: Source, names: set[str]) -> bool:
    seen = outline(source.text.decode(*BYTES))
    return PLAIN.issuperset(seen.builtin) and all(
        _is_seen(_absolute(module, source), taken, names) for module, taken in seen.imports
    )


def _absolute(module: str, source: Source) -> str:
    """The name of a module that another one imports."""
    level = len(module) - len(module.lstrip("."))
    if not level:
        return module
    up = level - Path(source.file).name.startswith("__init__.")
    inside = source.name.split(".")[: -up or None]
    return ".".join([*inside, module[level:]]).rstrip(".")


def _is_seen(module: str, taken: tuple[str, ...], names: set[str]) -> bool:
    """Whether what is taken of a module stands in the spec's own texts, in the explorer, or reads nothing."""
    root = module.partition(".")[0]
    if root in BLIND:
        return True
    if root == "explorer":
        return module.startswith("explorer.library") or (module == root and RUNNING.isdisjoint(taken))
    inner = [f"{module}.{name}" for name in taken]
    return all(_is_own(name, names) for name in [module, *(n for n in inner if n in sys.modules)])


def _is_own(module: str, names: set[str]) -> bool:
    """Whether a module is one of the spec's, or a directory that holds some."""
    known = sys.modules.get(module)
    return module in names or (
        known is not None
        and getattr(known, "__file__", None) is None
        and any(name.startswith(module + ".") for name in names)
    )
