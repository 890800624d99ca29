"""The report as text: safe, complete, and the same story as elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar

import pytest

from explorer.command import main as cli
from explorer.engine.limits import Limits
from explorer.render.html.markup import Html, data, el
from explorer.render.html.report import report, table_page
from explorer.render.text.markdown import markdown
from explorer.trace.trace import Fair
from tests.support.stories import HOLDS_SPEC, NASTY, Record, record_of, with_lasso, write


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
