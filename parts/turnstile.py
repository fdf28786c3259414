"""The stand-in for the challenge's provider as a process of its own."""

import secrets
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.process import Process


class Turnstile(Process):
    """`settings` let the app use it."""

    def __init__(self, directory: Path) -> None:
        self.url = f"http://{LOOPBACK}:{free_port()}"
        self.secret_key = secrets.token_hex(16)
        self.settings = {
            "TURNSTILE_SITE_KEY": "0x_stand_in",
            "TURNSTILE_SECRET_KEY": self.secret_key,
            "TURNSTILE_API_BASE": self.url,
        }
        port = self.url.rpartition(":")[2]
        super().__init__(
            "turnstile",
            [sys.executable, "-m", "parts.turnstile_server", port, self.secret_key],
            directory / "turnstile.log",
        )

    def is_ready(self) -> bool:
        return answers(f"{self.url}/healthz")

    def solve(self, hostname: str = LOOPBACK, action: str = "checkout") -> str:
        """A token, as the browser gets it on a page of `hostname`."""
        query = urllib.parse.urlencode({"hostname": hostname, "action": action})
        return self._post(f"/tokens?{query}")

    def hang(self) -> None:
        """Let the next check get no answer."""
        self._post("/hang")

    def _post(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", data=b"") as answer:
            said: bytes = answer.read()
        return said.decode()
