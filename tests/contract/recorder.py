"""What Stripe answered in a test, kept without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

_ID = re.compile(r"(?<=/)[a-z]+_\w*[A-Z0-9]\w*")
_CUTS = [
    (re.compile(r"\b(sk|rk|pk)_(test|live)_[\w*]+"), r"\1_\2_cut"),
    (re.compile(r"\bwhsec_\w+"), "whsec_cut"),
    (re.compile(r"_secret_\w+"), "_secret_cut"),
    (re.compile(r"(https?://[^/\s\"\\]+)[^\s\"\\]*"), r"\1/cut"),  # a receipt's opens by itself
    (re.compile(r"[^\s\"\\@]+@(?!example\.com\b)[\w.-]+"), "cut@example.com"),
]


class Recorder(stripe.RequestsClient):
    """The library's own way to Stripe, which keeps what came back; never what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: list[tuple[str, str, int, bool, bytes]] = []
        self.failed = False  # a key, a limit, an outage or a lost answer says nothing of the API

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            content, status, said = super().request(method, url, headers, post_data)
        except stripe.APIConnectionError:
            self.failed = True
            raise
        self.failed |= status in (401, 429) or status >= 500
        # Of a read that is repeated until something happened, the last one counts.
        if self._answers and method == "get" and self._answers[-1][:2] == (method, url):
            self._answers.pop()
        replayed = said.get("Idempotent-Replayed") == "true"
        self._answers.append((method, url, status, replayed, content))
        return content, status, said

    def answers(self) -> list[dict[str, Any]]:
        """In their order. Raises ValueError where one was no JSON."""
        return [
            {
                "call": f"{method.upper()} {_ID.sub('<id>', urlsplit(url).path)}",
                "status": status,
                "replayed": replayed,
                "body": json.loads(cut(content.decode())),
            }
            for method, url, status, replayed, content in self._answers
        ]


def cut(text: str) -> str:
    """A JSON text without keys, secrets, addresses that open by themselves, and people."""
    for pattern, instead in _CUTS:
        text = pattern.sub(instead, text)
    return text
