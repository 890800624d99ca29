"""`python -m explorer help`: the commands at a glance, and a page for man(1). Made from the parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from explorer import __version__

Parsers = Mapping[str, argparse.ArgumentParser]

GROUPS = {
    "check": ("check", "table", "simulate", "mutate", "synthesize", "tests"),
    "look": ("walk", "serve", "replay", "diff", "show", "estimate", "status", "explain"),
    "other judges and sources": ("export", "judge", "conform", "litmus", "cite"),
    "this tool": ("new", "help", "completion"),
}
"""Commands by what they are for; one that is missing here stands at the end."""


def overview(parsers: Parsers) -> str:
    """Every command with its description, and how to ask for more."""
    known = [name for names in GROUPS.values() for name in names]
    groups = {**GROUPS, "more": tuple(name for name in parsers if name not in known)}
    lines = ["python -m explorer [COMMAND] ...; without a command, SPEC ... is checked"]
    for title, names in groups.items():
        shown = [name for name in names if name in parsers]
        if shown:
            lines += ["", f"{title}:"]
            lines += [f"  {name:<12}{parsers[name].description}" for name in shown]
    return "\n".join([*lines, "", "`python -m explorer help COMMAND` has the options of one."])


def man_page(parsers: Parsers) -> str:
    """The page in the macros of man(7), all commands on it."""
    lines = [
        f'.TH EXPLORER 1 "" "interrupt-explorer {__version__}"',
        ".SH NAME",
        "explorer \\- executable formal specifications, every reachable state visited",
        ".SH SYNOPSIS",
        ".B explorer",
        "[\\fICOMMAND\\fR] [\\fIOPTION\\fR]... [\\fIFILE\\fR]...",
    ]
    for name, parser in parsers.items():
        lines += [f".SH {name.upper()}", _roff(parser.description or "")]
        for action in parser._actions:
            lines += _entry(action)
        if parser.epilog:
            lines += [".PP", _roff(parser.epilog)]
    return "\n".join(lines)


def _entry(action: argparse.Action) -> Iterator[str]:
    if action.help == argparse.SUPPRESS:
        return
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    name = ", ".join(action.option_strings)
    takes = action.nargs != 0 or not name
    yield ".TP"
    yield f"\\fB{_roff(name)}\\fR" + (f" \\fI{_roff(str(value))}\\fR" if takes else "")
    yield _roff((action.help or "") % {"default": action.default, "prog": "explorer"})


def _roff(text: str) -> str:
    """The text as it is: no escapes, no control lines."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text
