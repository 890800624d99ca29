"""The report: safe and complete as text, and used by keys, buttons and on a small screen in a real
browser.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import pytest

from explorer.command import main as cli
from explorer.engine.limits import Limits
from explorer.render.html.markup import Html, data, el
from explorer.render.html.report import report, table_page
from explorer.render.picture.sequence import NARROW, WIDE, Diagram
from explorer.render.text.markdown import markdown
from explorer.trace.trace import Fair
from tests.support.pages import COLOURS, Visit, browser, luminance
from tests.support.stories import HOLDS_SPEC, NASTY, NASTY_SPEC, dekker, record_of, with_lasso, write

__all__ = ["browser"]

Record = dict[str, Any]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def violated(directory: Path) -> Record:
    return record_of(dekker(directory))


@pytest.fixture(scope="module")
def nasty(directory: Path) -> Record:
    return record_of(write(directory, "<script>alert(9)<", NASTY_SPEC))


class Reader(HTMLParser):
    """Elements as a browser reads them: balanced, with their attributes and texts."""

    VOID: ClassVar = {"meta", "link", "input", "br"}

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


# As text


def test_elements_escape_what_is_not_markup() -> None:
    """Texts, attributes, control characters; markup is left alone."""
    assert (
        el("p", "a < b & c", el("b", "x"), Html("<i>"), title='say "hi"', hidden=False, class_="x")
        == '<p title="say &quot;hi&quot;" class="x">a &lt; b &amp; c<b>x</b><i></p>'
    )
    assert el("p", "a\x00b\nc") == "<p>a\\x00b c</p>"
    assert (
        data({"x": "</script>&"})
        == '<script type="application/json">{"x":"\\u003c/script\\u003e\\u0026"}</script>'
    )


def test_a_hostile_spec_adds_no_element(nasty: Record) -> None:
    """Names, labels, values, source and file names with tags stay texts: nothing but the page's own elements
    is there.
    """
    read = Reader(report(nasty))
    scripts = [attributes.get("type") for tag, attributes in read.elements if tag == "script"]
    assert scripts == ["application/json"] * 3 + [None]
    assert not {tag for tag, _ in read.elements} & {"img", "iframe", "object", "base", "form", "b", "i"}
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert all(" ".join(name.split()) in read.text for name in NASTY)


def test_the_page_loads_nothing_and_runs_only_its_own_script(violated: Record) -> None:
    """No address leaves the file; the policy allows one script by its digest."""
    page = report(violated)
    read = Reader(page)
    links = [
        value
        for _, attributes in read.elements
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data")
    ]
    assert links and all(link.startswith("#") or link == "data:," for link in links)
    policy = next(
        a["content"]
        for tag, a in read.elements
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert re.fullmatch(
        r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/]{43}='; img-src data:",
        policy,
    )
    assert "url(" not in re.sub(r"url\(#\w+\)", "", page) and "@import" not in page


def test_identifiers_are_unique_and_labels_are_there(violated: Record) -> None:
    """Each drawing says what it shows; each region and control has a name."""
    read = Reader(report(violated))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in read.elements:
        if (
            tag == "svg"
            or attributes.get("role") == "region"
            or (tag == "input" and attributes.get("type") == "range")
        ):
            assert attributes.get("aria-label"), (tag, attributes)


def test_the_top_says_what_was_found_and_what_was_not_checked(violated: Record, directory: Path) -> None:
    """The verdict, its property and every doubt stand above everything else."""
    text = Reader(report(violated)).text
    assert "dekker violates exclusion; every reachable state was visited." in text
    assert (
        "Two processors and a lock that store buffers break." in text and "no part of the report" not in text
    )
    assert "Progress: no temporal property was checked." in text
    bounded = Reader(report(record_of(directory / "dekker.py", limits=Limits(max_depth=2)))).text
    assert "Not decided: exclusion, inside_stays, deadlock, evaluation. --max-depth 2 reached." in bounded


def test_the_list_tells_the_same_story_without_scripts(violated: Record) -> None:
    """The list of steps in the page is the story of the text format."""
    page = report(violated)
    items = re.findall(
        r'<li value="(\d+)"><button[^>]*>([^<]*)</button><span class="note">([^<]*)</span>', page
    )
    assert [(number, text) for number, text, _ in items] == [
        ("1", "A: flag[A] = 1"),
        ("2", "A: A looks at the other flag and enters -&gt; B"),
        ("3", "B: flag[B] = 1"),
        ("4", "B: flag[B] = 1"),
        ("5", "B: B looks at the other flag and enters -&gt; A"),
        ("6", "A: flag[A] = 1"),
    ]
    assert "message to B: entered" in items[1][2] and items[0][2].endswith("its effect is deferred")


def test_the_expectation_is_told_as_the_terminal_tells_it(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Met, met as far as checked, or not met and what differs: on the screen, in the report, in Markdown, and
    in a table of runs.
    """
    monkeypatch.chdir(directory)
    for arguments, said in (
        ((), "met"),
        (("--property", "lit_or_not"), "met as far as checked"),
        (("--max-depth", "0"), "not met"),
    ):
        cli.main([str(write(directory, "light", HOLDS_SPEC)), "--expect", *arguments])
        assert f"expectation (holds): {said}" in capsys.readouterr().out.replace("NOT MET", "not met")
        record = json.loads((directory / "out/light/verdict.json").read_text())
        page = Reader((directory / "out/light/report.html").read_text()).text
        assert f"Declared expectation: holds ({said})." in page
        assert ("lit_or_not: expected holds, found undetermined (--max-depth 0 reached)" in page) is (
            said == "not met"
        )
        assert f"Declared: holds ({said})." in markdown([record]).replace("**", "")
        declared = {
            "met": "as declared ",
            "met as far as checked": "as declared as far as checked ",
            "not met": "not as declared ",
        }[said]
        assert f"light {declared}" in Reader(table_page("lights", [("light", record)])).text


def test_coverage_lists_the_conditions_of_an_action(directory: Path) -> None:
    """Folded, in order, with both numbers; what never failed is told apart from what constants settle and
    from what was never evaluated.
    """
    record = record_of(write(directory, "light", HOLDS_SPEC))
    assert "Conditions were not counted" in Reader(report({**record, "guards": None})).text
    place = f"{directory}/light.py"

    def guard(text: str, line: int, example: str, evaluated: int, stopped: int) -> Record:
        return {
            "action": "flip",
            "text": text,
            "place": f"{place}:{line}",
            "example": example,
            "evaluated": evaluated,
            "stopped": stopped,
            "constant": not example,
        }

    record["guards"] = [
        guard("when(1 < 2)", 9, "", 2, 0),
        guard("when(<b>)", 10, "on | ~on", 2, 0),
        guard("when(light.on)", 11, "on", 2000, 1000),
        guard("when(late)", 12, "late", 0, 0),
    ]
    page = report(record)
    shown = Reader(page).text
    assert "4 conditions, 1 never failed Condition Evaluated Failed first" in shown and "&lt;b&gt;" in page
    assert f"when(1 < 2) {place}:9 , settled by the constants 2 0" in shown
    assert f"when(<b>) {place}:10 , such as on | ~on 2 never" in shown
    assert f"when(light.on) {place}:11 , such as on 2,000 1,000" in shown
    assert f"when(late) {place}:12 , such as late 0 0" in shown


def test_coverage_names_the_guard_of_what_never_happened(violated: Record) -> None:
    """An action that was never taken stands there with the condition that stopped it."""
    text = Reader(report(violated)).text
    assert "impossible : at[A] == START" in text
    assert "action impossible is never possible" in text


def test_a_spec_that_holds_has_no_story(directory: Path) -> None:
    """Where nothing is violated there is no player, and no empty frame for one."""
    page = report(record_of(write(directory, "light", HOLDS_SPEC)))
    assert 'id="story"' not in page and "✓" in page and "None: every action" in page


def test_the_story_comes_first_and_what_holds_is_folded(violated: Record) -> None:
    """After the verdict the story, then what is violated; doubts and what holds are one line each."""
    page = report(violated)
    order = [
        'class="claim"',
        "What was not checked: 2 points",
        'id="story"',
        "<h2>Properties",
        "<h2>Actions",
        "<h2>The search",
    ]
    assert sorted(order, key=page.index) == order
    properties = page[page.index("<h2>Properties") : page.index("<h2>Actions")]
    assert (
        properties.index("exclusion")
        < properties.index('<details class="holding">')
        < properties.index("inside_stays")
    )
    text = Reader(page).text
    assert text.count("action impossible is never possible") == 1


def test_what_holds_has_a_behaviour_to_look_at(directory: Path) -> None:
    """Steps with their picture, which is no violation; the actions and what enables them."""
    record = record_of(write(directory, "light", HOLDS_SPEC), sampled=True)
    page = report(record)
    text = Reader(page).text
    assert "A behaviour One of its behaviours" in text and "the switch is pressed" in text
    assert "The end after 1 step" in text and "✗" not in text.replace("`✗", "")[: text.index("Properties")]
    assert "1 action, and what enables what" in text and "whatever happened" in text
    assert '<details class="holding" open="">' in page


def test_a_red_cell_leads_to_its_story(violated: Record, directory: Path) -> None:
    """Each violated cell has a story of its own; the gravest of a run with a picture."""
    both = {"deadlock": violated["traces"]["exclusion"], **violated["traces"]}
    page = table_page("locks", [("one", violated), ("two", {**violated, "traces": both})])
    read = Reader(page)
    links = [a["href"] for tag, a in read.elements if tag == "a" and "violated" in a.get("class", "")]
    ids = [a["id"] for tag, a in read.elements if tag == "details" and a.get("class") == "outline"]
    assert [f"#{one}" for one in ids if one != "story-of-1-0"] == links == ["#story-of-0-0", "#story-of-1-1"]


def test_what_decides_fairness_comes_first(violated: Record) -> None:
    """Groups that are possible at times, then those taken, then those that never can."""
    record = with_lasso(violated, "exclusion", 2)
    trace = record["traces"]["exclusion"]
    fair = (
        Fair("never", "weak", "disabled", 2),
        trace.fairness[0],
        Fair("at_times", "weak", "disabled", 4, decides=True),
    )
    record["traces"]["exclusion"] = replace(trace, fairness=fair)
    text = Reader(report(record)).text
    said = (
        "Possible only now and then",
        "at_times (weak): not after step 4",
        "Taken again",
        "store(cpu=A)",
        "Never possible",
        "never (weak)",
    )
    places = [text.index(one, text.index("Why this repetition is fair")) for one in said]
    assert places == sorted(places)


def test_a_malformed_spec_has_a_report_too() -> None:
    """What could not be checked has a page with the message."""
    page = report(
        {
            "spec": "wrong",
            "file": "wrong.py",
            "verdict": "undetermined",
            "exit_code": 150,
            "error": "wrong.py:2: E0202: <b>\n  write: x",
            "mistakes": [],
        }
    )
    assert "wrong.py:2: E0202: &lt;b&gt;" in page


def test_a_table_has_a_row_for_each_run(violated: Record, directory: Path) -> None:
    """The page of a matrix has the verdict of each run, and the story of each violation."""
    page = table_page(
        "locks", [("CPUS=2", violated), ("<b>", record_of(write(directory, "light", HOLDS_SPEC)))]
    )
    text = Reader(page).text
    assert "CPUS=2 49" in text and "✗ violated 6" in text and "not checked" in text and "<b>" not in page
    assert "<b> as declared 2" in text
    assert page.count('class="outline"') == 1 and "exclusion is violated after 6 steps" in text


# The picture


@pytest.mark.parametrize("measure", [WIDE, NARROW])
def test_notes_stand_inside_the_picture_and_rows_follow_each_other(
    measure: Any, violated: Record, nasty: Record
) -> None:
    """On every lane, wide and narrow, whatever the texts."""
    for trace in (violated["traces"]["exclusion"], nasty["traces"]["unfilled"]):
        diagram = Diagram(trace, measure)
        assert len(diagram.placed) == len(trace.steps) - 1
        assert all(p.left >= 0 and p.left + p.width <= diagram.width for p in diagram.placed)
        assert all(one.bottom <= two.top for one, two in zip(diagram.placed, diagram.placed[1:]))


def test_a_deferred_store_slants_from_its_issue_to_where_it_becomes_visible(violated: Record) -> None:
    """The arrow of a store begins and ends at the two steps it belongs to."""
    trace = violated["traces"]["exclusion"]
    diagram = Diagram(trace)
    line = re.search(
        r'<title>A: issued, visible later</title><line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)"'
        r' y2="([\d.]+)"',
        diagram.svg(0),
    )
    assert line is not None
    x1, y1, x2, y2 = map(float, line.groups())
    assert (x1, y1, y2) == (
        diagram.x(0),
        pytest.approx(diagram.placed[0].y, abs=0.1),
        pytest.approx(diagram.placed[5].y, abs=0.1),
    )
    assert x2 < x1 and y2 > y1


def test_a_message_goes_from_the_senders_lane_to_the_receivers(violated: Record) -> None:
    """An arrow joins the lanes of who sends and who receives."""
    diagram = Diagram(violated["traces"]["exclusion"])
    paths = re.findall(r'<g class="message"><path d="M([\d.]+) ([\d.]+)H([\d.]+)"', diagram.svg(0))
    ends = [(float(x1), float(x2)) for x1, _, x2 in paths]
    assert ends == [(diagram.x(0), diagram.x(1) - 3), (diagram.x(1), diagram.x(0) + 3)]


@pytest.mark.parametrize(("loop", "inside"), [(2, 4), (0, 6), (6, 0)])
def test_a_box_stands_around_the_steps_that_repeat(loop: int, inside: int, violated: Record) -> None:
    """The cycle of a lasso is framed, and nothing else."""
    trace = with_lasso(violated, "exclusion", loop)["traces"]["exclusion"]
    diagram = Diagram(trace)
    found = re.search(
        r'<g class="cycle"><rect x="2" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', diagram.svg(0)
    )
    assert found is not None
    top, height = map(float, found.groups())
    assert sum(top <= p.y <= top + height for p in diagram.placed) == inside
    assert (f"back to the state after step {loop}" if inside else "nothing more happens") in diagram.svg(0)


# In a browser


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
