"""Steps taken in a real browser: in a page that carries its states, and in one that a server answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.command import main as cli
from explorer.command.serve import Site
from explorer.ground.ground import ground
from explorer.run.load import load
from explorer.serve.application import end, listen
from explorer.serve.session import Session
from tests.support.pages import COLOURS, Visit, luminance
from tests.support.stories import NASTY, NASTY_SPEC, dekker, write


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of a report from disk, of a served walk before and after its check, and of hostile ones."""
    directory = tmp_path_factory.mktemp("walks")
    names = {"dekker": dekker(directory), "nasty": write(directory, "nasty", NASTY_SPEC)}
    found, servers = {}, []
    for name, path in names.items():
        cli.main([str(path), "--write", "html,itf", "--out", str(directory / f"out-{name}")])
        found[f"{name} on disk"] = (directory / f"out-{name}/report.html").as_uri()
        spec = load(str(path))
        model = ground(spec, file=str(path))
        for checked in (False, True):
            site = Site(Session(model, spec), None, checking=False)
            if checked:
                site.check(model, 60)
            server = listen(site.application, 0)
            thread = threading.Thread(target=server.run)
            thread.start()
            servers.append((server, thread))
            found[f"{name} checked" if checked else f"{name} served"] = site.application.address
    found["trace"] = str(directory / "out-dekker/exclusion.itf.json")
    yield found
    for server, thread in servers:
        end(server)
        thread.join(10)


class Walk:
    """What a person does on the page, and what it says then."""

    def __init__(self, page: Any):
        self.page = page

    def shown(self) -> str:
        """The heading of the present state, when the page has come to rest."""
        self.page.wait_for_timeout(60)  # a change of the address is told to the page later
        self.page.wait_for_selector("#walk[data-shown]:not([aria-busy=true])")
        return " ".join(self.page.locator(".here h3").inner_text().split())

    def take(self, name: str) -> str:
        self.page.locator(".nexts .steps li", has_text=name).locator("button").first.click()
        return self.shown()

    def press(self, *keys: str) -> str:
        for key in keys:
            self.page.locator("#walk").press(key) if key == "?" else self.page.keyboard.press(key)
            self.shown()
        return self.shown()


def test_a_story_is_left_without_a_server(browser: Any, addresses: dict[str, str]) -> None:
    """From a step of a counterexample one of the other possible steps is taken, and one after it."""
    with Visit(browser, addresses["dekker on disk"] + "#story-0/2") as page:
        page.locator(".story:visible .possible summary").click()
        page.get_by_role("button", name="take store(cpu=B)").click()
        walk = Walk(page)
        assert walk.shown().startswith("Step 3: B flag[B] = 1")
        assert walk.take("complete(cpu=A)").startswith("Step 4: A flag[A] = 1")
        assert page.locator(".kept").count() == 1  # the story, to compare with
        assert "#walk/" in page.url


@pytest.mark.parametrize("kind", ["served", "on disk"])
def test_steps_are_taken_undone_and_linked(kind: str, browser: Any, addresses: dict[str, str]) -> None:
    """By click and by key; the address has the path, and the browser's own way back works."""
    with Visit(browser, addresses[f"dekker {kind}"]) as page:
        walk = Walk(page)
        if kind == "on disk":
            page.get_by_role("button", name="Walk from the initial state").click()
        assert walk.shown() == "The initial state"
        walk.take("store(cpu=A)")
        page.locator(".nexts .step").first.focus()
        assert walk.press("1").startswith("Step 2: B flag[B] = 1")
        assert walk.press("ArrowLeft").startswith("Step 1:")
        assert walk.press("End").startswith("Step 2:")
        address = page.url
        assert walk.press("Backspace").startswith("Step 1:")
        page.go_back()
        assert walk.shown().startswith("Step 2:")
    with Visit(browser, address) as page:
        assert Walk(page).shown().startswith("Step 2: B flag[B] = 1")
    with Visit(browser, address.replace(".1@", ".7@")) as page:
        page.locator(".walk .said", has_text="is not possible there").wait_for()
    digest = address.split("#walk/")[1].split("/")[0]
    with Visit(browser, address.replace(digest, "0" * 16)) as page:
        page.locator(".walk .said", has_text="made from another spec").wait_for()


SLOW = """const had = fetch;
window.fetch = (...asked) => new Promise(done => setTimeout(done, 300)).then(() => had(...asked));"""

HASTY = """step => {
  for (const key of ['1', '1', 'ArrowLeft'])
    step.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  step.click();
}"""


def test_what_is_typed_ahead_waits_for_its_answer(browser: Any, addresses: dict[str, str]) -> None:
    """Keys are taken in turn; a click on a step of the state before is none."""
    with Visit(browser, "about:blank") as page:
        page.add_init_script(SLOW)
        page.goto(addresses["dekker served"])
        walk = Walk(page)
        walk.shown()
        page.locator(".nexts .step").first.evaluate(HASTY)
        page.wait_for_selector(".trail thead th:nth-child(4)")
        assert walk.shown().startswith("Step 1: A")
        assert page.locator(".walk .said").inner_text().startswith("step 1 of 2")


def test_another_way_is_kept_and_compared(browser: Any, addresses: dict[str, str]) -> None:
    """A step off the path keeps the old one; side by side it is said where they part and how they differ."""
    with Visit(browser, addresses["dekker served"]) as page:
        walk = Walk(page)
        walk.take("store(cpu=A)")
        walk.take("complete(cpu=A)")
        walk.press("ArrowLeft")
        walk.take("store(cpu=B)")
        page.get_by_role("button", name="compare with path 1").click()
        walk.shown()
        assert page.locator(".compared h3").inner_text() == "Two paths: they part at step 2"
        assert "at[B]: SET / START" in page.locator(".pair .parting").inner_text()
        address = page.url
    with Visit(browser, address) as page:
        Walk(page).shown()
        assert page.locator(".pair .parting").count() == 1


def test_an_expression_is_shown_along_the_path(browser: Any, addresses: dict[str, str]) -> None:
    """Its value at every step; a wrong one gives a message and no row."""
    with Visit(browser, addresses["dekker served"]) as page:
        walk = Walk(page)
        walk.take("store(cpu=A)")
        field = page.get_by_label("Expression")
        field.fill("count(at[c] == SET for c in Cpu)")
        field.press("Enter")
        walk.shown()
        page.wait_for_selector(".trail tbody tr th.typed-name")
        row = page.locator(".trail tbody tr", has_text="count(at[c]")
        assert row.locator("td").all_inner_texts() == ["0", "1"]
        walk.take("store(cpu=B)")
        assert row.locator("td").all_inner_texts() == ["0", "1", "2"]
    with Visit(browser, addresses["dekker served"]) as page:
        Walk(page).shown()
        page.get_by_label("Expression").fill("atx[A]")
        page.get_by_label("Expression").press("Enter")
        page.locator(".wrong", has_text="atx is not known; did you mean at?").wait_for()
        assert page.locator(".trail .typed-name").count() == 0


def test_variables_are_pinned_and_searched(browser: Any, addresses: dict[str, str]) -> None:
    """A pinned one stays at the top and in the table along the path; a search leaves what it names."""
    with Visit(browser, addresses["dekker served"]) as page:
        walk = Walk(page)
        walk.take("store(cpu=A)")
        page.get_by_role("button", name="pin turns").click()
        walk.shown()
        assert page.locator(".here .state th").first.inner_text().strip() == "turns"
        assert page.locator(".trail tbody tr", has_text="turns").locator("td").all_inner_texts() == ["0", "0"]
        page.get_by_label("Search").fill("flag[b]")
        walk.shown()
        names = [text.strip("● ") for text in page.locator(".here .state th").all_inner_texts()]
        assert names == ["turns", "flag[B]"]
        assert page.locator(".nexts .steps li").count() == 1


def test_what_waits_says_why(browser: Any, addresses: dict[str, str]) -> None:
    """The condition, the values that fail it, and its line."""
    with Visit(browser, addresses["dekker served"]) as page:
        Walk(page).shown()
        page.locator(".nexts .waiting summary").click()
        said = page.locator(".nexts .waiting").inner_text()
        assert "complete(cpu=A) waits for buffered[A][A]" in said and "at[A] == SET: at[A] = START" in said
        assert "dekker.py:46" in said


def test_truth_stands_at_every_step(browser: Any, addresses: dict[str, str]) -> None:
    """A violated property says so where it is, and in the table; its values stand beside it."""
    with Visit(browser, addresses["dekker on disk"]) as page:
        page.locator(".story:visible .possible summary").click()
        page.get_by_role("button", name="step back").click()
        page.get_by_role("button", name="take complete(cpu=A)").click()
        Walk(page).shown()
        assert "✗ exclusion" in page.locator(".here .truths").first.inner_text()
        row = page.locator(".trail tbody tr", has_text="exclusion").locator("td")
        assert row.all_inner_texts() == ["✓"] * 6 + ["✗"]


def test_the_states_around_are_drawn_on_demand(browser: Any, addresses: dict[str, str]) -> None:
    """Each a button with a name; one that is chosen is gone to."""
    with Visit(browser, addresses["dekker served"]) as page:
        walk = Walk(page)
        walk.shown()
        assert page.locator(".map").count() == 0
        page.get_by_role("button", name="Draw the states around").click()
        page.wait_for_selector(".map")
        assert page.locator(".map [role=button]").count() > 8
        page.locator(".map [role=button][aria-label^='store(cpu=B), 1 step away']").press("Enter")
        assert walk.shown().startswith("Step 1: B flag[B] = 1")


def test_a_path_is_saved_and_opened(browser: Any, addresses: dict[str, str], tmp_path: Path) -> None:
    """As a trace that `replay` takes, and back."""
    with Visit(browser, addresses["dekker served"]) as page:
        walk = Walk(page)
        walk.take("store(cpu=A)")
        walk.take("store(cpu=B)")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as ITF").click()
        download.value.save_as(tmp_path / "walk.itf.json")
        assert cli.main(["replay", str(tmp_path / "walk.itf.json")]) == 0
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the steps").click()
        download.value.save_as(tmp_path / "steps.txt")
        assert (tmp_path / "steps.txt").read_text() == "store(cpu=A)\nstore(cpu=B)\n"
        page.locator("input.open").set_input_files(addresses["trace"])
        page.locator(".here h3", has_text="Step 6:").wait_for()
        page.get_by_role("button", name="Picture").click()
        page.wait_for_selector(".drawn img")
        assert page.locator(".drawn img").evaluate("i => i.decode().then(() => i.naturalWidth)") > 100
    with Visit(browser, addresses["dekker served"]) as page:
        Walk(page).shown()
        (tmp_path / "no.json").write_text(json.dumps({"states": []}))
        page.locator("input.open").set_input_files(tmp_path / "no.json")
        page.locator(".walk .said", has_text="no trace in the Informal Trace Format").wait_for()


@pytest.mark.parametrize("kind", ["served", "checked", "on disk"])
def test_a_hostile_spec_is_walked_as_text(kind: str, browser: Any, addresses: dict[str, str]) -> None:
    """Names with tags open no dialog and make no element."""
    with Visit(browser, addresses[f"nasty {kind}"]) as page:
        walk = Walk(page)
        if kind == "on disk":
            page.get_by_role("button", name="Walk from the initial state").click()
        walk.shown()
        for _ in range(3):
            page.locator(".nexts .step").first.click()
            walk.shown()
        page.get_by_role("button", name="Draw the states around").click()
        page.wait_for_selector(".map")
        for summary in page.locator("#walk summary:visible").all():
            summary.click()
        assert page.locator("#walk img, #walk b, #walk script").count() == 0
        assert NASTY[1] in page.locator("#walk").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1280, "light")])
def test_the_walk_fits_and_stands_out(
    scheme: str, width: int, browser: Any, addresses: dict[str, str]
) -> None:
    """Nothing scrolls sideways but tables and drawings; a contrast of 4.5 to 1; every control has a name."""
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    for name in ("dekker checked", "nasty served"):
        with Visit(browser, addresses[name], **options) as page:
            walk = Walk(page)
            walk.shown()
            for _ in range(2):
                page.locator(".nexts .step").first.click()
                walk.shown()
            page.locator(".pin button").first.click()
            page.get_by_role("button", name="Keep for comparison").click()
            page.get_by_role("button", name="Draw the states around").click()
            page.wait_for_selector(".map")
            for summary in page.locator("#walk summary:visible").all():
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for ink, paper, text in page.evaluate(COLOURS):
                one, two = sorted((luminance(ink), luminance(paper)))
                assert (two + 0.05) / (one + 0.05) >= 4.5, (ink, paper, text)
            nameless = page.locator("#walk").evaluate(
                "w => [...w.querySelectorAll('button, input, select, [role=region], [role=button]')].filter("
                "e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')"
                " || e.title)).length"
            )
            assert nameless == 0


def test_a_server_that_ended_is_said(browser: Any, tmp_path: Path) -> None:
    """In a sentence, on the page."""
    spec = load(str(dekker(tmp_path)))
    site = Site(Session(ground(spec), spec), None, checking=False)
    server = listen(site.application, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    visit = Visit(browser, site.application.address)
    with visit as page:
        Walk(page).shown()
        end(server)
        thread.join(10)
        page.locator(".nexts .step").first.click()
        page.locator(".walk .said", has_text="the server does not answer").wait_for()
        said = page.locator(".walk .said").inner_text()
        visit.complaints = [c for c in visit.complaints if "ERR_" not in c]
    assert said == "the server does not answer: it has ended; start it again with python -m explorer serve"
