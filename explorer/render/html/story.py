"""The part of the report that tells counterexamples: picture, controls, and what the script needs to step
through them.

Knows nothing of the rest of the page.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.render.html.markup import Html, data, el, joined, prose
from explorer.render.html.tables import story_id
from explorer.render.picture.design import FAILS
from explorer.render.picture.sequence import drawings
from explorer.render.picture.sequence_layout import colours
from explorer.render.text.brackets import arrivals
from explorer.render.text.terminal import clean, counted
from explorer.render.text.text import change, reasons, verdict_line, words
from explorer.trace.trace import Step, Trace
from explorer.verdict.record import CheckedRecord, MomentRecord, VerdictRecord, first_to_tell, told


def stories(record: CheckedRecord) -> Html:
    """Every counterexample, or the sample where there is none; the script shows one at a time, and without it
    all of them stand below each other.
    """
    names, told_first = list(record["traces"]), first_to_tell(record["traces"], record["expected"])
    first = told_first.key if told_first is not None else ""
    choice = el(
        "fieldset",
        el("legend", "Counterexample of"),
        *(
            el(
                "label",
                el("input", type="radio", name="story", value=f"story-{n}", checked=name == first),
                " ",
                name,
            )
            for n, name in enumerate(names)
        ),
        class_="choice",
        hidden=len(names) <= 1,
    )
    articles = (_story(record, trace, n) for n, trace in enumerate(told(record).values()))
    sampled = "One of its behaviours: in each state the action that it has taken least often. "
    return el(
        "section",
        el("h2", "The story" if names else "A behaviour"),
        el("p", ("" if names else sampled) + _legend(record), class_="note"),
        choice,
        *articles,
        id="story",
    )


def _legend(record: CheckedRecord) -> str:
    """How to read the picture: what it shows, and no more."""
    steps = [step for trace in told(record).values() for step in trace.steps]
    parts = [
        "A column for each actor, time runs down. A note is a step; below it, in green, what it changes."
    ]
    if any(step.sends for step in steps):
        parts.append("A solid arrow is a message.")
    traces = told(record).values()
    if any(arrivals(trace) for trace in traces):
        parts.append("A dashed arrow slants from a store to the lane of a reader, where it reaches that one.")
    if any(step.opens for step in steps):
        parts.append("A dashed arrow slants from where something is issued to where the others can see it.")
    if any(trace.loop is not None for trace in record["traces"].values()):
        parts.append("The steps in the box repeat for ever.")
    return " ".join([*parts, "The arrow keys step through it."])


def _story(record: CheckedRecord, trace: Trace, number: int) -> Html:
    shown = _marked(record, trace)
    picture = el(
        "div",
        drawings(shown, number),
        class_="picture",
        role="region",
        aria_label=f"sequence diagram for {trace.key}",
        tabindex="0",
    )
    return el(
        "article",
        el("h3", verdict_line(trace) if trace.kind != "walk" else counted(trace.length, "step")),
        el("div", picture, _panel(trace), class_="split"),
        _fairness(trace),
        _listing(shown),
        data(_steps(record, trace), class_="steps"),
        id=f"story-{number}",
        class_="story" if trace.kind != "walk" else "story sample",
        data_story=trace.key,
    )


def _marked(record: CheckedRecord, trace: Trace) -> Trace:
    """The trace with what made its formula false in place of everything that is false in it."""
    leaves = record["leaves"].get(trace.key)
    if not leaves:
        return trace
    latest = [leaf["text"] for leaf in leaves if leaf["since"] == leaves[0]["since"]]
    why = [*_said(trace), *(f"{text}  (since step {leaves[0]['since']})" for text in latest)]
    earlier = len(leaves) - len(latest)
    if earlier:
        why.append(f"{earlier} more {'part was' if earlier == 1 else 'parts were'} so before")
    return replace(trace, why=tuple(why))


def _said(trace: Trace) -> list[str]:
    """What the property says, for which values, and how the story differs: what is no leaf."""
    starts = (f"{trace.property}: ", "for ", "unlike story ")
    return [why for why in trace.why if why.startswith(starts)]


HOW = {
    (False, True): "Possible only now and then: weak fairness does not force it, strong fairness would",
    (True, False): "Taken again and again",
    (False, False): "Never possible in the part that repeats",
}
"""Whether a group is taken, whether it decides: what it says."""


def _fairness(trace: Trace) -> Html | None:
    """Why the cycle of a lasso is fair to every action that must be: otherwise it were no counterexample.
    What decides comes first: a stronger promise about it would forbid the cycle.
    """
    if not trace.fairness:
        return None
    parts = []
    for (taken, decides), title in HOW.items():
        group = [f for f in trace.fairness if (f.how == "taken", f.decides) == (taken, decides)]
        if group:
            where = "in step" if taken else "not after step"
            items = (el("li", el("code", f.group), f" ({f.fairness}): {where} {f.step}") for f in group)
            told = el("ul", *items)
            parts.append(
                joined([el("p", title, ":"), told])
                if taken or decides
                else el("details", el("summary", f"{title}: {len(group)}"), told)
            )
    return el("details", el("summary", "Why this repetition is fair"), *parts, class_="listing")


def outline(name: str, record: VerdictRecord, number: int, prop: str) -> Html:
    """The story of a property in one run among many, folded, without controls; the gravest of a run has a
    picture.
    """
    trace, gravest = record["traces"][prop], first_to_tell(record["traces"], record["expected"])
    picture = (
        el(
            "div",
            drawings(trace, number),
            class_="picture",
            role="region",
            aria_label=f"sequence diagram of {name}",
            tabindex="0",
        )
        if gravest is trace
        else None
    )
    return el(
        "details",
        el("summary", el("strong", prose(name)), f": {verdict_line(trace)}"),
        picture,
        _listing(trace, links=False, open_=picture is None),
        class_="outline",
        id=story_id(number, [*record["traces"]].index(prop)),
    )


def _panel(trace: Trace) -> Html:
    """Controls and the state, filled by the script."""
    last = len(trace.steps) - 1
    buttons = [
        el(
            "button",
            el("span", sign, aria_hidden="true"),
            type="button",
            data_go=where,
            aria_label=label,
            title=hint,
        )
        for where, sign, label, hint in (
            ("first", "«", "first state", "Home"),
            ("back", "‹", "step back", "left arrow"),
            ("next", "›", "step forward", "right arrow"),
            ("last", "»", "last state", "End"),
        )
    ]
    slider = el("input", type="range", min="0", max=last, value=last, aria_label="step", class_="slider")
    bar = el("div", *buttons[:2], slider, *buttons[2:], el("output", class_="count"), class_="bar")
    parts = (el("div", class_=part) for part in ("failure", "code", "state", "waits"))
    body = el("div", el("div", class_="now", aria_live="polite"), *parts, class_="body")
    return el("aside", bar, body, class_="panel", aria_label="step by step")


def _listing(trace: Trace, links: bool = True, open_: bool = False) -> Html:
    """The steps as a list: for screen readers, for copying, and for pages without scripts. With `links` each
    leads to its step.
    """
    items = []
    for position, step in enumerate(trace.steps):
        if not step.action:
            continue
        notes = [change(name, pair) for name, pair in step.changed.items()]
        notes += map(clean, step.remarks)
        notes += [f"message to {clean(receiver)}: {clean(text)}" for receiver, text in step.sends]
        notes += ["its effect is deferred"] * bool(step.opens) + ["a deferred effect becomes visible"] * bool(
            step.closes
        )
        notes += [FAILS] * step.failed
        said = f"{step.actor}: {words(step)}" if step.actor else words(step)
        items.append(
            el(
                "li",
                el("button", said, type="button", data_step=position, class_="link")
                if links
                else el("code", said),
                el("span", "; ".join(notes), class_="note") if notes else None,
                value=step.index,
            )
        )
    ending = el("p", verdict_line(trace) + (": " if trace.why else ""), reasons(trace.why), class_="verdict")
    return el(
        "details", el("summary", "The same as a list"), el("ol", *items), ending, class_="listing", open=open_
    )


def _steps(record: CheckedRecord, trace: Trace) -> dict[str, Any]:
    """What the script steps through: the first state, then what each step changes in it."""
    shades = colours(trace)
    waiting = record["waiting"]["traces"].get(trace.key, [])
    steps, state = [], trace.steps[0].state
    for position, step in enumerate(trace.steps):
        moment = waiting[position] if position < len(waiting) else None
        steps.append(_step(step, shades, state, moment))
        state = step.state
    return {
        "steps": steps,
        "initial": _clean(trace.steps[0].state),
        "loop": trace.loop,
        "verdict": verdict_line(trace),
        "why": [clean(why) for why in trace.why],
        "said": [clean(why) for why in _said(trace)],
        "leaves": [[clean(leaf["text"]), leaf["since"]] for leaf in record["leaves"].get(trace.key, ())],
        "sample": trace.kind == "walk",
    }


def _step(
    step: Step, shades: dict[str, int], before: dict[str, str], moment: MomentRecord | None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "index": step.index,
        "action": step.action,
        "text": words(step),
        "set": _clean({name: value for name, value in step.state.items() if before.get(name) != value}),
    }
    extra = {
        "actor": clean(step.actor),
        "lane": shades.get(step.actor),
        "instance": clean(step.instance),
        "source": clean(step.source),
        "place": clean(step.place),
        "observed": _clean(step.observed),
        "failed": step.failed,
        "remarks": [clean(remark) for remark in step.remarks],
        "late": bool(step.opens),
        "visible": bool(step.closes),
        "sends": [f"{clean(text)} to {clean(receiver)}" for receiver, text in step.sends],
    }
    result.update((key, value) for key, value in extra.items() if value or value == 0)
    if moment is not None:
        result.update(possible=moment["possible"], waiting=moment["waiting"])
    return result


def _clean(texts: dict[str, str]) -> dict[str, str]:
    return {clean(name): clean(value) for name, value in texts.items()}


def page_data(record: CheckedRecord, source_url: str) -> Html:
    """What all stories of a page share: the source of the actions, and what they can wait for."""
    actions = {
        a["name"]: {"place": clean(a["place"]), "code": [clean(line) for line in a["code"]]}
        for a in record["actions"]
    }
    texts = [clean(text) for text in record["waiting"]["texts"]]
    shared = data({"actions": actions, "texts": texts}, id="page-data")
    return joined([shared, links_data(source_url)])


def links_data(source_url: str) -> Html | None:
    """How the address of a line of source is made, for the script; `root` stands before a relative file."""
    return data({"url": source_url, "root": f"{Path.cwd()}/"}, id="links-data") if source_url else None
