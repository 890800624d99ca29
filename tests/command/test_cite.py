"""`python -m explorer cite TREE`: whether the functions that specs cite are in a source tree as they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.command.citations import cited, read
from explorer.command.main import main
from explorer.ground.ground import ground
from explorer.run.load import load
from tests.support.house import SPECS

LIST = SPECS / "citations.tsv"

ACTIONS = '''
from .files import COMMON
one = f"{COMMON}:xive_irq_eoi"
two = "arch/powerpc/kernel/head.S:masked_Hinterrupt"
three = "skiboot core/opal.c:opal_quiesce"
four = "Linux 5.10 arch/powerpc/kvm/book3s_hv_uvmem.c:kvmppc_h_svm_page_in"
"""prose about arch/powerpc/kernel/irq.c:do_IRQ is no citation"""
'''
FILES = 'COMMON = "arch/powerpc/sysdev/xive/common.c"'
COMMON_C = """
static void xive_irq_eoi(struct irq_data *d); /* declared */
static void xive_irq_eoi(struct irq_data *d)
{
	if (d)
		stale_p = true; /* why */
}
"""
HEAD_S = "masked_Hinterrupt:\n\tmfcr r9\n\trfid\nnext_label:\n\tnop\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree with what ACTIONS cites of Linux, and `spec/` beside it with the citations recorded."""
    for path, text in (
        ("tree/arch/powerpc/sysdev/xive/common.c", COMMON_C),
        ("tree/arch/powerpc/kernel/head.S", HEAD_S),
        ("spec/actions.py", ACTIONS),
        ("spec/files.py", FILES),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert main([*cite(tmp_path / "tree"), "--record", "Linux 5.4.1"]) == 0
    return tmp_path / "tree"


def cite(tree: Path) -> list[str]:
    return ["cite", str(tree), "--citations", str(tree.parent / "spec" / "citations.tsv")]


def test_every_citation_of_the_library_has_its_entry() -> None:
    """The list names each function that spec/ cites, and nothing else; what was read has a digest."""
    entries = read(LIST)
    assert [entry.citation.text for entry in entries] == [one.text for one in cited(SPECS)]
    assert len(entries) > 150
    assert [entry.citation.text for entry in entries if entry.digest == "-"] == []


def test_a_tree_that_was_read_has_everything_as_it_was(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Constants are filled in, prose is no citation, and what only a later kernel has is not missed."""
    assert main(cite(tree)) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "other version  Linux 5.10 arch/powerpc/kvm/book3s_hv_uvmem.c:kvmppc_h_svm_page_in  (no tree)",
        "3 citations of linux: 2 same, 1 other version",
    ]


def test_each_version_is_read_in_its_own_tree(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tree that is said to be 5.10 is read for what is cited of 5.10; the rest stays as it was recorded."""
    file = tree / "arch/powerpc/kvm/book3s_hv_uvmem.c"
    file.parent.mkdir(parents=True)
    file.write_text("int kvmppc_h_svm_page_in(void)\n{\n\treturn 0;\n}\n")
    assert main([*cite(tree), "--record", "Linux 5.10.198"]) == 0
    versions = {e.citation.version: e.read_in for e in read(tree.parent / "spec" / "citations.tsv")}
    assert versions["5.4"] == "Linux 5.4.1" and versions["5.10"] == "Linux 5.10.198"
    file.write_text("int kvmppc_h_svm_page_in(void)\n{\n\treturn 1;\n}\n")
    capsys.readouterr()
    assert main(cite(tree)) == 0  # another version may have it otherwise
    assert "3 citations of linux: 2 same, 1 other version" in capsys.readouterr().out


def test_comments_and_white_space_do_not_count(tree: Path) -> None:
    """A function that only looks different is the same."""
    file = tree / "arch/powerpc/sysdev/xive/common.c"
    file.write_text(COMMON_C.replace("\t\tstale_p = true; /* why */", "    stale_p =\n true;  // because"))
    assert main(cite(tree)) == 0


@pytest.mark.parametrize(
    "path, text, told",
    [
        (
            "arch/powerpc/sysdev/xive/common.c",
            COMMON_C.replace("true", "false"),
            "changed        arch/powerpc/sysdev/xive/common.c:xive_irq_eoi",
        ),
        (
            "arch/powerpc/sysdev/xive/common.c",
            COMMON_C.replace("xive_irq_eoi", "xive_eoi"),
            "missing        arch/powerpc/sysdev/xive/common.c:xive_irq_eoi",
        ),
        (
            "arch/powerpc/kernel/head.S",
            "next_label:\n\tb masked_Hinterrupt\n",
            "missing        arch/powerpc/kernel/head.S:masked_Hinterrupt",
        ),
    ],
)
def test_what_is_not_as_it_was_is_told(
    tree: Path, capsys: pytest.CaptureFixture[str], path: str, text: str, told: str
) -> None:
    """One other statement, another name, a label that is only used."""
    (tree / path).write_text(text)
    assert main(cite(tree)) == 1
    assert told in capsys.readouterr().out.splitlines()


def test_a_function_that_moved_is_found(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file that has it now is named, on the screen and in the record."""
    (tree / "arch/powerpc/kernel/head.S").rename(tree / "arch/powerpc/kernel/exceptions.S")
    assert main(cite(tree)) == 1
    assert (
        "moved          arch/powerpc/kernel/head.S:masked_Hinterrupt: arch/powerpc/kernel/exceptions.S has it"
        in capsys.readouterr().out
    )
    assert main([*cite(tree), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [(c["status"], c["where"]) for c in record["citations"]] == [
        ("other version", None),
        ("moved", "arch/powerpc/kernel/exceptions.S"),
        ("same", None),
    ]


def test_nothing_is_recorded_of_a_tree_that_lacks_a_function(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list stays as it was."""
    before = (tree.parent / "spec" / "citations.tsv").read_text()
    (tree / "arch/powerpc/kernel/head.S").write_text("")
    assert main([*cite(tree), "--record", "Linux 5.4.2"]) == 1
    assert "head.S:masked_Hinterrupt: not in" in capsys.readouterr().err
    assert main([*cite(tree), "--record", "Linux 5.5"]) == 2
    assert "'Linux 5.5': nothing is cited of that version; expected: Linux 5.10 or Linux 5.4, with" in (
        capsys.readouterr().err
    )
    assert (tree.parent / "spec" / "citations.tsv").read_text() == before


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["nowhere"], "nowhere: is no directory; expected: the source tree of linux, skiboot, qemu"),
        (
            ["spec"],
            "spec: is the source tree of no known project; expected: one that has arch/powerpc (linux)",
        ),
        (["tree", "--citations", "nothing.tsv"], "nothing.tsv: the list of citations cannot be read"),
        (["tree", "--citations", "spec/actions.py"], "spec/actions.py:1: not a list of citations; expected:"),
        (["tree", "--citations", "torn/c.tsv", "--record", "x"], "torn/a.py: cannot be read as Python"),
        (["tree", "--citations", "bad.tsv"], "bad.tsv:2: 'a.c:b' is no entry; expected: path:function"),
    ],
)
def test_mistakes_have_a_message(
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    """No directory, no known tree, no list, a line that is no entry: exit code 2 and what was expected."""
    monkeypatch.chdir(tree.parent)
    Path("torn").mkdir()
    Path("torn/a.py").write_text("one = (")
    Path("bad.tsv").write_text("citation\tread in\tdigest\na.c:b\n")
    assert main(["cite", *arguments]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_no_action_cites_what_the_list_does_not_have() -> None:
    """However a spec puts a source together, it is in the list, or says "not in any kernel"."""
    known = {entry.citation.text for entry in read(LIST)}
    sources = {action.source for path in SPECS.glob("*.py") for action in ground(load(path)).actions}
    unknown = {source for source in sources - known if ":" in source}
    assert len(sources) > 150 and {source.partition(":")[0] for source in unknown} == {"not in any kernel"}
