"""The directory that keeps the demo's data from one run to the next."""

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from demo.refusal import Refusal


class DataDirectory:
    """Held by one run at a time. What is generated once (keys, a password) is kept in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        self._kept = self.path / "kept.json"
        self._lock: TextIO | None = None

    def claim(self) -> None:
        """Make it and lock it. Raises Refusal."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / "lock").open("w")
        except OSError as error:
            raise Refusal(f"{self.path} cannot be written: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(
                f"{self.path} is in use by another run: stop that one, or set DATA_DIR."
            ) from None

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()

    def kept(self, name: str, make: Callable[[], str]) -> str:
        """The value kept under a name, made the first time."""
        values = self._values()
        if name not in values:
            self.keep(name, make())
        return self._values()[name]

    def keep(self, name: str, value: str) -> None:
        self._kept.touch(mode=0o600)  # it holds secrets
        self._kept.write_text(json.dumps(self._values() | {name: value}, indent=2))

    def _values(self) -> dict[str, str]:
        content = self._kept.read_text() if self._kept.exists() else ""
        values: dict[str, str] = json.loads(content or "{}")
        return values
