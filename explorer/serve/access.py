"""Who may ask: only a page of this server, whose address has the token. Knows nothing of what is asked.

Another page in the same browser can send requests to 127.0.0.1 too: one of another origin says so in `Origin`
or `Sec-Fetch-Site`, and one that made its own name mean 127.0.0.1 (DNS rebinding) says so in `Host`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

ADDRESS = "127.0.0.1"
NAMES = (ADDRESS, "localhost")

HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
]
"""What every answer says: it is kept nowhere, shown in no other page, and its address is told to nobody."""


def refusal(environ: Mapping[str, str], token: str, port: int) -> str:
    """Why a request (its WSGI environment) is not answered, in a sentence; "" where it is."""
    hosts = [f"{name}:{port}" for name in NAMES]
    host = environ.get("HTTP_HOST", "")
    if host not in hosts:
        return f"the host {host!r} is not this machine's; open: http://{hosts[0]}/"
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin not in [f"http://{name}" for name in hosts]:
        return f"a page of {origin!r} may not ask here"
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin"):
        return "a page of another origin may not ask here"
    given = environ.get("PATH_INFO", "").partition("/")[2].partition("/")[0]
    if not hmac.compare_digest(given.encode(errors="replace"), token.encode()):
        return "the address has no token, or another one; open the one that the terminal shows"
    return ""
