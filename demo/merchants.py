"""What the demo's merchants do at Stripe's stand-in: they give all that is asked of them."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from demo.sellers import ONBOARDED
from parts.process import wait_until

WAIT_SECONDS = 60


def onboard(settings: Mapping[str, str]) -> bool:
    """Onboard each merchant as soon as the worker has made its account; False where one was not
    made in time (its goods can't be bought then, and the shop says so)."""
    waiting = set(ONBOARDED)

    def step() -> bool:
        try:
            waiting.difference_update(_onboarded(settings, waiting))
        except urllib.error.URLError:
            return False
        return not waiting

    return wait_until(step, WAIT_SECONDS)


def _onboarded(settings: Mapping[str, str], names: set[str]) -> set[str]:
    """Those of `names` that have an account, which now has given its details."""
    done = set()
    for account in _ask(settings, "GET", "/v1/accounts?limit=100")["data"]:
        name = account["business_profile"]["name"]
        if name in names:
            if not account["details_submitted"]:
                _ask(settings, "POST", f"/_sandbox/accounts/{account['id']}/onboard")
            done.add(name)
    return done


def _ask(settings: Mapping[str, str], method: str, path: str) -> Any:
    key = base64.b64encode(f"{settings['STRIPE_SECRET_KEY']}:".encode()).decode()
    request = urllib.request.Request(
        settings["STRIPE_API_BASE"] + path, method=method, headers={"Authorization": f"Basic {key}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)
