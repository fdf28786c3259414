"""A mail server that refuses a mail for the link in it, and quotes that link, as filters do."""

from __future__ import annotations

import re
import socketserver
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Quoting(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            if line[:4].upper() == b"DATA":
                self._say("354 go on")
                mail = b"".join(iter(self.rfile.readline, b".\r\n")).replace(b"=\r\n", b"")
                (link, *_) = re.findall(rb"https?://[^\s\"]+", mail)
                quoted = self.server.write(link.decode())  # type: ignore[attr-defined]
                self._refuse(f"5.7.1 refused: {quoted} is on a list of phishing")
            else:
                self._say("221 bye" if line[:4].upper() == b"QUIT" else "250 ok")

    def _refuse(self, words: str) -> None:
        *lines, last = textwrap.wrap(words, self.server.width)  # type: ignore[attr-defined]
        for line in lines:
            self._say(f"554-{line}")
        self._say(f"554 {last}")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def quoting_mail_server(width: int, write: Callable[[str], str] = str) -> Iterator[str]:
    """Its URL. Its reply has lines of `width` characters at most (RFC 5321, section 4.2.1), and
    the link in it as it is written so."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Quoting) as server:
        server.daemon_threads = True
        server.width = width  # type: ignore[attr-defined]
        server.write = write  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
