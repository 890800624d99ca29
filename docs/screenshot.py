"""Makes docs/report.png, the picture in the README, from the report of a real run: python docs/screenshot.py

Needs Chromium and `pip install -e '.[browser]'`.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from explorer.command import main as cli

HERE = Path(__file__).resolve().parent
SPEC, STORY, STEP = HERE.parent / "spec/ipi_buggy.py", "no_lost_ipi", 16
"""The step that is shown: the deferred store becomes visible."""


def main() -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("no Chromium was found: apt-get install chromium")
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        cli.main([str(SPEC), "--out", directory])
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = running.new_page(viewport={"width": 1280, "height": 1220}, color_scheme="light")
        address = (Path(directory) / "report.html").as_uri()
        page.goto(address)
        story = page.get_by_role("radio", name=STORY, exact=True).get_attribute("value")
        page.goto(f"{address}#{story}/{STEP}")
        page.locator(f"#{story}").evaluate("story => story.scrollIntoView()")
        page.wait_for_timeout(300)
        page.screenshot(path=HERE / "report.png")
        running.close()


if __name__ == "__main__":
    main()
