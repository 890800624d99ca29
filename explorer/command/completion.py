"""`python -m explorer completion SHELL`: a script that completes commands, options and their choices, made
from the parsers; and the names in a spec, which the script asks for by `--words`.
"""

from __future__ import annotations

import argparse
import enum
from collections.abc import Callable, Iterator, Mapping

from explorer.language.spec import Spec
from explorer.run.load import load

SHELLS = ("bash", "zsh", "fish")


def words(kind: str, path: str, name: str) -> list[str]:
    """What a shell may offer: names in the spec of a path, or the values of its constant `name`. Nothing
    where the spec cannot be read: a shell that completes is no place for messages.
    """
    if kind == "codes":
        from explorer.command.explain import entries

        return list(entries())
    try:
        return list(KINDS[kind](load(path), name))
    except Exception:
        return []


def _assignments(spec: Spec, _: str) -> Iterator[str]:
    for name in spec.known_constants():
        yield f"{name}="
        yield from (f"{name}={value}" for value in _values(spec, name))


def _values(spec: Spec, name: str) -> list[str]:
    default = spec.known_constants()[name]._default
    if isinstance(default, bool):
        return ["true", "false"]
    return (
        [member.name.lower() for member in type(default)]
        if isinstance(default, enum.Enum)
        else [str(default)]
    )


def _properties(spec: Spec, _: str) -> list[str]:
    stated = ("invariant", "step_invariant", "temporal", "refines")
    return [d.name for d in spec.declarations() if d.kind in stated] + ["deadlock", "evaluation"]


KINDS: Mapping[str, Callable[[Spec, str], Iterator[str] | list[str]]] = {
    "assignments": _assignments,
    "constants": lambda spec, _: [f"{name}=" for name in spec.known_constants()],
    "values": _values,
    "properties": _properties,
    "rows": lambda spec, _: [row.name for row in spec.variants],
}
"""What --words tells of a spec."""


def completion(shell: str, parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    """The script for a shell; `parsers` are the commands' by name."""
    return (
        _fish(parsers)
        if shell == "fish"
        else _bash(parsers, "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else "")
    )


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [a for a in parser._actions if a.option_strings and a.help != argparse.SUPPRESS]


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
    names = " ".join(parsers)
    return f"""{head}_explorer() {{
    local -a program=("${{COMP_WORDS[0]}}")
    [ "${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}" = "-m explorer" ] && program=("${{COMP_WORDS[@]:0:3}}")
    local first=${{#program[@]}} at command=check options words= spec=
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    for at in "${{COMP_WORDS[@]:first:COMP_CWORD-first}}"; do
        case " {names} " in *" $at "*) command=$at; break ;; esac
    done
    for at in "${{COMP_WORDS[@]:first}}"; do
        case "$at" in *.py) spec=$at; break ;; esac
    done
    _explorer_ask() {{ "${{program[@]}}" completion --words "$@" 2>/dev/null; }}
    case "$command" in
{commands}
    esac
    [ "$word" = "=" ] && {{ word=; before="="; set -- "${{COMP_WORDS[COMP_CWORD-1]}}"; }} ||
        set -- "${{COMP_WORDS[COMP_CWORD-2]}}"
    case "$before" in
{choices}
        -D) words=$(_explorer_ask constants "$spec"); compopt -o nospace 2>/dev/null ;;
        =) words=$(_explorer_ask values "$spec" "$1") ;;
        --property) words=$(_explorer_ask properties "$spec") ;;
        --row) words=$(_explorer_ask rows "$spec") ;;
        *) case "$word" in
               -*) words="$options" ;;
               *) [ "$COMP_CWORD" = "$first" ] && words="{names}"
                  [ "$command" = help ] && words="{names}"
                  [ "$command" = explain ] && words=$(_explorer_ask codes) ;;
           esac ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    case "$before" in -D|=|--property|--row) return ;; esac
    COMPREPLY+=($(compgen -f -X '!*.py' -- "$word") $(compgen -d -- "$word"))
    [ "$command" = replay ] && COMPREPLY+=($(compgen -f -X '!*.itf.json' -- "$word"))
}}
_explorer_python() {{
    [ "${{COMP_WORDS[1]}}" = -m ] || return
    [ "$COMP_CWORD" = 2 ] && COMPREPLY=($(compgen -W explorer -- "${{COMP_WORDS[2]}}"))
    [ "$COMP_CWORD" -gt 2 ] && [ "${{COMP_WORDS[2]}}" = explorer ] && _explorer
}}
complete -o filenames -F _explorer explorer
complete -o bashdefault -o default -o filenames -F _explorer_python python python3"""


def _fish(parsers: Mapping[str, argparse.ArgumentParser]) -> str:
    lines = [
        "function __explorer_ask",
        "    explorer completion --words $argv[1] (string match -- '*.py' (commandline -opc))[1] 2>/dev/null",
        "end",
    ]
    asked = {"-D": "assignments", "--property": "properties", "--row": "rows"}
    lines += [f"complete -c explorer -n __fish_use_subcommand -a {name}" for name in parsers]
    for name, parser in parsers.items():
        inside = "__fish_use_subcommand" if name == "check" else f"__fish_seen_subcommand_from {name}"
        for action in _options(parser):
            flag = f"-l {_long(action)[2:]}" if _long(action).startswith("--") else f"-s {_long(action)[1:]}"
            values = f" -x -a '{' '.join(map(str, action.choices))}'" if action.choices else ""
            if _long(action) in asked:
                values = f" -x -a '(__explorer_ask {asked[_long(action)]})'"
            lines.append(f"complete -c explorer -n '{inside}' {flag}{values}")
    lines.append(
        "complete -c explorer -n '__fish_seen_subcommand_from explain' -x -a '(__explorer_ask codes)'"
    )
    return "\n".join(lines)
