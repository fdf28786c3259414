"""The Stripe sandbox as a process of its own."""

import sys
from pathlib import Path

from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.process import Process


class Sandbox(Process):
    """Logs to `directory` and, with `keep`, stores its state there; else a restart forgets it.

    It posts its events to `webhook_url` when one is given.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        keep: bool = True,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        command = [sys.executable, "-m", "stripe_sandbox", "--port", str(self.port)]
        if keep:
            command += ["--data-dir", str(directory)]
        if webhook_url and webhook_secret:
            command += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
        super().__init__("The Stripe sandbox", command, directory / "sandbox.log")

    def is_ready(self) -> bool:
        return answers(f"{self.url}/healthz")
