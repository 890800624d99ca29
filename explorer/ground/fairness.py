"""Groups of actions that are fair together must promise the same. Knows nothing of instances."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.ir.errors import SpecError
from explorer.ir.model import Action


def check_groups(actions: Iterable[Action], processes: Iterable[str]) -> None:
    """SpecError where the actions of a group differ in their promise, or a group is named as a process."""
    first: dict[str, Action] = {}
    names = set(processes)
    for action in actions:
        if not action.group or action.name.partition(".")[0] in names:
            continue
        other = first.setdefault(action.group, action)
        per = f"per={action.per!r}"
        if action.group in names:
            raise SpecError(
                "E0410",
                f"group={action.group!r} on action {action.name}, and a process has this name",
                expected="a name of its own for the group",
                write=f'group="{action.group}_steps"',
                place=action.place,
            )
        if other.fair is not action.fair or other.per != action.per:
            raise SpecError(
                "E0410",
                f"group {action.group!r} is fair={other.fair.name}, per={other.per!r} in {other.name}"
                f" ({other.place}) and fair={action.fair.name}, {per} in {action.name}",
                expected="one promise for the group",
                write=f"fair={other.fair.name}, per={other.per!r} in both",
                place=action.place,
            )
