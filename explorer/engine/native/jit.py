"""Compiled modules on disk: Python text in, a module of machine code out, never a stale one.

A module is a file named by the digest of its text, of the generator, and of the versions of Numba and Python;
Numba keeps the machine code beside it. A list of checksums is written when a module is complete; a module
whose files do not match it is thrown away and compiled again. Where the cache directory cannot be written, a
temporary one serves for this run. The modules that were used last are kept, and the others thrown away when a
new one is made.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from types import ModuleType
from typing import Any

from explorer.ir.data import dataclass
from explorer.ir.kept import default_directory as default_directory
from explorer.ir.kept import is_own, private

_one_at_a_time = threading.Lock()
_loaded: dict[Path, ModuleType] = {}
"""The modules of this process."""

KEPT, YOUNG = 200, 3600
"""Modules that are kept in a cache; seconds for which one is kept in any case, as another run may be loading
it.
"""


@dataclass(slots=True)
class Jit:
    """A cache directory and what there is to say about it."""

    directory: Path
    notes: list[str] = field(default_factory=list)

    def path(self, text: str) -> Path:
        """Where the module of a text lies."""
        from importlib.metadata import version  # costs as much as the search of a small spec

        from explorer.codegen.native_functions import GENERATOR

        versions = f"{GENERATOR}\n{version('numba')}\n{sys.version}\n{_inlined()}"
        key = hashlib.sha256(f"{versions}\n{text}".encode()).hexdigest()[:24]
        return self.directory / f"k{key}" / f"k{key}.py"

    def ready(self, text: str) -> bool:
        """Whether the machine code of a text lies on disk, complete and undamaged."""
        return _intact(self.path(text), text)

    def module(self, text: str) -> ModuleType:
        """The module of a text: loaded, or compiled and kept. Threads wait for each other: where Numba keeps
        machine code is one setting for all.
        """
        with _one_at_a_time:
            return self._module(text)

    def _module(self, text: str) -> ModuleType:
        path = self.path(text)
        if path in _loaded and path.exists():
            _seal(path.parent)
            return _loaded[path]
        if path.parent.exists() and not _intact(path, text):
            if (path.parent / "sums").exists():
                self.notes.append("the cache of compiled code was damaged: compiled again")
            shutil.rmtree(path.parent, ignore_errors=True)
        try:
            return self._load(path, text)
        except OSError as error:
            if self.directory.name.startswith("explorer-cache-"):
                raise
            self.notes.append(
                f"the cache of compiled code cannot be used ({error.strerror or error}): compiled for this"
                " run only"
            )
            self.directory = Path(tempfile.mkdtemp(prefix="explorer-cache-"))
            atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
            return self._load(self.path(text), text)

    def _load(self, path: Path, text: str) -> ModuleType:
        private(path.parent)
        if not is_own(path.parent) or (path.exists() and not is_own(path)):
            raise OSError(f"{path.parent} is another user's")
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}")
            part.write_text(text, encoding="utf-8")
            os.replace(part, path)
        before = os.environ.get("NUMBA_CACHE_DIR")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        import numba

        numba.config.CACHE_DIR = str(path.parent)  # type: ignore[attr-defined]
        try:
            with _loading():
                spec.loader.exec_module(module)
        finally:
            numba.config.CACHE_DIR = before or ""  # type: ignore[attr-defined]
        if _seal(path.parent):
            prune(self.directory)
        _loaded[path] = module
        return module


@contextlib.contextmanager
def _loading() -> Iterator[None]:
    """Loading machine code, Numba does not make its tables of types and operators, which take a quarter of a
    second run; what must be compiled after all makes them itself.
    """
    from numba.core.caching import Cache
    from numba.core.runtime import nrt

    cache: Any = Cache
    rtsys: Any = nrt.rtsys
    original = cache.load_overload

    def load_overload(self: Any, sig: Any, context: Any) -> Any:
        context.refresh = lambda: rtsys.initialize(context)
        try:
            return original(self, sig, context)
        finally:
            del context.refresh

    cache.load_overload = load_overload
    try:
        yield
    finally:
        cache.load_overload = original


class Entry:
    """A kernel that is given to another one, and answers what Numba asks of it then: where its code is. Numba
    looks that up under a lock for each call of the other one.
    """

    def __init__(self, kernel: Any):
        (code,) = kernel.overloads.values()
        self.kernel, self.fndesc, self.library = kernel, code.fndesc, self
        names = code.fndesc.llvm_func_name, code.fndesc.llvm_cfunc_wrapper_name
        self.addresses = {name: code.library.get_pointer_to_function(name) for name in names}

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.kernel)

    def get_compile_result(self, signature: Any) -> Any:
        return self

    def get_pointer_to_function(self, name: str) -> int:
        return int(self.addresses[name])


def entry(kernel: Any) -> Any:
    """A kernel to give to another one; itself where there is no machine code."""
    return Entry(kernel) if hasattr(kernel, "overloads") else kernel


def unchecked(kernel: Any) -> Any:
    """A kernel that has functions among its arguments, to be called without a look at the types of what it is
    given: that takes Numba 3 ms the first time, and 0.2 ms after that. Whoever calls it must know them.
    """
    if not hasattr(kernel, "overloads"):
        return kernel
    (code,) = kernel.overloads.values()
    return code.entry_point


@functools.cache
def _inlined() -> str:
    """The texts of the modules whose functions become part of what is compiled."""
    here = Path(__file__)
    return "".join(
        here.with_name(f"{name}.py").read_text()
        for name in (
            "arrays",
            "harmless",
            "llvm_mixer",
            "local_arrays",
            "local_entries",
            "lowering",
            "meeting",
            "mixing",
            "probing",
            "table_growth",
            "tallies",
            "tree_entries",
        )
    )


def common_source(narrow: bool = False) -> str:
    """The text that every native search needs, whatever the spec; `narrow`: for slots of 32 bits."""
    return _slots("kernels.py", narrow)


def find_source(narrow: bool) -> str:
    """The text that finds states in a visited set; `narrow` as above."""
    return _slots("find_kernels.py", narrow)


def levels_source(words: int) -> str:
    """The text that passes many small levels of states of so many words at once."""
    return _slots("levels_kernels.py" if words == 1 else "wide_levels_kernels.py", narrow=False)


def crew_source() -> str:
    """The text that several workers run at a time."""
    return _slots("crew_kernels.py", narrow=False)


def into_source() -> str:
    """The text that lists the steps into some states, whatever the spec."""
    return Path(__file__).with_name("into_kernels.py").read_text()


def undo_source() -> str:
    """The text that undoes rules, whatever the spec."""
    return Path(__file__).with_name("undo_kernels.py").read_text()


def _slots(name: str, narrow: bool) -> str:
    text = Path(__file__).with_name(name).read_text()
    return text.replace("SLOT = types.uint64", "SLOT = types.uint32") if narrow else text


def tree_source(words: int) -> str:
    """The text that a search over states of so many words, two or more, needs, whatever the spec."""
    names = ("tree_kernels", "fold_two_kernels" if words == 2 else "fold_kernels")
    return "\n".join(Path(__file__).with_name(f"{name}.py").read_text() for name in names)


def local_source() -> str:
    """The text that finds successors by what is known of parts of states, and learns it."""
    names = ("local_kernels", "learn_kernels")
    return "\n".join(Path(__file__).with_name(f"{name}.py").read_text() for name in names)


def prune(directory: Path, kept: int = KEPT, young: float = YOUNG) -> None:
    """Throw away modules that were not used for long, where there are more than `kept`. What cannot be looked
    at or removed stays.
    """
    used = []
    with contextlib.suppress(OSError):
        for sums in directory.glob("k*/sums"):
            used.append((sums.stat().st_mtime, sums.parent))
    for when, module in sorted(used)[:-kept]:
        if when < time.time() - young:
            shutil.rmtree(module, ignore_errors=True)


def _files(directory: Path) -> list[Path]:
    return sorted(p for p in directory.rglob("*") if p.suffix in (".nbc", ".nbi", ".py", ".pyc"))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _seal(directory: Path) -> bool:
    """Write the checksums of a module that has none, and mark any other as used now; whether it is new."""
    new = not (directory / "sums").exists()
    if not new:
        with contextlib.suppress(OSError):
            os.utime(directory / "sums")
    else:
        _write_sums(directory)
    return new


def _write_sums(directory: Path) -> None:
    lines = [f"{_digest(p)} {p.relative_to(directory)}" for p in _files(directory)]
    part = directory / f"sums.{os.getpid()}"
    part.write_text("\n".join(lines), encoding="utf-8")
    os.replace(part, directory / "sums")


def _sums(directory: Path) -> dict[str, str]:
    """The checksums of a module's files by their names."""
    lines = (directory / "sums").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition(" ") for line in lines)}


@atexit.register
def seal_again() -> None:
    """At the end of a process: checksums for what was compiled only when it was called."""
    for path in _loaded:
        with contextlib.suppress(OSError, ValueError):
            if _sums(path.parent).keys() != {str(p.relative_to(path.parent)) for p in _files(path.parent)}:
                _write_sums(path.parent)


def _intact(path: Path, text: str) -> bool:
    """Whether a module is the one of a text, and its files are those that were sealed, no more and no fewer.
    Whatever is odd about them, such as bytes that are no text, makes it damaged. Byte code that was not
    sealed is thrown away.
    """
    directory = path.parent
    try:
        sums = _sums(directory)
        for file in _files(directory):
            if file.suffix == ".pyc" and str(file.relative_to(directory)) not in sums:
                file.unlink()
        return path.read_bytes() == text.encode() and sums == {
            str(file.relative_to(directory)): _digest(file) for file in _files(directory)
        }
    except (OSError, ValueError):
        return False
