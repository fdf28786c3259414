"""Firefox ESR of this machine, headless, driven by its own Marionette: WebDriver's commands as JSON
over a local socket, so no driver is needed, of which Debian has none.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from pathlib import Path
from typing import Any, Self

from parts.install import MissingPart
from parts.ports import LOOPBACK
from parts.process import Process

WITHIN_MS = 60_000  # a page of a busy machine
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, in WebDriver
# Whatever is not on this machine leads nowhere; Marionette itself keeps updates and the like away.
_PREFERENCES = {
    "marionette.port": 0,
    "network.proxy.type": 1,
    "network.proxy.http": LOOPBACK,
    "network.proxy.http_port": 9,
    "network.proxy.ssl": LOOPBACK,
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": LOOPBACK,
}
_CONSOLE = """
  return Services.console.getMessageArray()
    .filter((one) => one instanceof Ci.nsIScriptError && one.sourceName.startsWith(arguments[0]))
    .filter((one) => !(one.flags & Ci.nsIScriptError.warningFlag))
    .map((one) => one.errorMessage);
"""


class FirefoxError(Exception):
    """What the browser says that it could not do."""


class Firefox(Process):
    """A browser with one window and a profile of its own. `find` and what is built on it wait for
    the element, up to WITHIN_MS."""

    def __init__(self, directory: Path, language: str = "en-US") -> None:
        self._profile = directory / "firefox"
        self._profile.mkdir(parents=True)
        preferences = _PREFERENCES | {"intl.accept_languages": language}
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items())
        (self._profile / "user.js").write_text("\n".join(lines))
        flags = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
        command = [find_firefox(), *flags, "--profile", str(self._profile)]
        super().__init__("firefox", command, directory / "firefox.log")
        self._number = 0

    def is_ready(self) -> bool:
        return (self._profile / "MarionetteActivePort").exists()

    def start(self, within: float = 60) -> Self:
        """Start it, and open a session. Raises NotReady, FirefoxError."""
        super().start(within)
        port = int((self._profile / "MarionetteActivePort").read_text())
        self._socket = socket.create_connection((LOOPBACK, port), timeout=2 * WITHIN_MS / 1000)
        self._answers = self._socket.makefile("rb")
        self._read()  # its greeting
        self.do("NewSession")
        self.do("SetTimeouts", implicit=WITHIN_MS)
        return self

    def stop(self, within: float = 10) -> None:
        """Close the session's connection, and end it."""
        with contextlib.suppress(AttributeError):  # it never got so far
            self._answers.close()
            self._socket.close()
        super().stop(within)

    def do(self, command: str, of: str = "WebDriver", **parameters: Any) -> Any:
        """One command of WebDriver's; what it answers. Raises FirefoxError."""
        self._number += 1
        said = json.dumps([0, self._number, f"{of}:{command}", parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(said), said))
        _, _, error, result = self._read()
        if error:
            raise FirefoxError(f"{command} {parameters}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def open(self, url: str) -> None:
        self.do("Navigate", url=url)

    def find(self, css: str) -> str:
        """The id of an element."""
        return self._found("css selector", css)

    def sees(self, words: str, tag: str = "h1") -> None:
        """Wait until such an element has these words and no others."""
        self._found("xpath", f'//{tag}[normalize-space()="{words}"]')

    def click(self, css: str) -> None:
        self.do("ElementClick", id=self.find(css))

    def type(self, css: str, text: str) -> None:
        self.do("ElementSendKeys", id=self.find(css), text=text)

    def into_frame(self, css: str | None) -> None:
        """What follows is about what this frame shows; None: about the page itself."""
        element = {"element": self.find(css)} if css else {}
        self.do("SwitchToFrame", **element)

    def ask(self, script: str, *arguments: Any) -> Any:
        """What a script returns that runs in the page."""
        return self.do("ExecuteScript", script=script, args=list(arguments))

    def complaints(self, origin: str) -> list[str]:
        """The errors of the console that come from this origin: of scripts, and what the content
        security policy refused."""
        self.do("SetContext", of="Marionette", value="chrome")
        said: list[str] = self.ask(_CONSOLE, origin)
        self.do("SetContext", of="Marionette", value="content")
        return said

    def _found(self, using: str, value: str) -> str:
        return str(self.do("FindElement", using=using, value=value)[_ELEMENT])

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            length += self._answers.read(1) or _ended()
        return json.loads(self._answers.read(int(length[:-1])))


def find_firefox() -> str:
    """The path of the browser. Raises MissingPart."""
    found = shutil.which("firefox-esr")
    if found is None:
        raise MissingPart("firefox-esr")
    return found


def _ended() -> bytes:
    raise FirefoxError("the browser has closed the connection")
