"""The report in a real browser: keys, buttons, small screens, paper, screen readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.command import main as cli
from explorer.render.html.report import report, table_page
from tests.support.pages import COLOURS, Visit, luminance
from tests.support.stories import HOLDS_SPEC, Record, record_of, with_lasso, write


@pytest.fixture(scope="module")
def pages(directory: Path, violated: Record, nasty: Record) -> dict[str, str]:
    """Addresses of reports."""
    records = {
        "violated": violated,
        "nasty": nasty,
        "lasso": with_lasso(violated, "exclusion", 2),
        "light": record_of(write(directory, "light", HOLDS_SPEC)),
    }
    for name, record in records.items():
        (directory / f"{name}.html").write_text(report(record), encoding="utf-8")
    return {name: (directory / f"{name}.html").as_uri() for name in records}


def position(page: Any) -> str:
    return str(page.locator(".story:visible .count").inner_text())


def test_keys_and_buttons_step_through_the_story(browser: Any, pages: dict[str, str]) -> None:
    """Arrow keys anywhere; Home and End in the controls; buttons and the slider; nothing beyond the ends."""
    with Visit(browser, pages["violated"]) as page:
        assert position(page) == "6 / 6"
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        assert position(page) == "4 / 6"
        page.keyboard.press("ArrowRight")
        assert position(page) == "5 / 6"
        page.get_by_role("button", name="first state").click()
        page.keyboard.press("ArrowLeft")
        assert position(page) == "0 / 6"
        page.keyboard.press("End")
        page.get_by_role("button", name="step forward").click(force=True)
        assert position(page) == "6 / 6"
        page.get_by_role("slider", name="step").focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        assert position(page) == "1 / 6"
        assert page.url.endswith("#story-0/1")


def test_a_step_shows_its_state_source_and_what_the_others_wait_for(
    browser: Any, pages: dict[str, str]
) -> None:
    """Beside a step stand the state behind it, its line in the spec, and the guards of the other actors."""
    with Visit(browser, pages["violated"] + "#story-0/2") as page:
        assert page.locator(".now .text").inner_text() == "A A looks at the other flag and enters -> B"
        changed = page.locator(".state .changed").all_inner_texts()
        assert [text.split() for text in changed] == [
            ["●", "at[A]", "SET", "→", "INSIDE"],
            ["●", "turns", "0", "→", "1"],
            ["●", "last", "None", "→", "A"],
            ["●", "seen", "{}", "→", "{A}"],
        ]
        code = page.locator(".code").inner_text()
        assert (
            "enter(cpu=A, other=B)" in code and "dekker.py:42" in code and "when(~lock.flag[other])" in code
        )
        page.locator(".waiting summary").click()
        assert "impossible waits for turns == 2" in page.locator(".waiting").inner_text()
        page.keyboard.press("ArrowRight")
        assert page.locator(".waiting").get_attribute("open") is not None


def test_the_violated_property_stands_at_its_step_with_its_values(
    browser: Any, pages: dict[str, str]
) -> None:
    """The last step names the property and the values that break it."""
    with Visit(browser, pages["violated"]) as page:
        said = page.locator(".failure").inner_text()
        assert "exclusion is violated after 6 steps" in said and "flag[A] = True" in said
        page.keyboard.press("ArrowLeft")
        assert page.locator(".failure").inner_text() == ""


def test_the_leaf_that_made_it_false_is_marked(browser: Any, pages: dict[str, str]) -> None:
    """With the step that did it, which it leads to; what was so before is folded."""
    with Visit(browser, pages["violated"]) as page:
        assert page.locator(".failure .leaf").all_inner_texts() == ["flag[A] = True since step 6"]
        page.locator(".failure .earlier summary").click()
        earlier = page.locator(".failure .earlier li")
        assert earlier.all_inner_texts() == [
            "at[B] = INSIDE since step 5",
            "flag[B] = True since step 4",
            "at[A] = INSIDE since step 2",
        ]
        earlier.nth(2).get_by_role("button").click()
        assert position(page) == "2 / 6"


def test_heads_stay_in_sight(browser: Any, pages: dict[str, str]) -> None:
    """Those of lanes above a picture that scrolls."""
    with Visit(browser, pages["violated"], viewport={"width": 1280, "height": 500}) as page:
        picture = page.locator(".picture").first
        assert picture.evaluate("p => [p.scrollTop = 200, p.scrollTop][1]") == 200
        heads = page.locator(".wide .heads").bounding_box()
        box = picture.bounding_box()
        assert heads is not None and box is not None and abs(heads["y"] - box["y"]) < 2


def test_lines_of_source_are_links_where_an_address_is_known(
    browser: Any, violated: Record, directory: Path
) -> None:
    """A permalink or an editor's address, of every line that the page names."""
    for number, (url, start, end) in enumerate(
        (
            ("https://example.org/blob/1/{file}#L{line}", "https://example.org/blob/1//", "dekker.py#L34"),
            ("vscode://file{path}:{line}", "vscode://file/", "dekker.py:34"),
        )
    ):
        (directory / f"links{number}.html").write_text(report(violated, None, url), encoding="utf-8")
        with Visit(browser, (directory / f"links{number}.html").as_uri()) as page:
            links = page.locator(".place a")
            assert links.count() == page.locator(".place").count() > 10
            addresses = links.evaluate_all("all => all.map(a => a.href)")
            assert all(one.startswith(start) for one in addresses)
            assert any(one.endswith(end) for one in addresses)


def test_a_cell_opens_its_story(browser: Any, violated: Record, directory: Path) -> None:
    """A click on a red cell unfolds the story that it stands for."""
    (directory / "table.html").write_text(table_page("locks", [("one", violated)]), encoding="utf-8")
    with Visit(browser, (directory / "table.html").as_uri()) as page:
        assert page.locator("details.outline[open]").count() == 0
        page.locator(".variants a.badge").click()
        assert page.locator("details.outline[open] .picture").is_visible()


def test_a_click_on_a_step_goes_there(browser: Any, pages: dict[str, str]) -> None:
    """In the picture and in the list."""
    with Visit(browser, pages["violated"]) as page:
        page.locator(".wide .step").nth(2).click()
        assert position(page) == "3 / 6"
        assert page.locator(".wide .step.current").count() == 1
        page.locator(".listing summary").last.click()
        page.get_by_role("button", name="A: A looks at the other flag").click()
        assert position(page) == "2 / 6"


def test_after_the_last_step_of_a_lasso_comes_the_first_of_its_cycle(
    browser: Any, pages: dict[str, str]
) -> None:
    """Going on from the end of a lasso goes round its cycle."""
    with Visit(browser, pages["lasso"]) as page:
        page.keyboard.press("ArrowRight")
        assert position(page) == "3 / 6"
        page.get_by_text("Why this repetition is fair").click()
        assert "store(cpu=A) (weak): in step 2" in page.locator(".listing").first.inner_text()


def test_stories_are_chosen_and_linked(browser: Any, pages: dict[str, str]) -> None:
    """One story is shown at a time; the property's name leads to it."""
    with Visit(browser, pages["nasty"]) as page:
        assert page.locator(".story:visible h3").inner_text() == "unfilled is violated after 8 steps"
        page.get_by_role("radio", name="deadlock").check()
        assert "Deadlock" in page.locator(".story:visible h3").inner_text()
        page.get_by_role("link", name="unfilled").click()
        assert page.locator(".story:visible").count() == 1
        assert page.url.endswith("#story-0/8")


def test_a_hostile_spec_runs_nothing(browser: Any, pages: dict[str, str]) -> None:
    """Stepping through names with tags opens no dialog and makes no element."""
    with Visit(browser, pages["nasty"]) as page:
        for _ in range(8):
            page.keyboard.press("ArrowLeft")
        for summary in page.locator("summary:visible").all():
            summary.click()
        assert page.locator("img, script:not([type]):not(:last-child)").count() == 0
        assert "</script><script>alert(1)</script>" in page.locator(".state").first.inner_text().replace(
            "\n", ""
        )


@pytest.mark.parametrize("name", ["violated", "nasty", "lasso", "light"])
@pytest.mark.parametrize("width", [320, 400, 700, 1000, 1280])
def test_the_page_never_scrolls_sideways(name: str, width: int, browser: Any, pages: dict[str, str]) -> None:
    """On a narrow screen, too, only the diagram scrolls."""
    with Visit(browser, pages[name], viewport={"width": width, "height": 800}) as page:
        for summary in page.locator("summary:visible").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen_the_controls_stay_in_sight(browser: Any, pages: dict[str, str]) -> None:
    """Beside the narrow picture, which replaces the wide one."""
    with Visit(browser, pages["violated"], viewport={"width": 400, "height": 500}) as page:
        assert (
            page.locator(".narrow svg.sequence:not(.heads)").is_visible()
            and not page.locator(".wide svg.sequence:not(.heads)").is_visible()
        )
        page.locator(".narrow .step").first.click()
        box = page.locator(".bar").bounding_box()
        assert box is not None and 0 <= box["y"] <= 500 - box["height"] + 1
        assert all(
            b["width"] >= 40 and b["height"] >= 40
            for b in (button.bounding_box() for button in page.locator(".bar button").all())
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["violated", "nasty"])
def test_every_text_stands_out_from_what_is_behind_it(
    scheme: str, name: str, browser: Any, pages: dict[str, str]
) -> None:
    """A contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3), light and dark."""
    with Visit(browser, pages[name], color_scheme=scheme) as page:
        for summary in page.locator("summary:visible").all():
            summary.click()
        found = page.evaluate(COLOURS)
        assert len(found) > 50
        for ink, paper, text in found:
            one, two = sorted((luminance(ink), luminance(paper)))
            assert (two + 0.05) / (one + 0.05) >= 4.5, (ink, paper, text)


def test_without_scripts_the_story_is_still_told(browser: Any, pages: dict[str, str]) -> None:
    """With scripts off the list of steps is there to read."""
    with Visit(browser, pages["violated"], java_script_enabled=False) as page:
        assert (
            page.locator(".wide svg.sequence:not(.heads)").is_visible()
            and not page.locator(".bar").is_visible()
        )


def test_on_paper_there_are_no_controls(browser: Any, pages: dict[str, str]) -> None:
    """A printed report has the story and no buttons."""
    with Visit(browser, pages["violated"], color_scheme="dark") as page:
        page.emulate_media(media="print")
        assert not page.locator(".bar").is_visible() and page.locator(".now").is_visible()
        paper, ink = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        assert luminance(paper) > 0.9 and luminance(ink) < 0.1
        assert page.pdf().startswith(b"%PDF")


def test_a_screen_reader_hears_each_step(browser: Any, pages: dict[str, str]) -> None:
    """The text of the step is a live region, the slider says where it is."""
    with Visit(browser, pages["violated"]) as page:
        page.keyboard.press("ArrowLeft")
        assert page.locator(".now").get_attribute("aria-live") == "polite"
        assert (
            page.get_by_role("slider").get_attribute("aria-valuetext")
            == "step 5: B looks at the other flag and enters -> A"
        )


def test_the_report_of_a_real_run_opens(
    browser: Any, directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the command writes it, from disk."""
    monkeypatch.chdir(directory)
    assert cli.main(["dekker.py"]) == 12
    with Visit(browser, (directory / "out/dekker/report.html").as_uri()) as page:
        assert position(page) == "6 / 6"
