"""The site of these pages: `pip install '.[docs]'`, then `python -m sphinx -W -c docs . out/site`.

The pages are written for a repository's own viewer and stay as they are. A link to a file that is no page,
such as a spec, becomes a copy of that file. What leads nowhere fails the build.
"""

from __future__ import annotations

import re
from typing import Any

from pygments.lexers.special import TextLexer

project = html_title = "interrupt-explorer"
extensions = ["myst_parser"]
root_doc = "README"
source_suffix = {".md": "markdown"}
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**.md"]
html_theme = "furo"
html_copy_source = False
myst_heading_anchors = 4

LISTS = {
    "README": {"The pages": ["docs/*"], "Beside them": ["CONTRIBUTING", "CHANGELOG"]},
    "docs/README": {name: [f"{name}/*"] for name in ("models", "decisions", "performance")},
}
"""Lists of pages that stand below a page, by their titles. A link to a folder leads to its list."""


def prepared(app: Any, name: str, source: list[str]) -> None:
    """A page with its lists of pages."""
    lists, first = LISTS.get(name, {}), "" if name == "docs/README" else "docs/README.md"
    text = re.sub(r"\]\((?:docs/)?(models|decisions|performance)/\)", rf"]({first}#\1)", source[0])
    for title, pages in lists.items():
        text += f"\n## {title}\n\n```{{toctree}}\n:glob:\n:maxdepth: 1\n\n" + "\n".join(pages) + "\n```\n"
    source[0] = text


def opened(app: Any, error: Exception | None) -> None:
    """A server looks for index.html."""
    if error is None and app.builder.format == "html":
        (app.outdir / "index.html").write_bytes((app.outdir / "README.html").read_bytes())


def setup(app: Any) -> None:
    app.connect("build-finished", opened)
    app.add_lexer("litmus", TextLexer)
    app.connect("source-read", prepared)
