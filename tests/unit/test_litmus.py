"""The litmus runner: what it reads, what it refuses, and what it prints."""

from __future__ import annotations

import contextlib
import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from explorer.command.main import main
from explorer.litmus.judge import MODELS, Judgement, judge
from explorer.litmus.program import LitmusError
from explorer.litmus.read import read
from explorer.litmus.report import observation

LITMUS = Path(__file__).resolve().parent.parent / "litmus"

PPC = """PPC demo
{ 0:r2=x; 0:r4=y; 1:r2=x; 1:r4=y; }
 P0 | P1 ;
 %s
exists (1:r1=1 /\\ 1:r3=0)
"""


def run(text: str, model: str = "power", unroll: int = 2) -> Judgement:
    test = read(text, "demo.litmus", model)
    return judge(test, MODELS.get(test.architecture, model), unroll)


def ppc(rows: str) -> str:
    return PPC % rows


BRANCHES = {
    "cmpwi and a branch over nothing": (
        "cmpwi r1,0 | ; sync | beq L ; | L: lwz r3,0(r2) ; stw r1,0(r4) | ;",
        True,
    ),
    "a branch and isync": (
        "| cmpwi r1,0 ; sync | beq L ; | isync ; stw r1,0(r4) | lwz r3,0(r2) ; | L: ;",
        False,
    ),
    "isync alone": ("sync | isync ; stw r1,0(r4) | lwz r3,0(r2) ;", True),
    "lwsync": ("sync | lwsync ; stw r1,0(r4) | lwz r3,0(r2) ;", False),
    "an address": ("sync | xor r5,r1,r1 ; stw r1,0(r4) | lwzx r3,r5,r2 ;", False),
    "a real branch": ("sync | cmpwi r1,1 ; stw r1,0(r4) | bne L ; | lwz r3,0(r2) ; | L: ;", True),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_dependencies_of_power(name: str) -> None:
    """Message passing with a sync at the writer is allowed unless something orders the reader's two loads."""
    rows, allowed = BRANCHES[name]
    head = "li r1,1 | lwz r1,0(r4) ; stw r1,0(r2) | ; "
    assert run(ppc(head + rows)).allowed == allowed


def test_a_branch_decides_what_is_executed() -> None:
    """A load behind a branch that is taken keeps its register at its first value."""
    text = ppc("lwz r1,0(r4) | li r1,1 ; cmpwi r1,0 | stw r1,0(r4) ; beq L | ; li r3,7 | ; L: | ;")
    text = text.replace("exists (1:r1=1 /\\ 1:r3=0)", "locations [0:r1; 0:r3;] exists (true)")
    assert sorted(run(text).executions) == [(0, 0), (1, 7)]


def test_an_address_may_be_loaded() -> None:
    """A pointer that is read from memory is followed, and the dependency orders."""
    rows = "li r1,1 | lwz r1,0(r4) ; stw r1,0(r2) | lwz r3,0(r1) ; lwsync | ; stw r2,0(r4) | ;"
    text = ppc(rows).replace("{ ", "{ z=5; y=z; ").replace("1:r1=1 /\\ 1:r3=0", "1:r1=x /\\ 1:r3=0")
    judgement = run(text)
    assert not judgement.allowed
    assert sorted(map(str, judgement.executions)) == ["('x', 1)", "('z', 5)"]


def test_a_retry_loop_turns_as_often_as_asked() -> None:
    """Each turn of a loop of lwarx and stwcx. is one more execution, and the judgement says that it is
    cut.
    """
    rows = "L: lwarx r1,0,r2 | ; addi r3,r1,1 | ; stwcx. r3,0,r2 | ; bne L | ;"
    text = ppc(rows).replace("1:r1=1 /\\ 1:r3=0", "[x]=1")
    assert [run(text, unroll=n).satisfying for n in (1, 2, 5)] == [2, 3, 6]
    assert run(text).cut


def test_conditional_stores_keep_their_order() -> None:
    """Two CPUs that exchange two locations in opposite order do not both come before each other (scXX)."""
    pair = "lwarx r5,0,{0} | lwarx r5,0,{1} ; stwcx. r1,0,{0} | stwcx. r1,0,{1} ; bne E | bne E"
    first, second = pair.format("r2", "r4"), pair.format("r4", "r2")
    rows = f"li r1,1 | li r1,2 ; {first} ; {second} ; li r6,1 | li r6,1 ; E: | E: ;"
    text = ppc(rows).replace("1:r1=1 /\\ 1:r3=0", "x=1 /\\ y=2 /\\ 0:r6=1 /\\ 1:r6=1")
    assert not run(text).allowed
    assert run(text.replace("y=2", "y=1")).allowed


def test_a_store_inside_an_atomic_pair_is_refused() -> None:
    """A plain store of the same thread between lwarx and stwcx. to their location has no meaning here."""
    with pytest.raises(LitmusError, match=r"^demo.litmus:6: another store of this thread to the location"):
        run(ppc("lwarx r1,0,r2 | ;\n stw r1,0(r2) | ;\n stwcx. r1,0,r2 | ;"))


ARM = """AArch64 demo
{ 0:X1=x; 0:X3=y; 0:X8=z; 1:X1=y; 1:X3=x; 1:X8=z2; }
 P0 | P1 ;
 MOV W0,#1 | %s ;
 %s
exists (%s)
"""
ARM_TESTS = {
    "MP": ("LDR W0,[X1]", "STR W0,[X1] | LDR W2,[X3] ; STR W0,[X3] | ;", True),
    "MP+dmb.st+po": ("LDR W0,[X1]", "STR W0,[X1] | LDR W2,[X3] ; DMB ISHST | ; STR W0,[X3] | ;", True),
    "MP+dmb.st+addr": (
        "LDR W0,[X1]",
        "STR W0,[X1] | EOR W4,W0,W0 ; DMB ST | LDR W2,[X3,W4,SXTW] ; STR W0,[X3] | ;",
        False,
    ),
    "MP+dmb.st+dmb.ld": (
        "LDR W0,[X1]",
        "STR W0,[X1] | DMB LD ; DMB ST | LDR W2,[X3] ; STR W0,[X3] | ;",
        False,
    ),
    "MP+stlr+ldar": ("LDAR W0,[X1]", "STR W0,[X1] | LDR W2,[X3] ; STLR W0,[X3] | ;", False),
    "MP+dmb.st+ctrl": (
        "LDR W0,[X1]",
        "STR W0,[X1] | CBNZ W0,L ; DMB ST | L: ; STR W0,[X3] | LDR W2,[X3] ;",
        True,
    ),
    "MP+dmb.st+ctrlisb": (
        "LDR W0,[X1]",
        "STR W0,[X1] | CBNZ W0,L ; DMB ST | L: ; STR W0,[X3] | ISB ; | LDR W2,[X3] ;",
        False,
    ),
}


@pytest.mark.parametrize("name", ARM_TESTS)
def test_message_passing_on_arm(name: str) -> None:
    """Arm orders message passing where its manual says so."""
    first, rows, allowed = ARM_TESTS[name]
    assert run(ARM % (first, rows, "1:X0=1 /\\ 1:X2=0")).allowed == allowed


SB = {
    "STR": ("STR W0,[X1] | STR W0,[X1] ; LDR W2,[X3] | LDR W2,[X3] ;", True),
    "STLR, LDAR": ("STLR W0,[X1] | STLR W0,[X1] ; LDAR W2,[X3] | LDAR W2,[X3] ;", False),
    "STLR, LDAPR": ("STLR W0,[X1] | STLR W0,[X1] ; LDAPR W2,[X3] | LDAPR W2,[X3] ;", True),
    "DMB SY": ("STR W0,[X1] | STR W0,[X1] ; DMB SY | DMB SY ; LDR W2,[X3] | LDR W2,[X3] ;", False),
    "STR, SWPAL elsewhere": (
        "STR W0,[X1] | STR W0,[X1] ; SWPAL W0,W4,[X8] | SWPAL W0,W4,[X8] ; LDR W2,[X3] | LDR W2,[X3] ;",
        False,
    ),
    "SWPAL": ("SWPAL W0,W4,[X1] | SWPAL W0,W4,[X1] ; LDR W2,[X3] | LDR W2,[X3] ;", True),
}


@pytest.mark.parametrize("name", SB)
def test_store_buffering_on_arm(name: str) -> None:
    """A store and a later load are ordered by DMB SY and by STLR with LDAR, not by STLR with LDAPR."""
    rows, allowed = SB[name]
    assert run(ARM % ("MOV W0,#1", rows, "0:X2=0 /\\ 1:X2=0")).allowed == allowed


C = """C demo
{ }
P0(int *x, int *y) { %s }
P1(int *x, int *y) { %s }
exists (%s)
"""
KERNEL = {
    "MP": (
        "WRITE_ONCE(*x, 1); WRITE_ONCE(*y, 1);",
        "int r0 = READ_ONCE(*y); int r1 = READ_ONCE(*x);",
        "pso arm power",
    ),
    "MP+wmb+rmb": (
        "WRITE_ONCE(*x, 1); smp_wmb(); WRITE_ONCE(*y, 1);",
        "int r0 = READ_ONCE(*y); smp_rmb(); int r1 = READ_ONCE(*x);",
        "",
    ),
    "MP+wmb": ("WRITE_ONCE(*x, 1); smp_wmb(); *y = 1;", "int r0 = *y; int r1; r1 = *x;", "arm power"),
    "MP+release+acquire": (
        "WRITE_ONCE(*x, 1); smp_store_release(y, 1);",
        "int r0 = smp_load_acquire(y); int r1 = READ_ONCE(*x);",
        "",
    ),
    "MP+mb+ctrl": (
        "WRITE_ONCE(*x, 1); smp_mb(); WRITE_ONCE(*y, 1);",
        "int r0 = READ_ONCE(*y); int r1 = 9; if (r0 == 1) { r1 = READ_ONCE(*x); }",
        "arm power",
    ),
    "MP+xchg": (
        "WRITE_ONCE(*x, 1); int r9 = xchg(y, 1);",
        "int r0 = xchg(y, 2); int r1 = READ_ONCE(*x);",
        "",
    ),
    "MP+xchg_relaxed": (
        "WRITE_ONCE(*x, 1); int r9 = xchg_relaxed(y, 1);",
        "int r0 = xchg_relaxed(y, 2); int r1 = READ_ONCE(*x);",
        "pso arm power",
    ),
    "MP+cmpxchg": (
        "WRITE_ONCE(*x, 1); smp_mb(); WRITE_ONCE(*y, 1);",
        "int r0 = cmpxchg(y, 1, 2); int r1 = READ_ONCE(*x);",
        "",
    ),
    "MP+failed cmpxchg": (
        "WRITE_ONCE(*x, 1); smp_mb(); WRITE_ONCE(*y, 1);",
        "int r0 = cmpxchg(y, 5, 2); int r1 = READ_ONCE(*x);",
        "arm power",
    ),
    "MP+atomics": (
        "WRITE_ONCE(*x, 1); smp_mb__before_atomic(); atomic_inc(y);",
        "int r0 = atomic_add_return(0, y); int r1 = READ_ONCE(*x);",
        "",
    ),
}


@pytest.mark.parametrize("model", ["sc", "tso", "pso", "arm", "power"])
@pytest.mark.parametrize("name", KERNEL)
def test_the_kernels_macros(name: str, model: str) -> None:
    """Message passing in C is allowed on an architecture if and only if its barriers leave it open."""
    first, second, allowed = KERNEL[name]
    assert run(C % (first, second, "1:r0=1 /\\ 1:r1=0"), model).allowed == (model in allowed.split())


def test_a_loop_in_c() -> None:
    """A loop that waits turns a few times, and its condition is a control dependency."""
    waiting = "int r0 = 0; while (r0 == 0) { r0 = READ_ONCE(*y); } int r1 = READ_ONCE(*x);"
    judgement = run(C % ("WRITE_ONCE(*x, 1); smp_wmb(); WRITE_ONCE(*y, 1);", waiting, "1:r1=0"))
    assert judgement.allowed and judgement.cut
    assert all(judgement.test.observed[0].name == "r1" for _ in judgement.executions)


KERNEL_TREE = """C MP+pooncerelease+poacquireonce

(*
 * Result: Never
 *
 * A comment as the kernel's own tests have it (*x).
 *)

{
	int *p = &buf;
}

P0(int *buf, int *flag) // Producer
{
	WRITE_ONCE(*buf, 1);
	smp_store_release(flag, 1);
}

P1(int *buf, int *flag, int **p) // Consumer
{
	int r0;
	int r1;
	int *r2 = rcu_dereference(*p);

	r0 = smp_load_acquire(flag);
	if (r0)
		r1 = READ_ONCE(*r2); /* through the pointer */
	else
		r1 = -1;
}

exists (1:r0=1 /\\ 1:r1=0) (* Bad outcome. *)
"""


def test_a_test_as_the_kernel_tree_has_them() -> None:
    """Comments of all kinds, tabs, declarations, pointers and a condition with a remark behind it are
    read.
    """
    judgement = run(KERNEL_TREE)
    assert sorted(judgement.executions) == [(0, -1), (1, 1)]


ATT = """X86_64 demo
{ }
 P0            | P1            ;
 movl $1,(x)   | movl $1,(y)   ;
 STRONG        |               ;
 movl (y),%eax | LAST          ;
exists (0:rax=0 /\\ 1:rax=0)"""


@pytest.mark.parametrize(
    ("strong", "last", "said"),
    [
        ("", "movl (x),%eax", "Sometimes 1 3"),
        ("mfence", "movl (x),%eax", "Sometimes 1 3"),
        ("mfence", "lock xaddl %eax,(x)", "Never 0 3"),
    ],
)
def test_x86_64_has_the_source_before_the_target(strong: str, last: str, said: str) -> None:
    """`movl $1,(x)` stores; a test may say `rax`; a locked instruction is a full barrier."""
    assert observation(run(ATT.replace("STRONG", strong).replace("LAST", last))) == said


REFUSED = {
    "": ("1: found nothing, expected an architecture and a name; known are PPC, X86, X86_64, AArch64 and C"),
    "MIPS t\n{ }\n": (
        "1: found MIPS, expected an architecture and a name; known are PPC, X86, X86_64, AArch64 and C"
    ),
    "PPC t\n": ("1: no initial state; write { } after the header"),
    "PPC t\n{ x[3]; }\n P0 ;\nexists (x=1)": (
        "2: cannot read 'x[3]' in the initial state; write x=1; or 0:r1=x;"
    ),
    "PPC t\n{ }\n P0 ;\n": ("3: no final condition; write: exists (0:r1=1 /\\ x=2)"),
    "PPC t\n{ }\n Q ;\nexists (x=1)": ("3: found 'Q', expected the names of the threads: P0 | P1 ;"),
    "PPC t\n{ }\n P0 | P1 ;\n sync ;\nexists (x=1)": (
        "4: a row of 1 columns, expected 2: one for each thread"
    ),
    "PPC t\n{ }\n P0 ;\n frob r1 ;\nexists (x=1)": (
        "4: cannot read the instruction 'frob r1'; known are loads and stores (lwz, lwa, ld,"
    ),
    "PPC t\n{ }\n P0 ;\n b L ;\nexists (x=1)": ("4: a branch to L, which is no label of this thread"),
    "PPC t\n{ }\n P0 ;\n L: ;\n L: ;\nexists (x=1)": ("5: the label L stands twice in this thread"),
    "PPC t\n{ }\n P0 ;\n lwz r1,0(r2) ;\nexists (x=1)": ("4: the address 0 is no location of the test"),
    "PPC t\n{ 0:r2=x; }\n P0 ;\n lwz r1,4(r2) ;\nexists (x=1)": (
        "4: sum of an address (x, 4); only whole locations can be addressed"
    ),
    "PPC t\n{ 0:r2=x; }\n P0 ;\n lwz r1,0(r2) ;\n stb r1,0(r2) ;\nexists (x=1)": (
        "5: x is accessed with 1 bytes here and with 4 elsewhere; mixed sizes are not modelled"
    ),
    "PPC t\n{ 3:r2=x; }\n P0 ;\n sync ;\nexists (x=1)": (
        "2: the initial state has registers of thread 3; there is none"
    ),
    "PPC t\n{ }\n P0 ;\n sync ;\nexists (2:r1=1)": (
        "5: the condition has registers of thread 2; there is none"
    ),
    "PPC t\n{ }\n P0 ;\n sync ;\nexists (x=)": (
        "5: found ) in the condition, expected a number, or the name of a location"
    ),
    "PPC t\n{ }\n P0 ;\n sync ;\nexists (x=1 /\\)": (
        "5: found ) in the condition, expected a register such as 0:r1, or a location such as x or [x]"
    ),
    "PPC t\n{ }\n P0 ;\n sync ;\nfilter (x=1)\nexists (x=1)": (
        "5: a filter is not modelled; conjoin it to the condition"
    ),
    "C t\n{ }\nP0(int *x) { frob(x); }\nexists (x=1)": ("3: frob() is not known; known are READ_ONCE,"),
    "C t\n{ }\nP0(int *x) { spin_lock(x); }\nexists (x=1)": (
        "3: spin_lock() is not modelled: locks and RCU have no operational meaning here"
    ),
    "C t\n{ }\nP0(int *x) { xchg(x); }\nexists (x=1)": ("3: xchg() has 1 arguments, expected 2"),
    "C t\n{ }\nP0(int *x) { WRITE_ONCE(*x, 1) }\nexists (x=1)": ("3: found `}`, expected `;`"),
    "C t\n{ }\nP1(int *x) { }\nexists (x=1)": ("3: expected a function: P0(int *x, int *y) { ... }"),
    "C t\n{ }\nP0(int *x) { int r0 = 1 && READ_ONCE(*x); }\nexists (x=1)": (
        "3: an access right of &&; load it into a variable first"
    ),
    "X86 t\n{ }\n P0 ;\n MOV [x],[y] ;\nexists (x=1)": ("4: cannot read the instruction 'MOV [x],[y]'"),
    "X86_64 t\n{ }\n P0 ;\n frob $1,(x) ;\nexists (x=1)": ("4: cannot read the instruction 'frob $1,(x)'"),
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_run_is_refused(text: str) -> None:
    """A test that cannot be read or run has an error with file, line, what was found and what is expected."""
    with pytest.raises(LitmusError) as caught:
        run(text)
    assert str(caught.value).startswith("demo.litmus:" + REFUSED[text])


def test_damaged_tests_end_in_a_message() -> None:
    """300 texts with a few characters lost, added or copied are run or refused: nothing else happens."""
    choose = random.Random(7)
    texts = [path.read_text() for path in sorted(LITMUS.glob("*/*.litmus"))] + [KERNEL_TREE] * 60
    texts += [ARM % (first, rows, "1:X0=1") for first, rows, _ in ARM_TESTS.values()] * 8
    for _ in range(300):
        text = choose.choice(texts)
        for _ in range(choose.randint(1, 3)):
            at = choose.randrange(len(text))
            if choose.random() < 0.4:
                text = text[:at] + text[at + choose.randint(1, 6) :]
            else:
                text = text[:at] + choose.choice("{}()[];:|=,01rxy*&~/\\ \n-#$") + text[at:]
        with contextlib.suppress(LitmusError):
            run(text)


def test_one_file_is_printed_as_herd_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The output for one file has herd's lines, which commit messages quote."""
    assert main(["litmus", str(LITMUS / "kernel" / "bpf-fetch-relaxed.litmus")]) == 0
    lines = capsys.readouterr().out.splitlines()
    time = lines.pop(-2)
    assert time.startswith("Time bpf-fetch-relaxed ")
    assert lines == [
        "Test bpf-fetch-relaxed Forbidden",
        "States 4",
        "0:r7=0; 1:r7=0;",
        "0:r7=0; 1:r7=1;",
        "0:r7=1; 1:r7=0;",
        "0:r7=1; 1:r7=1;",
        "No",
        "Witnesses",
        "Positive: 9 Negative: 3",
        "Condition ~exists (0:r7=0 /\\ 1:r7=0)",
        "Observation bpf-fetch-relaxed Sometimes 3 9",
        "Note: loops turn at most 2 times; the rest is left out (--unroll N)",
    ]


def written(directory: Path, name: str, text: str) -> str:
    path = directory / name
    path.write_text(text)
    return str(path)


def test_a_test_that_differs_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --expected the exit code is 12 where a verdict or the final states differ, and JUnit has the
    failure.
    """
    first, second = (
        written(tmp_path, "a.litmus", ppc("sync | sync ;")),
        written(tmp_path, "b.litmus", ppc("sync | ;")),
    )
    head = "file\tverdict\tfinal_states\n"
    table = written(tmp_path, "t.tsv", f"{head}a.litmus\tAllowed\t\nb.litmus\tForbidden\t1:r1=0; 1:r3=5;\n")
    report = tmp_path / "report.xml"
    assert main(["litmus", first, second, "--expected", table, "--junit", str(report)]) == 12
    out = capsys.readouterr().out
    assert "expected Allowed" in out and "1 final states missing, 1 too many" in out
    assert "0 of 2 agree" in out
    suite = ElementTree.parse(report).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")


def test_a_test_of_which_nothing_is_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --expected the exit code is 20 where the file says nothing of a test."""
    table = written(tmp_path, "t.tsv", "file\tverdict\tfinal_states\n")
    assert main(["litmus", written(tmp_path, "a.litmus", ppc("sync | ;")), "--expected", table]) == 20
    assert "nothing is expected of it" in capsys.readouterr().err


def test_a_file_that_cannot_be_run_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 150, the message is on standard error, and the other files are judged."""
    files = [written(tmp_path, "a.litmus", "MIPS a"), written(tmp_path, "b.litmus", ppc("sync | ;"))]
    assert main(["litmus", *files, str(tmp_path / "none.litmus"), "--json"]) == 150
    captured = capsys.readouterr()
    assert [record["name"] for record in json.loads(captured.out)] == ["demo"]
    assert len(captured.err.splitlines()) == 2


def test_c_tests_say_what_they_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output for a C test says that it is not the Linux-kernel memory model."""
    file = written(tmp_path, "c.litmus", C % ("smp_mb();", "int r0 = READ_ONCE(*x);", "1:r0=1"))
    assert main(["litmus", file, "--arch", "arm"]) == 0
    assert "on arm hardware, not the Linux-kernel memory model (LKMM)" in capsys.readouterr().out


def test_wrong_usage_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file, an architecture for an assembly test, and a file of expectations without columns: exit code
    2.
    """
    file = written(tmp_path, "a.litmus", ppc("sync | ;"))
    assert main(["litmus"]) == 2
    assert main(["litmus", file, "--arch", "arm"]) == 2
    assert main(["litmus", file, "--expected", written(tmp_path, "t.tsv", "file\n")]) == 2
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "no litmus test; write: python -m explorer litmus tests/litmus/ppc/*.litmus",
        "--arch is for C tests: an assembly test says itself what it runs on",
        f"{tmp_path}/t.tsv:1: no column verdict; expected a head line: file, verdict, final_states",
    ]


def test_forall_and_always() -> None:
    """`forall` holds if every execution satisfies it, and is then observed always."""
    text = ppc("sync | sync ;").replace(
        "exists (1:r1=1 /\\ 1:r3=0)", "forall (1:r1=0 /\\ ~(1:r3=1 \\/ false))"
    )
    judgement = run(text)
    assert judgement.validated and observation(judgement) == "Always 1 0"
    assert str(judgement.test.condition) == "forall (1:r1=0 /\\ not (1:r3=1 \\/ false))"
