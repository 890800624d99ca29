"""The pages and answers of a session over HTTP: a WSGI application, and the server that runs it on 127.0.0.1.

Every refusal is one sentence. What no page of ours would send has a status of its own; a question that has no
answer, such as an expression with a slip, is answered with the reason. Knows nothing of models.
"""

from __future__ import annotations

import errno
import json
import logging
import secrets
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIEnvironment

from explorer.run.options import UsageError
from explorer.serve.access import ADDRESS, HEADERS, refusal
from explorer.serve.session import Malformed, Refused, Session

if TYPE_CHECKING:
    from waitress.server import BaseWSGIServer

LARGEST = 8 << 20
"""Bytes of a request: a stored trace of thousands of steps."""

TEXTS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
}

Answer = tuple[int, str, str]
"""Status, media type, text."""


class Application:
    """Answers requests whose address has the token. `page` makes the page as it is now, `status` says how far
    the check is.
    """

    def __init__(self, session: Session, page: Callable[[], str], status: Callable[[], dict[str, Any]]):
        self.session, self.page, self.status = session, page, status
        self.token, self.port = secrets.token_urlsafe(18), 0

    @property
    def address(self) -> str:
        return f"http://{ADDRESS}:{self.port}/{self.token}/"

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        try:
            status, kind, text = self._answer(environ)
        except Exception as error:
            status, kind, text = _failed(500, f"internal error: {error!r}; this is a bug of the explorer")
        body = text.encode("utf-8", errors="backslashreplace")
        headers = [*HEADERS, ("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))]
        start(f"{status} {TEXTS[status]}", headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        refused = refusal(environ, self.token, self.port)
        if refused:
            return _failed(403, refused)
        word = environ.get("PATH_INFO", "").removeprefix(f"/{self.token}").removeprefix("/")
        method = environ.get("REQUEST_METHOD", "")
        if word == "":
            return (200, "text/html", self.page()) if method in ("GET", "HEAD") else _method(method, "GET")
        if word not in ANSWERS:
            return _failed(404, f"there is nothing under {word!r}; there are {', '.join(ANSWERS)}")
        if method != "POST":
            return _method(method, "POST")
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip()
        if kind != "application/json":
            return _failed(415, f"the request is {kind or 'of no type'}; expected application/json")
        return self._reply(word, environ)

    def _reply(self, word: str, environ: WSGIEnvironment) -> Answer:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > LARGEST:
            return _failed(413, f"the request has {length} bytes; at most {LARGEST} are read")
        try:
            asked = json.loads(environ["wsgi.input"].read(int(length)))
        except (ValueError, RecursionError):
            return _failed(400, "the request is no JSON")
        if not isinstance(asked, dict):
            return _failed(400, "the request is no JSON object")
        try:
            found = ANSWERS[word](self, asked)
        except Malformed as error:
            return _failed(422, str(error))
        except Refused as error:
            return 200, "application/json", json.dumps({"refused": str(error)}, separators=(",", ":"))
        if isinstance(found, str):
            return 200, "image/svg+xml" if word == "picture" else "application/json", found
        return 200, "application/json", json.dumps(found, separators=(",", ":"))


ANSWERS: dict[str, Callable[[Application, dict[str, Any]], dict[str, Any] | str]] = {
    "initial": lambda app, asked: app.session.initial(),
    "states": lambda app, asked: app.session.states_at(asked.get("paths")),
    "values": lambda app, asked: app.session.values(asked.get("path"), asked.get("expression")),
    "itf": lambda app, asked: app.session.itf(asked.get("path")),
    "picture": lambda app, asked: app.session.picture(asked.get("path")),
    "open": lambda app, asked: app.session.open(asked.get("text")),
    "status": lambda app, asked: app.status(),
}


def _failed(status: int, sentence: str) -> Answer:
    return status, "application/json", json.dumps({"error": sentence})


def _method(found: str, expected: str) -> Answer:
    return _failed(405, f"{found} is not answered here; expected {expected}")


def listen(application: Application, port: int) -> BaseWSGIServer:
    """A server for this machine alone; port 0 is a free one. UsageError where it cannot be had."""
    try:
        from waitress.server import create_server
    except ImportError:
        raise UsageError("serve needs the package waitress; write: pip install waitress") from None
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((ADDRESS, port))
    except OSError as error:
        bound.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error)).lower()
        raise UsageError(f"--port {port}: {why}; write: no --port, for a free one") from None
    application.port = bound.getsockname()[1]
    return create_server(
        application,
        sockets=[bound],
        threads=4,
        ident=None,
        max_request_body_size=LARGEST,
        clear_untrusted_proxy_headers=True,
    )


def end(server: BaseWSGIServer) -> None:
    """Close a server that runs in another thread, with the connections that are kept alive."""

    def close() -> None:
        for channel in [*server.active_channels.values()]:
            channel.handle_close()
        server.task_dispatcher.shutdown()
        server.close()

    server.trigger.pull_trigger(close)
