"""By how much a table of the visited set grows: one rule for Python and for machine code."""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from explorer.engine.native.probing import GROUP


@register_jitable
def larger(capacity: Any, partitions: Any, growth: Any, few: Any) -> Any:
    """So many slots has a partition of `capacity` slots that grows, where `few` states are left or not; 0
    where it may not grow any more.
    """
    slots = capacity * partitions
    factor = growth.large if slots < growth.huge_from and not few else growth.huge
    factor = growth.small if slots < growth.large_from else factor
    wanted = min(int(capacity * factor) // GROUP * GROUP, growth.most)
    return wanted if wanted > capacity + GROUP else 0


@register_jitable
def ending(level: Any, largest: Any, growth: Any) -> Any:
    """Whether few states are left behind a level, by its size and that of the largest."""
    return level < growth.shrunk * largest
