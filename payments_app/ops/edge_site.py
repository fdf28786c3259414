"""A site as a visitor's browser reaches it, for the checks of `flask check-edge`."""

from __future__ import annotations

import functools
import http.client
import re
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPMessage
from urllib.parse import urlsplit

SECONDS = 15
HTML = {"Accept": "text/html"}
_HASHED = re.compile(r'"(/static/assets/[^"]+\.[0-9a-f]{16}\.css)"')


class EdgeError(Exception):
    """Something about the site is not as it must be; the message says what."""


@dataclass(frozen=True)
class Answer:
    """What the site said. `headers` keeps repeated ones apart."""

    status: int
    headers: HTTPMessage
    body: bytes

    def header(self, name: str) -> str:
        """The header's value; repeated ones joined by " + ", which no rule expects."""
        return " + ".join(self.headers.get_all(name) or [])


class Site:
    """Asks `url` (https://host[:port]), and trusts `ca` besides the system's authorities."""

    def __init__(self, url: str, ca: str | None = None, plain_port: int = 80) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise EdgeError("the address must read like https://pay.example.com")
        self.host, self.port = parts.hostname, parts.port or 443
        self.plain_port = plain_port
        self._ca = ca

    def ask(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
    ) -> Answer:
        """One request on a connection of its own. Raises OSError where nobody answers."""
        line = http.client.HTTPSConnection(
            self.host, self.port, timeout=SECONDS, context=self._trust()
        )
        return _asked(line, path, headers or {}, method, body)

    def ask_plainly(self, path: str) -> Answer:
        """Without TLS, as an old link does."""
        line = http.client.HTTPConnection(self.host, self.plain_port, timeout=SECONDS)
        return _asked(line, path, {}, "GET", None)

    def protocol(self) -> str:
        """What TLS agrees on: h2 or http/1.1."""
        trust = self._trust()
        trust.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection((self.host, self.port), timeout=SECONDS) as line,
            trust.wrap_socket(line, server_hostname=self.host) as secure,
        ):
            return secure.selected_alpn_protocol() or "http/1.1"

    @functools.cached_property
    def page(self) -> Answer:
        """The shop's page."""
        return self.ask("/", HTML)

    @functools.cached_property
    def hashed_file(self) -> str:
        """A style sheet's address, as the page names it. Raises EdgeError."""
        found = _HASHED.search(self.page.body.decode(errors="replace"))
        if found is None:
            raise EdgeError("the page names no hashed style sheet: run `flask assets build`")
        return found[1]

    def _trust(self) -> ssl.SSLContext:
        trust = ssl.create_default_context()
        if self._ca:
            trust.load_verify_locations(self._ca)
        return trust


def _asked(
    line: http.client.HTTPConnection,
    path: str,
    headers: dict[str, str],
    method: str,
    body: bytes | None,
) -> Answer:
    try:
        line.request(method, path, body=body, headers=headers)
        answer = line.getresponse()
        return Answer(answer.status, answer.msg, answer.read())
    finally:
        line.close()
