"""An author's sentence on a page."""

import pytest

from explorer.render.html.markup import prose


@pytest.mark.parametrize(
    "text, page",
    [
        ("`smp_mb` before `x = 1`", "<code>smp_mb</code> before <code>x = 1</code>"),
        ("a ` alone & <b>", "a ` alone &amp; &lt;b&gt;"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, page: str) -> None:
    """Everything is escaped; a backtick alone stays."""
    assert prose(text) == page
