"""What the keys open: our account and its balance, the other key's account, Connect, and which
calls the secret key may make. Nothing here moves or stores anything at Stripe, but `make_intent`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.core.money import minimum
from payments_app.gateway.client import client
from payments_app.gateway.exchange import V2_LIST, object_call
from payments_app.gateway.results import Answer

# No object of Stripe's has it: a call that names it is refused, and does nothing.
_NOBODY = "doctor_asks_for_nothing"
_CHECK = "check_of_this_installation"  # in the metadata of an intent that is one


@dataclass(frozen=True)
class OwnAccount:
    """Our account as Stripe answers it, with what the answer said of itself: the API version, and
    Stripe's time in seconds since the epoch."""

    answer: Answer
    version: str | None = None
    time: float | None = None


def read_own_account() -> OwnAccount:
    """Read the account of the secret key."""
    said: dict[str, str] = {}

    def call() -> Any:
        found = client().v1.accounts.retrieve_current()
        headers = found.last_response.headers if found.last_response else {}
        said.update({name.lower(): value for name, value in headers.items()})
        return found

    answer = object_call("own_account", "account", call)
    date = said.get("date")
    return OwnAccount(
        answer,
        said.get("stripe-version"),
        parsedate_to_datetime(date).timestamp() if date else None,
    )


def read_balance() -> Answer:
    """Read what our account holds, in each currency that it settles in."""
    return object_call("balance", "balance", lambda: client().v1.balance.retrieve())


def read_newest_intent() -> Answer:
    """Read the newest payment intent of our account, with its secret; without a body: none."""
    answer = object_call("intents", "list", lambda: client().v1.payment_intents.list({"limit": 1}))
    found = (answer.body or {}).get("data") or [None]
    return replace(answer, body=found[0])


def read_with_key(intent: dict[str, Any] | None, key: str) -> Answer:
    """Read an intent as a buyer's browser does, with the publishable key and the intent's secret.
    Without an intent, one that is not there: it tells at least whether Stripe knows the key."""
    id_, secret = f"pi_{_NOBODY}", f"pi_{_NOBODY}_secret_none"
    if intent is not None:
        id_, secret = str(intent["id"]), str(intent["client_secret"])
    return object_call(
        "intent_by_publishable_key",
        "payment_intent",
        lambda: client().v1.payment_intents.retrieve(
            id_, {"client_secret": secret}, {"api_key": key}
        ),
    )


def is_check(intent: Mapping[str, Any]) -> bool:
    """Whether it is one of `make_intent`, and took nothing."""
    marked = _CHECK in as_object(intent.get("metadata"))
    return marked and intent.get("status") == "canceled" and not intent.get("amount_received")


def make_intent(currency: str) -> Answer:
    """Make a payment intent of the least amount that nobody pays, and cancel it."""
    wanted: Any = {
        "amount": minimum(currency) or 100,
        "currency": currency,
        "allowed_payment_method_types": ["card"],
        "description": "A check of this installation. Nobody is charged.",
        "metadata": {_CHECK: "1"},
    }
    made = object_call(
        "intent_create", "payment_intent", lambda: client().v1.payment_intents.create(wanted)
    )
    if made.body is not None:
        id_ = str(made.body["id"])
        object_call(
            "intent_cancel", "payment_intent", lambda: client().v1.payment_intents.cancel(id_)
        )
    return made


def list_accounts_by(version: str) -> Answer:
    """Whether Connect answers: the list of connected accounts, by API `v1` or `v2`."""
    if version == "v2":
        return object_call(
            "accounts_v2", V2_LIST, lambda: client().v2.core.accounts.list({"limit": 1})
        )
    return object_call("accounts_v1", "list", lambda: client().v1.accounts.list({"limit": 1}))


def probe_permissions() -> Iterator[tuple[str, Answer]]:
    """Ask for each kind of writing that payments need, of objects that are not there. Stripe
    refuses a key that may not before it looks for them."""
    v1 = client().v1
    probes: dict[str, Callable[[], Any]] = {
        "payment_intent": lambda: v1.payment_intents.cancel(f"pi_{_NOBODY}"),
        "setup_intent": lambda: v1.setup_intents.cancel(f"seti_{_NOBODY}"),
        "refund": lambda: v1.refunds.create({"payment_intent": f"pi_{_NOBODY}"}),
        "customer": lambda: v1.customers.update(f"cus_{_NOBODY}", {"description": "none"}),
        "payment_method": lambda: v1.payment_methods.detach(f"pm_{_NOBODY}"),
        "dispute": lambda: v1.disputes.update(f"du_{_NOBODY}", {"submit": False}),
    }
    for kind, probe in probes.items():
        yield kind, object_call("probe", kind, probe)
