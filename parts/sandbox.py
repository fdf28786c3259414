"""The Stripe sandbox as a process of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.process import Process

_SECRETS = ("--webhook-secret", "--connect-webhook-secret", "--thin-webhook-secret")


class Sandbox(Process):
    """Logs to `directory` and, with `keep`, stores its state there; else a restart forgets it.

    It posts its events to `webhook_url` when one is given, signed with that of `webhook_secrets`
    which is their destination's.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        keep: bool = True,
        webhook_url: str | None = None,
        webhook_secrets: Sequence[str] = (),
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        command = [sys.executable, "-m", "stripe_sandbox", "--port", str(self.port)]
        if keep:
            command += ["--data-dir", str(directory)]
        if webhook_url:
            command += ["--webhook-url", webhook_url]
        for option, secret in zip(_SECRETS, webhook_secrets, strict=False):
            command += [option, secret]
        super().__init__("The Stripe sandbox", command, directory / "sandbox.log")

    def is_ready(self) -> bool:
        return answers(f"{self.url}/healthz")
