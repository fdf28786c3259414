"""Somebody who visits the site through nginx, over TLS."""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass
from email.message import Message

from parts.nginx import NAME, Nginx

PAGE = {"Accept": "text/html"}
PROGRAM = {"Accept": "application/json"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    def __init__(self, nginx: Nginx) -> None:
        self.nginx = nginx

    def ask(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
    ) -> Answer:
        trust = ssl.create_default_context(cafile=str(self.nginx.certificate))
        line = http.client.HTTPSConnection(NAME, self.nginx.port, timeout=20, context=trust)
        try:
            line.request(method, path, body=body, headers=headers or {})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def hashed(self, suffix: str = ".css") -> str:
        """The address of a hashed file, as a page names it."""
        page = self.ask("/nothing", PAGE).text
        found = re.search(rf'"(/static/assets/[^"]+\.[0-9a-f]{{16}}{re.escape(suffix)})"', page)
        assert found is not None, page
        return found[1]
