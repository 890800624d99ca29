"""The design of every picture: colours, and the words on what is drawn. One table for the report, the SVG
file, the graphs for Graphviz, Mermaid and PlantUML.

The colours are those of the style sheet (`sequence.css`), as the light page has them.
"""

from __future__ import annotations

import re
from pathlib import Path


def style_sheet() -> str:
    """Colours, for light and dark, and how the parts of a diagram look."""
    return Path(__file__).with_name("sequence.css").read_text(encoding="utf-8")


def light() -> dict[str, str]:
    """The variables of the style sheet on the light page."""
    sheet = style_sheet()
    return dict(re.findall(r"(--[\w-]+): ([^;]+);", sheet[: sheet.index("@media")]))


_LIGHT = light()

LANES = 6
"""Lane colours of the style sheet, used in turn."""

STROKES, TINTS = (tuple(_LIGHT[f"--{kind}{n}"] for n in range(LANES)) for kind in ("lane", "tint"))
PAPER, CARD, INK, SOFT, RULE, ON_LANE = (
    _LIGHT[f"--{name}"] for name in ("paper", "card", "ink", "soft", "rule", "on-lane")
)
BAD, BAD_WASH, LATE, CHANGE = (_LIGHT[f"--{name}"] for name in ("bad", "bad-wash", "late", "change"))
FONT = "DejaVu Sans Mono"

NOBODY = "(none)"
"""The lane of steps without an actor."""
DEFERRED, VISIBLE = "deferred: not yet visible", "becomes visible:"
FAILS, FOR_EVER = "this step fails", "for ever"
