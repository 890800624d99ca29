"""The sequence diagram of a counterexample as an SVG file of its own. A pure function of the trace.

The page's style sheet has variables, which viewers outside of browsers do not know: here each has its value,
that of the light page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from explorer.render.html.markup import Html, el
from explorer.render.picture.design import CARD, LANES, light, style_sheet
from explorer.render.picture.sequence import Diagram
from explorer.render.picture.sequence_layout import WIDE
from explorer.trace.trace import Trace

FONT = '"DejaVu Sans Mono", Menlo, Consolas, monospace'


def svg_file(trace: Trace) -> str:
    """The diagram with everything that it needs to be shown."""
    drawn = Diagram(trace, WIDE).svg(0)
    inside = el("style", Html(style())) + el("rect", width="100%", height="100%", fill=CARD)
    start, _, rest = drawn.partition(">")
    return f'{start} xmlns="http://www.w3.org/2000/svg">{inside}{rest}\n'


def style() -> str:
    """The rules of the style sheet without variables, media and what only a page has use for."""
    sheet = style_sheet()
    known = light() | {"--mono": FONT, "--font": f"{WIDE.font}px", "--small": f"{WIDE.small}px"}
    rules = re.findall(r"^(\.[^{]+?) \{ ([^}]*) \}", sheet.replace("} .", "}\n."), re.MULTILINE)
    kept = [(name, body) for name, body in rules if ":hover" not in name and ".current" not in name]
    return "\n".join(
        f"{name} {{ {re.sub(r'var[(](--[a-z0-9-]+)[)]', lambda use: known[use[1]], body)} }}"
        for rule in kept
        if not rule[1].startswith("--")
        for name, body in _for_lanes(*rule)
    )


def _for_lanes(name: str, body: str) -> Iterator[tuple[str, str]]:
    """A rule; one for each lane where it uses the lane's own colours."""
    if "var(--stroke)" not in body and "var(--tint)" not in body:
        yield name, body
        return
    for lane in range(LANES):
        own = body.replace("var(--stroke)", f"var(--lane{lane})").replace("var(--tint)", f"var(--tint{lane})")
        yield f".lane{lane}{name}", own
