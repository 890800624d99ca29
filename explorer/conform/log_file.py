"""Whether a file can be a log at all: what else it is often, and what to do with it."""

from __future__ import annotations

import stat
from pathlib import Path

LOOKED_AT = 4096
"""Bytes at the beginning of a file."""

_OTHERS = (
    (b"\x1f\x8b", "it is compressed; write: gzip -dc {log} > trace.txt"),
    (b"\xfd7zXZ\0", "it is compressed; write: xz -dc {log} > trace.txt"),
    (b"\x28\xb5\x2f\xfd", "it is compressed; write: zstd -dc {log} > trace.txt"),
    (b"BZh", "it is compressed; write: bzip2 -dc {log} > trace.txt"),
    (b"\x17\x08Dtracing", "it is what trace-cmd records; write: trace-cmd report -i {log} > trace.txt"),
    (b"PERFILE2", "it is what perf records; write: perf script -i {log} > trace.txt"),
)


def fault(log: Path) -> str:
    """Why a file is no log, and what to write; "" where it may be one. Raises OSError."""
    if log == Path("-"):
        return "a log is read twice, so it is a file; write: its path"
    mode = log.stat().st_mode
    if stat.S_ISDIR(mode):
        return "it is a directory; write: the path of a log"
    if not stat.S_ISREG(mode):
        return f"a log is read twice, and this can be read once; write: cat {log} > trace.txt"
    with open(log, "rb") as file:
        head = file.read(LOOKED_AT)
    if not head:
        return "it is empty; write: what trace-cmd report or perf script print, or JSON lines"
    for magic, told in _OTHERS:
        if head.startswith(magic):
            return told.format(log=log)
    if b"\0" in head:
        return "it is no text in UTF-8; write: what trace-cmd report or perf script print, or JSON lines"
    return ""


def is_cut_off(log: Path) -> bool:
    """Whether the last line of a log has no end."""
    with open(log, "rb") as file:
        file.seek(-1, 2)
        return file.read(1) != b"\n"
