"""A spec as a notebook shows it: what it declares, from which constants, and what is expected."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from explorer.ir.errors import SpecError
from explorer.ir.types import value_text


def view(spec: Any) -> str:
    """Tables of a Spec's declarations, constants and rows; the message of a malformed one."""
    try:
        declared = [
            (one.kind, one.name, (one.function.__doc__ or "").strip().partition("\n")[0], str(one.place))
            for one in spec.declarations()
        ]
        bound = {**{name: one._default for name, one in spec.known_constants().items()}, **spec.constants}
    except SpecError as error:
        return f"<pre>{escape(str(error))}</pre>"
    rows = [(row.name, row.text, str(row.expect)) for row in spec.variants]
    expected = f"expected: {spec.expect}" if spec.expect else "nothing is expected"
    return "".join(
        [
            f"<p><b>{escape(spec.name)}</b> ({escape(str(spec.place))}), {escape(expected)}</p>",
            _table(("", "name", "says", "where"), declared),
            _table(("constant", "value"), [(name, value_text(value)) for name, value in bound.items()]),
            _table(("row", "says", "expected"), rows),
        ]
    )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows below their heads; nothing without rows."""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
