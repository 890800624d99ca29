"""`python -m explorer completion SHELL`: a script that completes commands, options and their choices. Made
from the parsers.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

SHELLS = ("bash", "zsh", "fish")


def completion(shell: str, parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    """The script for a shell; `parsers` are the commands' by name."""
    return (
        _fish(parsers)
        if shell == "fish"
        else _bash(parsers, "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else "")
    )


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in parser._actions if action.option_strings]


def _long(action: argparse.Action) -> str:
    return max(action.option_strings, key=len)


def _bash(parsers: Mapping[str, argparse.ArgumentParser], head: str) -> str:
    commands = "\n".join(
        f'        {name}) options="{" ".join(map(_long, _options(parser)))}" ;;'
        for name, parser in parsers.items()
    )
    chosen = {
        _long(action): action.choices
        for parser in parsers.values()
        for action in _options(parser)
        if action.choices
    }
    choices = "\n".join(
        f'        {flag}) words="{" ".join(map(str, values))}" ;;' for flag, values in chosen.items()
    )
    return f"""{head}_explorer() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    local at command=check options words=
    for at in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case " {" ".join(parsers)} " in *" $at "*) command=$at; break ;; esac
    done
    case "$command" in
{commands}
    esac
    case "$before" in
{choices}
        *) case "$word" in
               -*) words="$options" ;;
               *) [ "$COMP_CWORD" = 1 ] && words="{" ".join(parsers)}" ;;
           esac ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word") $(compgen -f -X '!*.py' -- "$word") $(compgen -d -- "$word"))
}}
complete -o filenames -F _explorer explorer"""


def _fish(parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    lines = [f"complete -c explorer -n __fish_use_subcommand -a {name}" for name in parsers]
    for name, parser in parsers.items():
        inside = "__fish_use_subcommand" if name == "check" else f"__fish_seen_subcommand_from {name}"
        for action in _options(parser):
            flag = f"-l {_long(action)[2:]}" if _long(action).startswith("--") else f"-s {_long(action)[1:]}"
            values = f" -x -a '{' '.join(map(str, action.choices))}'" if action.choices else ""
            lines.append(f"complete -c explorer -n '{inside}' {flag}{values}")
    return "\n".join(lines)
