"""What the API was asked, by account, for a test to look at."""

import re
import threading
import time
from collections import defaultdict, deque
from typing import Any

from stripe_sandbox.messages import Request, Response

_KEPT = 20_000


class RequestsLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def begin(self, account: str, request: Request, request_id: str) -> dict[str, Any]:
        """The entry has no status until `end`."""
        entry = {
            "id": request_id,
            "at": time.time(),
            "method": request.method,
            "path": request.path,
            "idempotency_key": request.headers.get("Idempotency-Key"),
            "executed": False,
            "fault": None,
            "replayed": False,
            "status": None,
        }
        with self._lock:
            self._entries[account].append(entry)
        return entry

    def end(self, entry: dict[str, Any], response: Response) -> None:
        with self._lock:
            entry["status"] = response.status
            entry["replayed"] = "Idempotent-Replayed" in response.headers

    def listed(self, account: str, path: str = "") -> list[dict[str, Any]]:
        """Oldest first; `path` is a regular expression."""
        with self._lock:
            return [dict(each) for each in self._entries[account] if re.search(path, each["path"])]
