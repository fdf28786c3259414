"""The mailbox as a process of its own: a mail server whose mails are files."""

import socket
import sys
from pathlib import Path

from parts.ports import LOOPBACK, free_port
from parts.process import Process


class Mailbox(Process):
    """Keeps mails in `directory`/mails and logs beside them."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"smtp://{LOOPBACK}:{self.port}"
        self.mails = directory / "mails"
        super().__init__(
            "mailbox",
            [sys.executable, "-m", "parts.mailbox_server", str(self.port), self.mails],
            directory / "mailbox.log",
        )

    def is_ready(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False
