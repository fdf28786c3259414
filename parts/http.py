"""Asking a server whether it is up."""

import http.client
import urllib.error
import urllib.request


def answers(url: str, timeout: float = 5) -> bool:
    """Whether a GET answers 2xx within so many seconds."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return 200 <= int(response.status) < 300
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False
