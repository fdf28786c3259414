"""Who the bystanders are, and when: what is over was in 2020, what is to come is in 2099."""

from __future__ import annotations

import datetime as dt
from typing import Any

THEN = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
FAR = dt.datetime(2099, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
CUSTOMER, CARD, SUBSCRIPTION = "cust_bystander", "card_bystander", "subs_bystander"
MERCHANT, ENDPOINT, ACCOUNT = "mrc_bystander", "whe_bystander", "acct_bystander"
STAFF, EMAIL = "stf_bystander", "bystander@example.org"
PAID, SALE, RENEWAL, DOWNLOAD = (
    "txn_bystander_paid",
    "txn_bystander_sale",
    "txn_bystander_renewal",
    "txn_bystander_download",
)
BOOKED = {"stripe_balance": 5150, "sales": -5150}  # in dollars, in minor units
NUMBER = 900_000_001  # of rows that are counted: above whatever a test makes

Rows = list[tuple[Any, list[dict[str, Any]]]]
