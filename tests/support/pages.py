"""What tests of pages share: a real browser, a visit that fails where the page complains, and contrast."""

from __future__ import annotations

import re
import shutil
from typing import Any


def browser_path() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Visit:
    """An open page; closing it fails where the page complained."""

    def __init__(self, browser: Any, address: str, **options: Any):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.goto(address)

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, kind: Any, *rest: Any) -> None:
        self.context.close()
        assert kind is not None or self.complaints == []


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", text)]


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part / 255) for part in numbers(colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


COLOURS = r"""() => [...document.querySelectorAll('main *')].filter(e => e.getClientRects().length
  && !e.closest('[aria-disabled=true]')
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !e.closest('svg title')).map(e => {
  const own = getComputedStyle(e);
  const svg = e instanceof SVGElement;
  let at = e, back = 'rgba(0, 0, 0, 0)';
  const box = svg && !e.closest('.profile') && e.parentElement.querySelector('rect');
  if (box) back = getComputedStyle(box).fill;
  while (at && (back === 'none' || /^rgba.*, 0\)/.test(back))) {
    back = getComputedStyle(at).backgroundColor; at = at.parentElement;
  }
  return [svg ? own.fill : own.color, back, e.textContent.slice(0, 40)];
})"""
