"""Links by which merchants give Stripe their details."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from payments_app.gateway.client import client
from payments_app.gateway.exchange import object_call
from payments_app.gateway.results import Answer


def create_link(stripe_account_id: str, url: str, *, by_v2: bool) -> Answer:
    """Make the link by which a merchant gives Stripe its details: good once, for minutes. The
    merchant comes back to `url`, done or not."""
    if by_v2:
        return object_call(
            "account_link",
            "v2.core.account_link",
            lambda: client().v2.core.account_links.create(
                {
                    "account": stripe_account_id,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {"refresh_url": url, "return_url": url},
                    },
                }
            ),
        )
    return object_call(
        "account_link",
        "account_link",
        lambda: client().v1.account_links.create(
            {
                "account": stripe_account_id,
                "type": "account_onboarding",
                "refresh_url": url,
                "return_url": url,
            }
        ),
    )


def link_end(link: Mapping[str, Any]) -> dt.datetime:
    """When a link ends: v1 tells it in seconds since 1970, v2 as an RFC 3339 time.

    Raises ValueError, TypeError or KeyError where it is told otherwise.
    """
    told = link["expires_at"]
    if isinstance(told, str):
        return dt.datetime.fromisoformat(told)
    return dt.datetime.fromtimestamp(told, dt.UTC)
