"""One call of the API while it is being answered: whose it is, and the hands to answer it."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from stripe_sandbox import API_VERSION, ids
from stripe_sandbox.accounts_apis import AccountsApis
from stripe_sandbox.errors import missing_resource
from stripe_sandbox.slow_banks import SlowBanks
from stripe_sandbox.store import Object, Store
from stripe_sandbox.webhook_faults import WebhookFaults

THIN = "v2.core.event"
# Deliveries with so many attempts behind them are not tried again.
LOST = 1000


@dataclass(frozen=True)
class SandboxContext:
    """What all calls share."""

    store: Store
    base_url: str
    webhook_faults: WebhookFaults
    slow_banks: SlowBanks
    accounts_apis: AccountsApis


@dataclass
class Call:
    context: SandboxContext
    account: str
    request_id: str | None = None
    idempotency_key: str | None = None
    publishable: bool = False
    # The platform, where `account` is a connected one (the Stripe-Account header).
    platform: str | None = None

    @classmethod
    def within(cls, context: SandboxContext, account: str) -> "Call":
        """Nobody's request: the sandbox's own doing in an account. A connected account's row
        belongs to its platform."""
        return cls(context, account, platform=context.store.owner(account))

    def of_platform(self) -> "Call":
        return replace(self, account=self.platform or self.account, platform=None)

    @property
    def application(self) -> str | None:
        """The Connect application that asks: a platform, on an account that is connected to it."""
        return self.of_platform().own_application if self.platform else None

    @property
    def own_application(self) -> str:
        """The Connect application that a platform is."""
        return f"ca_{self.account.removeprefix('acct_')}"

    @property
    def store(self) -> Store:
        return self.context.store

    def put(self, thing: Object) -> Object:
        return self.store.put(self.account, thing)

    def find(self, object_id: str, kind: str) -> Object | None:
        return self.store.get(self.account, object_id, kind)

    def get(self, object_id: str, kind: str) -> Object:
        """The object an id in the path names. Raises ApiError 404."""
        return self._known(object_id, kind, "intent" if kind.endswith("intent") else "id", 404)

    def param(self, object_id: str, kind: str, name: str) -> Object:
        """The object that a parameter names. Raises ApiError 400."""
        found = self._known(object_id, kind, name, 400)
        if found.get("deleted"):
            raise missing_resource(kind, object_id, name, 400)
        return found

    def _known(self, object_id: str, kind: str, name: str, status: int) -> Object:
        found = self.find(object_id, kind)
        if not found:
            noun = {"payment_method": "PaymentMethod", "confirmation_token": "confirmationtoken"}
            raise missing_resource(noun.get(kind, kind), object_id, name, status)
        return found

    def new(self, kind: str, prefix: str, **fields: Any) -> Object:
        """A fresh object, not yet stored."""
        return {
            "id": ids.new_id(prefix),
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
            **fields,
        }

    def emit(self, type: str, thing: Object) -> Object:
        """Stores an event and a delivery for each endpoint that wants it, in this transaction."""
        event = self.new(
            "event",
            "evt",
            api_version=API_VERSION,
            data={"object": visible(thing)},
            pending_webhooks=0,
            request={"id": self.request_id, "idempotency_key": self.idempotency_key},
            type=type,
        )
        if self.platform:
            event["account"] = self.account
        event["pending_webhooks"] = self.schedule(event)
        return self.put(event)

    def emit_thin(self, type: str) -> Object:
        """The same without a snapshot, about the connected account itself."""
        url = f"/v2/core/accounts/{self.account}"
        about = {"id": self.account, "type": "v2.core.account", "url": url}
        event = self.thin_event(type, about, self.account)
        self.schedule(event)
        return self.put(event)

    def thin_event(self, type: str, about: Object, context: str | None = None) -> Object:
        """An event of API v2, not yet stored."""
        event = self.new(
            THIN, "evt_test", context=context, reason=None, related_object=about, type=type
        )
        event["created"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
        return event

    def schedule(self, event: Object) -> int:
        """The number of endpoints it goes to."""
        owner = self.platform or self.account
        endpoints = [
            endpoint
            for account in (owner, "")
            for endpoint in self.store.select(account, "webhook_endpoint")
            if endpoint["status"] == "enabled"
            and {"*", event["type"]} & set(endpoint["enabled_events"])
            and endpoint["_connect"] == bool(self.platform)
            and endpoint.get("_thin", False) == (event["object"] == THIN)
        ]
        for endpoint in endpoints:
            self.deliver(event, endpoint)
        return len(endpoints)

    def deliver(self, event: Object, endpoint: Object) -> None:
        """Post it there, or lose it, as the account's script of faults says."""
        times = self.context.webhook_faults.deliveries(self.platform or self.account)
        for due in times:
            self._insert_delivery(event, endpoint, due, attempts=0)
        if not times:
            self._insert_delivery(event, endpoint, time.time(), attempts=LOST)

    def remind(self, object_id: str, seconds: float) -> None:
        """The object moves on by itself after so many seconds."""
        self.store.query(
            "INSERT OR REPLACE INTO reminders (object, account, due) VALUES (?, ?, ?)",
            object_id,
            self.account,
            time.time() + seconds,
        )

    def _insert_delivery(
        self, event: Object, endpoint: Object, due: float, *, attempts: int
    ) -> None:
        self.store.query(
            "INSERT INTO deliveries (event, account, url, secret, due, attempts)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            event["id"],
            self.account,
            endpoint["url"],
            endpoint["_secret"],
            due,
            attempts,
        )


def visible(thing: Any) -> Any:
    """Without what the sandbox keeps to itself: the keys that begin with an underscore."""
    if isinstance(thing, dict):
        return {key: visible(value) for key, value in thing.items() if not key.startswith("_")}
    if isinstance(thing, list):
        return [visible(item) for item in thing]
    return thing
