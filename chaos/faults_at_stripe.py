"""The faults at Stripe: answers and events that are lost, late, refused, doubled or forged."""

from __future__ import annotations

import contextlib
import json
import random
import time
from typing import Any

import requests

from chaos.site import Site

_STRIPE_BURSTS = (
    "slow",
    "rate_limit",
    "lock_timeout",
    "409_in_flight",
    "500_before",
    "500_after",
    "drop_before",
    "drop_after",
    "truncate",
    "html_200",
    "html_502",
)
_PATHS = (r"/v1/payment_intents$", r"/confirm$", r"/v1/payment_intents", r"/v1/refunds")


def burst_at_stripe(site: Site, chance: random.Random) -> None:
    """One kind of fault strikes some calls of one kind."""
    _script(
        site,
        {
            "fault": chance.choice(_STRIPE_BURSTS),
            "match": {"path": chance.choice(_PATHS)},
            "times": chance.randint(2, 8),
            "probability": 0.5,
            "seed": chance.randrange(1 << 30),
            "ms": 700,
        },
    )


def outage_at_stripe(site: Site, chance: random.Random) -> None:
    """No call comes through for seconds: the breaker opens."""
    _script(site, {"fault": chance.choice(("drop_before", "html_502")), "times": None})
    time.sleep(chance.uniform(1, 4))
    mend_stripe(site)


def refused_key(site: Site, chance: random.Random) -> None:
    """Stripe refuses our key for a few calls."""
    _script(site, {"fault": chance.choice(("unauthorized", "forbidden")), "times": 2})


def hang_at_stripe(site: Site, _chance: random.Random) -> None:
    """An answer that comes after we stopped waiting for it."""
    _script(site, {"fault": "hang", "match": {"path": r"/confirm$"}, "times": 1, "ms": 21_000})


def garble_webhooks(site: Site, chance: random.Random) -> None:
    """From now on events are lost, doubled and shuffled in another way."""
    script = {
        "drop": chance.choice((0, 0.3, 0.6)),
        "duplicate": chance.choice((0, 1, 4)),
        "shuffle": chance.random() < 0.7,
        "delay_ms": [0, chance.choice((0, 1500))],
        "seed": chance.randrange(1 << 30),
    }
    site.ask_stripe("POST", "/_sandbox/webhook_faults", script)


def forge_webhooks(site: Site, chance: random.Random) -> None:
    """Events that claim success for whatever is open, with a signature of somebody else's."""
    listed: Any = site.ask_stripe("GET", "/v1/payment_intents?limit=20")["data"]
    for intent in listed:
        event = {
            "id": f"evt_forged_{chance.randrange(1 << 40)}",
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {**intent, "status": "succeeded"}},
        }
        headers = {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"}
        with contextlib.suppress(requests.RequestException):
            requests.post(
                f"{site.url}/webhooks/stripe", json.dumps(event), headers=headers, timeout=(3, 10)
            )


def mend_stripe(site: Site) -> None:
    """Stripe answers again; what the rules struck is counted before they go."""
    rules: Any = site.ask_stripe("GET", "/_sandbox/faults")["rules"]
    for rule in rules:
        site.spoiled[rule["fault"]] += rule["struck"]
    site.ask_stripe("DELETE", "/_sandbox/faults")


def _script(site: Site, rule: dict[str, Any]) -> None:
    site.ask_stripe("POST", "/_sandbox/faults", rule)
