"""`serve`: answers to a page of its own and to nobody else, a sentence for every refusal, and endings."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from explorer.api import walk
from explorer.command import main as cli
from explorer.ground.ground import ground
from explorer.run.load import load
from explorer.serve.application import LARGEST, Application, end, listen
from explorer.serve.session import LENGTH, PATHS, Session
from tests.support.command_line import ENVIRONMENT
from tests.support.stories import dekker, write


class Reply(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Site:
    """A served spec, and requests to it."""

    def __init__(self, application: Application):
        self.application = application

    def ask(
        self, word: str, question: object = None, *, method: str = "POST", token: str = "", **headers: str
    ) -> Reply:
        """A request as the page sends it, but for what is given; a header that is "" is left out."""
        sent = {"Host": f"127.0.0.1:{self.application.port}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = question if isinstance(question, bytes) else json.dumps(question or {}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.application.port, timeout=10)
        try:
            connection.putrequest(method, f"/{token or self.application.token}/{word}", skip_host=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            if method == "POST":
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body if method == "POST" else None)
            reply = connection.getresponse()
            return Reply(reply.status, reply.read().decode(), dict(reply.getheaders()))
        finally:
            connection.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    spec = load(str(dekker(tmp_path_factory.mktemp("served"))))
    session = Session(ground(spec), spec)
    application = Application(session, lambda: "<!doctype html><p>page</p>", lambda: {"done": False})
    server = listen(application, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Site(application)
    end(server)
    thread.join(10)


# Who may ask


def test_the_page_is_answered_and_nothing_keeps_it(site: Site) -> None:
    """Not framed, not cached, its address told to nobody."""
    reply = site.ask("", method="GET")
    assert (reply.status, reply.text) == (200, "<!doctype html><p>page</p>")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store" and reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["X-Frame-Options"] == "DENY" and "Server" not in reply.headers
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_it_listens_on_this_machine_alone(site: Site) -> None:
    """On 127.0.0.1, and on no address that another machine reaches."""
    port = site.application.port
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    for other in ("127.0.0.2", "::1"):
        with pytest.raises(OSError), socket.create_connection((other, port), timeout=5):
            pass


@pytest.mark.parametrize(
    "changed, status, sentence",
    [
        (
            {"token": "x"},
            403,
            "the address has no token, or another one; open the one that the terminal shows",
        ),
        ({"Host": "evil.example"}, 403, "the host 'evil.example' is not this machine's"),
        ({"Host": "127.0.0.1:1"}, 403, "the host '127.0.0.1:1' is not this machine's"),
        ({"Host": ""}, 403, "the host '' is not this machine's"),
        ({"Origin": "https://evil.example"}, 403, "a page of 'https://evil.example' may not ask here"),
        ({"Origin": "null"}, 403, "a page of 'null' may not ask here"),
        ({"Origin": "http://127.0.0.1:1"}, 403, "a page of 'http://127.0.0.1:1' may not ask here"),
        ({"Sec_Fetch_Site": "cross-site"}, 403, "a page of another origin may not ask here"),
        ({"Sec_Fetch_Site": "same-site"}, 403, "a page of another origin may not ask here"),
        ({"Content_Type": "text/plain"}, 415, "the request is text/plain; expected application/json"),
        ({"Content_Type": ""}, 415, "the request is of no type; expected application/json"),
        ({"method": "GET"}, 405, "GET is not answered here; expected POST"),
        ({"method": "DELETE"}, 405, "DELETE is not answered here; expected POST"),
    ],
)
def test_a_request_from_elsewhere_is_refused(
    changed: dict[str, str], status: int, sentence: str, site: Site
) -> None:
    """With a sentence, whatever it asks."""
    method, token = changed.pop("method", "POST"), changed.pop("token", "")
    reply = site.ask("status", method=method, token=token, **changed)
    assert reply.status == status and reply.json["error"].startswith(sentence)


def test_a_page_of_its_own_is_answered(site: Site) -> None:
    """By either name of this machine."""
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{site.application.port}"
        reply = site.ask("status", Host=host, Origin=f"http://{host}", Sec_Fetch_Site="same-origin")
        assert (reply.status, reply.json) == (200, {"done": False})


@pytest.mark.parametrize(
    "word, question, status, sentence",
    [
        ("status", b"{", 400, "the request is no JSON"),
        ("status", b"\xff\xfe", 400, "the request is no JSON"),
        ("status", b"[" * 100_000, 400, "the request is no JSON"),
        ("status", b"[]", 400, "the request is no JSON object"),
        ("nothing", {}, 404, "there is nothing under 'nothing'; there are initial, states,"),
        ("../", {}, 404, "there is nothing under '../'"),
        ("states", {}, 422, "`paths` is no list of at most 1000 paths"),
        ("states", {"paths": [[0]] * (PATHS + 1)}, 422, "`paths` is no list of at most 1000 paths"),
        ("states", {"paths": [[]]}, 422, "a path is no list of whole numbers from 0"),
        ("states", {"paths": [["0"]]}, 422, "a path is no list of whole numbers from 0"),
        ("states", {"paths": [[True]]}, 422, "a path is no list of whole numbers from 0"),
        ("states", {"paths": [[-1]]}, 422, "a path is no list of whole numbers from 0"),
        ("states", {"paths": [[0] * (LENGTH + 1)]}, 422, "a path of 20000 steps: at most 20000 are walked"),
        ("states", {"paths": [[7]]}, 200, "there is no initial state 7"),
        ("states", {"paths": [[0, 999]]}, 200, "step 1: there is no action instance 999"),
        ("states", {"paths": [[0, 2]]}, 200, "step 1: complete(cpu=A) is not possible there"),
        ("itf", {"path": [0, 2]}, 200, "step 1: complete(cpu=A) waits for buffered[A][A]"),
        ("itf", {"path": [0, 999]}, 200, "step 1: there is no action instance 999"),
        ("values", {"path": [0]}, 422, "`expression` is no text"),
        ("values", {"path": [0], "expression": "atx"}, 200, "atx is not known; did you mean at?"),
        ("open", {}, 422, "`text` is no text"),
        ("open", {"text": "{}"}, 200, "this is no trace in the Informal Trace Format"),
        ("open", {"text": "[1"}, 200, "this is no trace in the Informal Trace Format"),
    ],
)
def test_a_malformed_request_is_refused(
    word: str, question: Any, status: int, sentence: str, site: Site
) -> None:
    """With one sentence, and the server goes on."""
    reply = site.ask(word, question)
    said = reply.json["refused" if status == 200 else "error"]
    assert reply.status == status and said.startswith(sentence), reply
    assert "\n" not in said
    assert site.ask("status").status == 200


def test_a_request_that_is_too_large_is_refused(site: Site) -> None:
    """Before it is read."""
    head = f"POST /{site.application.token}/status HTTP/1.1\r\nHost: 127.0.0.1:{site.application.port}\r\n"
    with socket.create_connection(("127.0.0.1", site.application.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: {LARGEST + 1}\r\n\r\n".encode())
        assert b" 413 " in connection.recv(64)


# What is answered


def test_a_path_is_walked_and_evaluated(site: Site) -> None:
    """State by state, as the reference does it."""
    (first, second) = site.ask("states", {"paths": [[0], [0, 0]]}).json["states"]
    assert [step[0] for step in first["steps"]] == [0, 1] and first["steps"][0][2] == second["key"]
    assert "SET" in second["texts"] and second["truths"][0] == [True, []]
    found = site.ask("values", {"path": [0, 0, 1], "expression": "count(at[c] == SET for c in Cpu)"})
    assert found.json == {"values": ["0", "1", "2"]}
    assert site.ask("initial").json == {"paths": [[0]], "more": False}


def test_a_saved_path_is_opened_again(site: Site) -> None:
    """As the same numbers; one that does not fit says at which step."""
    text = site.ask("itf", {"path": [0, 0, 5, 1]}).text
    assert site.ask("open", {"text": text}).json == {"path": [0, 0, 5, 1], "note": ""}
    assert site.ask("picture", {"path": [0, 0, 5]}).text.startswith("<svg")
    other = site.ask("open", {"text": text.replace(site.application.session.model.digest, "0" * 16)})
    assert "made from another spec" in other.json["note"]
    trace = json.loads(text)
    trace["states"][2]["#meta"]["instance"] = "enter(cpu=B, other=A)"
    refused = site.ask("open", {"text": json.dumps(trace)})
    assert "step 2 no longer fits: enter(cpu=B, other=A)" in refused.json["refused"]


def test_a_long_path_is_walked_where_no_space_could_be_visited(tmp_path: Path) -> None:
    """2,000 steps into a space of 10^18 states."""
    spec = load(str(write(tmp_path, "large", LARGE)))
    session = Session(ground(spec), spec)
    path = [0, *([0, 1] * 1000)]
    moment = session.states_at([path])["states"][0]
    assert moment["texts"] == ["1000", "1000", "0"]
    assert session.values(path, "a + b")["values"][-1] == "2000"


LARGE = """\
from typing import Annotated
from explorer import *

class S(State):
    a: Var[Annotated[int, Range(0, 999_999)]] = initially(0)
    b: Var[Annotated[int, Range(0, 999_999)]] = initially(0)
    c: Var[Annotated[int, Range(0, 999_999)]] = initially(0)

@action
def one(s: S): s.a.next = (s.a + 1) % 1_000_000

@action
def two(s: S): s.b.next = (s.b + 1) % 1_000_000

@action
def three(s: S): s.c.next = (s.c + 1) % 1_000_000

spec = Spec()
"""


# The command


class Served(NamedTuple):
    process: subprocess.Popen[str]
    address: str
    said: list[str]

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out + err


def served(directory: Path, *arguments: str, before: int = 0) -> Served:
    """A server that was started as a script starts it in the background: interrupts were ignored before."""
    process = subprocess.Popen(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "explorer", "serve", *arguments],
        cwd=directory,
        env=ENVIRONMENT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(before + 1)]
    return Served(process, said[-1].split(": ")[1].strip(), said[:-1])


def test_the_command_serves_the_report_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """The address first, then what the check found, whose report is the page; exit 0."""
    dekker(tmp_path)
    running = (
        served(tmp_path, "dekker.py", "--open")
        if os.environ.get("DISPLAY")
        else served(tmp_path, "dekker.py")
    )
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{24}/", running.address)
        assert running.process.stdout is not None
        assert running.process.stdout.readline().startswith(
            "dekker violates exclusion; every reachable state"
        )
        host, _, token = running.address.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", f"/{token}")
        page = connection.getresponse().read().decode()
        connection.close()
        assert "exclusion is violated after 6 steps" in page and '"live":true' in page
        assert "connect-src 'self'" in page.replace("&#x27;", "'")
    finally:
        code, said = running.end()
    assert (code, "Traceback" in said) == (0, False)


def test_a_trace_is_where_the_page_begins(tmp_path: Path) -> None:
    """With the constants that it was found with."""
    spec = dekker(tmp_path)
    text = spec.read_text().replace("class Cpu", 'LAST = constant("LAST", 2)\n\nclass Cpu')
    spec.write_text(text.replace("Range(0, 2)", "Range(0, LAST)"))
    assert cli.main([str(spec), "-D", "LAST=3", "--write", "itf", "--out", str(tmp_path / "o")]) == 12
    running = served(tmp_path, "dekker.py", "o/exclusion.itf.json", "--no-check")
    host, _, token = running.address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", f"/{token}")
    page = connection.getresponse().read().decode()
    connection.close()
    assert running.end()[0] == 0
    assert re.search(r'"path":\[0,\d+,\d+,\d+,\d+,\d+,\d+\]', page)


def test_what_cannot_be_served_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port in use, a wrong spec, a trace that does not fit, none at all: a sentence and an exit code."""
    monkeypatch.chdir(tmp_path)
    dekker(tmp_path)
    write(tmp_path, "wrong", "from explorer import *\nspec = Spec(deadlock=3)\n")
    saved = walk("dekker.py")
    saved.take("store(cpu=A)")
    (tmp_path / "no.itf.json").write_text("{}")
    cli.main(["dekker.py", "--write", "itf"])
    trace = (tmp_path / "out/dekker/exclusion.itf.json").read_text()
    (tmp_path / "other.itf.json").write_text(trace.replace("store(cpu=A)", "complete(cpu=A)"))
    capsys.readouterr()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for arguments, code, said in (
            (["dekker.py", "--port", str(port)], 2, f"explorer: --port {port}: is in use; write: no --port"),
            (
                ["dekker.py", "--port", "70000"],
                2,
                "explorer: argument --port: '70000' is no port: they end at 65535",
            ),
            (
                ["dekker.py", "no.itf.json"],
                2,
                "explorer: replay no.itf.json: not a trace in the Informal Trace Format",
            ),
            (["dekker.py", "none.json"], 2, "explorer: replay none.json: No such file or directory"),
            (["dekker.py", "other.itf.json"], 1, "other.itf.json does not fit dekker: step 1 no longer fits"),
            (["dekkr.py"], 2, "explorer: dekkr.py: no such file; did you mean dekker.py?"),
            (["wrong.py"], 150, "wrong.py:2: E"),
            ([], 2, "explorer: no spec file; write: python -m explorer serve spec/ipi_fixed.py"),
        ):
            assert cli.main(["serve", *arguments]) == code
            out, err = capsys.readouterr()
            assert said in out + err, out + err
