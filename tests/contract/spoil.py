"""A stand-in that answers wrongly."""

from __future__ import annotations

import json
import urllib.request


def spoil(url: str, key: str, fault: str, **fields: object) -> None:
    """Every answer to this key goes wrong from now on; `fields` are what `say` says."""
    rule = {"fault": fault, "set": fields, "times": None}
    headers = {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(
        f"{url}/_sandbox/faults", json.dumps(rule).encode(), headers, method="POST"
    )
    with urllib.request.urlopen(request, timeout=15):
        pass
