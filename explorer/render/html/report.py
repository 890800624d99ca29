"""The report: one HTML file for a person who has never seen the spec. A pure function of the verdict record.

Nothing is loaded from elsewhere: style sheet and script stand in the file, and its security policy allows
only that script. Every text of a spec is escaped by construction (`markup.py`). Without scripts the picture,
the list and all tables remain.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from explorer.render.html.actions import actions_table
from explorer.render.html.coverage import coverage_table
from explorer.render.html.markup import Html, el, joined, place, prose
from explorer.render.html.story import links_data, outline, page_data, stories
from explorer.render.html.tables import findings_list, profile_chart, scroll, variants_table
from explorer.render.html.walk import walk_data, walk_section
from explorer.render.picture.design import style_sheet
from explorer.render.text.findings import MARKS
from explorer.render.text.summary import claim, met, standing
from explorer.render.text.terminal import clean, counted
from explorer.verdict.record import (
    CheckedRecord,
    MalformedRecord,
    PropertyRecord,
    Record,
    VerdictRecord,
    told,
)

HERE = Path(__file__).parent


def report(record: Record, walk: Mapping[str, Any] | None = None, source_url: str = "") -> str:
    """The page of a run; `record` may be one of a spec that could not be understood. With `walk` (see
    `walk.py`) every step can be taken. `source_url` makes links of the lines of source: an address
    with {file} or {path}, and {line}.
    """
    body = _failed(record) if "error" in record else _body(record, walk, source_url)
    return _page(f"{record['spec']}: {record['verdict']}", body, walk)


def walk_page(spec: str, about: str, walk: Mapping[str, Any], source_url: str = "") -> str:
    """The page of a spec that nothing is known of yet: a walk alone."""
    top = el(
        "header",
        el("p", "Interrupt explorer", class_="maker"),
        el("h1", spec),
        el("p", prose(about), class_="about") if about else None,
        el("p", "Nothing is said here of whether the properties hold.", class_="claim", id="checking"),
        class_="top",
    )
    return _page(
        spec,
        joined([el("main", top, walk_section(live=True)), walk_data(walk), links_data(source_url)]),
        walk,
    )


def table_page(title: str, variants: Sequence[tuple[str, VerdictRecord]], source_url: str = "") -> str:
    """The page of several runs, each with its name: a table, and below it a story for each of its red cells,
    with a picture for the gravest of a run.
    """
    outlines = [
        outline(name, record, number, prop)
        for number, (name, record) in enumerate(variants)
        for prop in record["traces"]
    ]
    return _page(
        title,
        joined(
            [
                el(
                    "main",
                    el(
                        "header", el("p", "Interrupt explorer", class_="maker"), el("h1", title), class_="top"
                    ),
                    variants_table(variants),
                    el("section", el("h2", "Stories"), *outlines) if outlines else None,
                ),
                links_data(source_url),
            ]
        ),
    )


def _page(title: str, body: Html, walk: Mapping[str, Any] | None = None) -> str:
    parts = ("report", "walk") if walk else ("report",)
    script, page = (
        "\n".join((HERE / f"{part}.{kind}").read_text(encoding="utf-8") for part in parts)
        for kind in ("js", "css")
    )
    style = style_sheet() + page
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    if walk and walk.get("live"):
        policy += " blob:; connect-src 'self'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", title),
        el("link", rel="icon", href="data:,"),
        el("style", Html(style)),
    )
    return (
        "<!doctype html>\n" + el("html", head, el("body", body, el("script", Html(script))), lang="en") + "\n"
    )


def _body(record: CheckedRecord, walk: Mapping[str, Any] | None, source_url: str) -> Html:
    has_stories = bool(told(record))
    return joined(
        [
            el(
                "a",
                "Skip to the story" if has_stories else "Skip to the numbers",
                href="#story" if has_stories else "#numbers",
                class_="skip",
            ),
            el(
                "main",
                _top(record),
                *([stories(record)] if has_stories else []),
                walk_section(live=bool(walk.get("live"))) if walk else None,
                _properties(record),
                actions_table(record),
                _numbers(record),
                coverage_table(record),
                findings_list(record),
                _setting(record),
            ),
            page_data(record, source_url),
            walk_data(walk) if walk else None,
        ]
    )


def _failed(record: MalformedRecord) -> Html:
    return el(
        "main",
        el(
            "header",
            el("p", "Interrupt explorer", class_="maker"),
            el("h1", record["spec"]),
            el("p", _badge("undetermined"), " could not be checked", class_="claim"),
            class_="top undetermined",
        ),
        el(
            "section",
            el("h2", "What is wrong"),
            el("pre", joined(str(record["error"]).splitlines(), "\n"), tabindex="0"),
        ),
    )


def _top(record: CheckedRecord) -> Html:
    states = record["states"]
    tiles = [
        _tile(states["distinct"], "state", standing(states)),
        _tile(states["transitions"], "transition"),
        (str(states["depth"]), "depth"),
        (f"{record['seconds']:.2f} s", f"{record['engine']} engine"),
    ]
    lengths = [p["trace_length"] for p in record["properties"] if p["trace_length"] is not None]
    if lengths:
        tiles.insert(0, _tile(min(lengths), "step", " to the violation"))
    return el(
        "header",
        el("p", "Interrupt explorer", class_="maker"),
        el("h1", record["spec"]),
        el("p", prose(record["about"]), class_="about") if record["about"] else None,
        el("p", _badge(record["verdict"]), " ", claim(record), class_="claim"),
        el("dl", *(el("div", el("dt", what), el("dd", count)) for count, what in tiles), class_="tiles"),
        _limits(record),
        class_=f"top {record['verdict']}",
    )


def _tile(count: int, what: str, more: str = "") -> tuple[str, str]:
    """A number and what it counts."""
    shown, _, of = counted(count, what).partition(" ")
    return shown, of + more


def _badge(verdict: str) -> Html:
    return el(
        "span",
        el("span", MARKS.get(verdict, "·"), aria_hidden="true"),
        " ",
        verdict,
        class_=f"badge {verdict}",
    )


def _limits(record: VerdictRecord) -> Html:
    """What the verdict does not cover: one line, unfolded where something that was asked is open."""
    lines = [*_unchecked(record)]
    return el(
        "details",
        el("summary", f"What was not checked: {counted(len(lines), 'point')}"),
        el("ul", *(el("li", line) for line in lines)),
        class_="limits",
        open=record["verdict"] == "undetermined" or bool(record["stopped"]),
    )


def _unchecked(record: VerdictRecord) -> Iterator[str]:
    """Sentences on what the verdict does not cover."""
    for reason in dict.fromkeys(
        p["reason"] for p in record["properties"] if p["verdict"] == "undetermined" and p["reason"]
    ):
        names = ", ".join(
            p["name"]
            for p in record["properties"]
            if p["reason"] == reason and p["verdict"] == "undetermined"
        )
        yield f"Not decided: {names}. {reason}."
    if record["stopped"] and not any(p["verdict"] == "undetermined" for p in record["properties"]):
        yield f"Not every state was visited: {record['stopped']}."
    if record["omission_probability"]:
        yield (
            f"States kept as fingerprints of {record['fingerprint_bits']} bits: one may have been left out"
            f" (probability at most {record['omission_probability']:.1e})."
        )
    kinds = {p["kind"] for p in record["properties"]}
    for kind, text in (
        ("deadlock", "Deadlock: this run left it out."),
        ("evaluation", "Failing expressions: this run left them out."),
        (
            "temporal",
            "Progress: no temporal property was checked. That something happens in the end was not asked.",
        ),
    ):
        if kind not in kinds:
            yield text
    if record["constants"]:
        yield "Other values of the constants below. The verdict is about these sizes and no larger ones."
    severe = sum(f["severe"] for f in record["findings"])
    if severe:
        yield f"{counted(severe, 'finding')} below: parts of the spec that this run never exercised."


def _properties(record: VerdictRecord) -> Html:
    """What is violated first, then what is open; what holds is folded where there is anything else."""
    order = ("violated", "undetermined")
    open_ = sorted(
        (p for p in record["properties"] if p["verdict"] in order), key=lambda p: order.index(p["verdict"])
    )
    holding = [p for p in record["properties"] if p["verdict"] not in order]
    parts = [_property_table(record, open_)] if open_ else []
    if holding:
        title = f"{len(holding)} propert{'y holds' if len(holding) == 1 else 'ies hold'}"
        summary = el("summary", el("span", "✓", aria_hidden="true"), " ", title)
        table = _property_table(record, holding)
        parts.append(el("details", summary, table, class_="holding", open=not open_))
    return el("section", el("h2", "Properties"), *parts)


def _property_table(record: VerdictRecord, properties: Sequence[PropertyRecord]) -> Html:
    heads = el("tr", *(el("th", head, scope="col") for head in ("Property", "Verdict", "Says", "Where")))
    rows = [_property(record, p) for p in properties]
    table = el("table", el("thead", heads), el("tbody", *rows), class_="properties")
    return scroll(
        table, "properties that " + ("hold" if properties[0]["verdict"] == "holds" else "do not hold")
    )


def _property(record: VerdictRecord, p: PropertyRecord) -> Html:
    how = "lasso of" if p["kind"] == "temporal" else "after"
    steps = "" if p["trace_length"] is None else f" {how} {counted(p['trace_length'], 'step')}"
    name = (
        el("a", p["name"], href=f"#{anchor(record, p['name'])}")
        if p["name"] in record["traces"]
        else p["name"]
    )
    kind = el("span", p["kind"], class_="note") if p["kind"] != p["name"] else None
    return el(
        "tr",
        el("th", name, kind, scope="row"),
        el("td", _badge(p["verdict"]), steps, class_="verdict"),
        el("td", p["text"], el("span", p["reason"], class_="note") if p["reason"] else None),
        el("td", place(p["place"]), class_="where"),
    )


def anchor(record: VerdictRecord, name: str) -> str:
    return f"story-{list(record['traces']).index(name)}"


def _numbers(record: VerdictRecord) -> Html:
    states, degree = record["states"], record["states"]["out_degree"]
    memory = f"{record['peak_memory_bytes'] / 1e6:,.0f} MB"
    facts = [
        ("initial states", f"{states['initial']:,}"),
        ("distinct states", f"{states['distinct']:,}"),
        ("states that these stand for", f"{states['represented']:,}" if standing(states) else None),
        ("transitions", f"{states['transitions']:,}"),
        ("greatest distance from an initial state", counted(states["depth"], "step")),
        ("steps possible in a state", f"{degree['min']} to {degree['max']}, {degree['mean']:.1f} on average"),
        ("bits for a state", states["bits"]),
        ("time", f"{record['seconds']:.2f} s, {record['states_per_second']:,} states/s"),
        ("memory at most", memory),
        (
            "engine",
            f"{record['engine']}, {record['storage']} storage, {counted(record['workers'], 'worker')}",
        ),
    ]
    table = el(
        "dl",
        *(el("div", el("dt", name), el("dd", value)) for name, value in facts if value is not None),
        class_="facts",
    )
    alike = (
        el(
            "p",
            "Some identities are interchangeable: of the states that differ only in which is which, one was"
            " visited. The numbers here and under Coverage count visited states and the steps that leave"
            " them.",
        )
        if standing(states)
        else None
    )
    return el("section", el("h2", "The search"), profile_chart(record), alike, table, id="numbers")


def _setting(record: VerdictRecord) -> Html:
    """Constants, identity and the command that repeats the run."""
    bound = [_constant(name, record) for name in record["constants"] if name in record["bound"]]
    default = [_constant(name, record) for name in record["constants"] if name not in record["bound"]]
    given = " ".join(f"-D {shlex.quote(f'{name}={value}')}" for name, value in record["bound"].items())
    command = f"python -m explorer {shlex.quote(clean(record['file']))} {given}".rstrip()
    expected = (
        f"Declared expectation: {record['expected']} ({met(record)})."
        if record["expected"]
        else "The spec declares no expectation."
    )
    differs = el("ul", *(el("li", sentence) for sentence in record["differs"])) if record["differs"] else None
    return el(
        "section",
        el("h2", "Setting"),
        el("dl", *bound, class_="facts") if bound else None,
        el(
            "details",
            el(
                "summary",
                f"{counted(len(default), 'constant')} at {'its' if len(default) == 1 else 'their'} default",
            ),
            el("dl", *default, class_="facts"),
        )
        if default
        else None,
        el("p", expected),
        differs,
        el("p", "Again: ", el("code", command)),
        el("p", "Digest of the ground model: ", el("code", record["digest"])),
    )


def _constant(name: str, record: VerdictRecord) -> Html:
    return el("div", el("dt", el("code", name)), el("dd", el("code", record["constants"][name])))
