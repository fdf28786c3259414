"""Accounts whose buyers' banks take their time: a confirmed payment is `processing` first."""

import threading


class SlowBanks:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pauses: dict[str, float] = {}

    def set(self, account: str, seconds: float | None) -> None:
        """None: the banks answer at once again."""
        with self._lock:
            if seconds is None:
                self._pauses.pop(account, None)
            else:
                self._pauses[account] = seconds

    def pause(self, account: str) -> float | None:
        """In seconds."""
        with self._lock:
            return self._pauses.get(account)
