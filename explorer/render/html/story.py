"""The part of the report that tells counterexamples: picture, controls, and what the script needs to step
through them.

Knows nothing of the rest of the page.
"""

from __future__ import annotations

from typing import Any

from explorer.render.html.markup import Html, data, el
from explorer.render.picture.sequence import COLOURS, drawings
from explorer.render.picture.sequence_layout import involved
from explorer.render.text.terminal import clean
from explorer.render.text.text import change, reasons, verdict_line, words
from explorer.trace.trace import Step, Trace
from explorer.verdict.record import CheckedRecord, MomentRecord, VerdictRecord, first_to_tell


def stories(record: CheckedRecord) -> Html:
    """Every counterexample; the script shows one at a time, and without it all of them stand below each
    other.
    """
    names, told_first = list(record["traces"]), first_to_tell(record["traces"], record["expected"])
    first = told_first.property if told_first is not None else ""
    choice = el(
        "fieldset",
        el("legend", "Counterexample of"),
        *(
            el(
                "label",
                el(
                    "input",
                    type="radio",
                    name="story",
                    value=f"story-{n}",
                    checked=name == first,
                ),
                " ",
                name,
            )
            for n, name in enumerate(names)
        ),
        class_="choice",
        hidden=len(names) == 1,
    )
    articles = (_story(record, name, n) for n, name in enumerate(names))
    return el(
        "section",
        el("h2", "The story"),
        el("p", _legend(record), class_="note"),
        choice,
        *articles,
        id="story",
    )


def _legend(record: VerdictRecord) -> str:
    """How to read the picture: what it shows, and no more."""
    steps = [step for trace in record["traces"].values() for step in trace.steps]
    parts = [
        "A column for each actor, time runs down. A note is a step; below it, in green, what it changes."
    ]
    if any(step.sends for step in steps):
        parts.append("A solid arrow is a message.")
    if any(step.opens for step in steps):
        parts.append("A dashed arrow slants from where something is issued to where the others can see it.")
    if any(trace.loop is not None for trace in record["traces"].values()):
        parts.append("The steps in the box repeat for ever.")
    return " ".join([*parts, "The arrow keys step through it."])


def _story(record: CheckedRecord, name: str, number: int) -> Html:
    trace = record["traces"][name]
    picture = el(
        "div",
        drawings(trace, number),
        class_="picture",
        role="region",
        aria_label=f"sequence diagram for {name}",
        tabindex="0",
    )
    return el(
        "article",
        el("h3", verdict_line(trace)),
        el("div", picture, _panel(trace), class_="split"),
        _fairness(trace),
        _listing(trace),
        data(_steps(record, trace), class_="steps"),
        id=f"story-{number}",
        class_="story",
        data_story=name,
    )


def _fairness(trace: Trace) -> Html | None:
    """Why the cycle of a lasso is fair to every action that must be: otherwise it were no counterexample."""
    if not trace.fairness:
        return None
    items = (
        el("li", el("code", f.group), f" ({f.fairness}): {f.how}, step {f.step}") for f in trace.fairness
    )
    return el("details", el("summary", "Why this repetition is fair"), el("ul", *items), class_="listing")


def outline(name: str, record: VerdictRecord, number: int) -> Html:
    """The gravest story of one run among many, folded: picture and list, without controls."""
    trace = first_to_tell(record["traces"], record["expected"])
    assert trace is not None
    picture = el(
        "div",
        drawings(trace, number),
        class_="picture",
        role="region",
        aria_label=f"sequence diagram of {name}",
        tabindex="0",
    )
    return el(
        "details",
        el("summary", el("strong", name), f": {verdict_line(trace)}"),
        picture,
        _listing(trace, links=False),
        class_="outline",
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


def _listing(trace: Trace, links: bool = True) -> Html:
    """The steps as a list: for screen readers, for copying, and for pages without scripts. With `links` each
    leads to its step.
    """
    items = []
    for position, step in enumerate(trace.steps):
        if not step.action:
            continue
        notes = [change(name, pair) for name, pair in step.changed.items()]
        notes += [f"message to {clean(receiver)}: {clean(text)}" for receiver, text in step.sends]
        notes += ["its effect is deferred"] * bool(step.opens) + ["a deferred effect becomes visible"] * bool(
            step.closes
        )
        notes += ["this step fails"] * step.failed
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
    return el("details", el("summary", "The same as a list"), el("ol", *items), ending, class_="listing")


def _steps(record: CheckedRecord, trace: Trace) -> dict[str, Any]:
    """What the script steps through: the first state, then what each step changes in it."""
    lanes = involved(trace)
    waiting = record["waiting"]["traces"].get(trace.property, [])
    steps, state = [], trace.steps[0].state
    for position, step in enumerate(trace.steps):
        moment = waiting[position] if position < len(waiting) else None
        steps.append(_step(step, lanes, state, moment))
        state = step.state
    return {
        "steps": steps,
        "initial": _clean(trace.steps[0].state),
        "loop": trace.loop,
        "verdict": verdict_line(trace),
        "why": [clean(why) for why in trace.why],
    }


def _step(
    step: Step, lanes: list[str], before: dict[str, str], moment: MomentRecord | None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "index": step.index,
        "action": step.action,
        "text": words(step),
        "set": _clean({name: value for name, value in step.state.items() if before.get(name) != value}),
    }
    extra = {
        "actor": clean(step.actor),
        "lane": lanes.index(step.actor) % COLOURS if step.actor in lanes else None,
        "instance": clean(step.instance),
        "source": clean(step.source),
        "place": clean(step.place),
        "observed": _clean(step.observed),
        "failed": step.failed,
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


def page_data(record: CheckedRecord) -> Html:
    """What all stories of a page share: the source of the actions, and what they can wait for."""
    actions = {
        a["name"]: {"place": clean(a["place"]), "code": [clean(line) for line in a["code"]]}
        for a in record["actions"]
    }
    return data(
        {"actions": actions, "texts": [clean(text) for text in record["waiting"]["texts"]]},
        id="page-data",
    )
