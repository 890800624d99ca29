"""Hardware and kernel as components for anybody's spec: `from explorer.library.kernel import irq_desc`.

In an installation the modules stand here; in a checkout they are `spec/actions/kernel`, `xive` and `opal`, of
which the wheel is made (docs/library.md).
"""

from pathlib import Path

VERSION = "1.0"
"""The first number changes where a name goes or means something else, the second where one is added."""

_checkout = Path(__file__).resolve().parents[2] / "spec" / "actions"
if not (Path(__file__).parent / "kernel").is_dir() and _checkout.is_dir():
    __path__.append(str(_checkout))
