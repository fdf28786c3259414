"""Fault scripts: rules of an account that make its API calls go wrong, each so many times.

A rule is {"match": {"method", "path" (a regular expression), "nth"}, "times": n or null for ever,
"probability", "seed", "fault", "ms", "executed", "set", "saved"}; all but `fault` may be left out.
"""

import json
import random
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from stripe_sandbox import accounts, idempotency, limits
from stripe_sandbox.errors import ApiError
from stripe_sandbox.messages import Fate, Request, Response

KINDS = {
    "slow": "waits `ms`, then executes; the key is in flight meanwhile",
    "hang": "executes, then keeps the answer back for `ms`",
    "rate_limit": "429, not executed",
    "lock_timeout": "429, not executed",
    "409_in_flight": "409, not executed",
    "500_before": "500, not executed, saved for the key",
    "500_after": "executed, but a 500 is answered and saved for the key",
    "drop_before": "the connection is closed, nothing executed",
    "drop_after": "executed, then the connection is closed without an answer",
    "truncate": "executed, and the answer is cut",
    "say": "executed, and the answer says what `set` holds instead, field by field",
    "html_200": "executed, but a proxy's page is answered",
    "html_502": "a proxy's page, not executed unless `executed` is true",
    "unauthorized": "401",
    "forbidden": "403",
    "refuse": "400 with the fields of `set`, not executed; `saved` for the key where that is true",
}
_RULE_FIELDS = {"match", "times", "probability", "seed", "fault", "ms", "executed", "set", "saved"}
_MATCH_FIELDS = {"method", "path", "nth"}
_PAYMENT_PATHS = ("/v1/payment_intents", "/v1/setup_intents", "/v1/refunds")


@dataclass
class Rule:
    content: dict[str, Any]
    seen: int = 0
    struck: int = 0
    chance: random.Random = field(default_factory=random.Random)

    @classmethod
    def read(cls, content: Any) -> "Rule":
        """Raises ApiError 400."""
        if not isinstance(content, dict) or content.get("fault") not in KINDS:
            raise ApiError(400, f"`fault` must be one of {', '.join(KINDS)}", param="fault")
        match = content.get("match", {})
        for unknown in [*(set(content) - _RULE_FIELDS), *(set(match) - _MATCH_FIELDS)]:
            raise ApiError(400, f"A rule has no {unknown}", param=unknown)
        # A script that is repeated must strike alike: S311 is about secrets.
        return cls(content, chance=random.Random(content.get("seed")))  # noqa: S311

    @property
    def kind(self) -> str:
        return str(self.content["fault"])

    @property
    def seconds(self) -> float:
        return float(self.content.get("ms", 0)) / 1000

    @property
    def executes_behind_a_proxy(self) -> bool:
        return bool(self.content.get("executed", self.kind == "html_200"))

    def strikes(self, request: Request) -> bool:
        match = self.content.get("match", {})
        if match.get("method", request.method) != request.method:
            return False
        if not re.search(match.get("path", ""), request.path):
            return False
        self.seen += 1
        times = self.content.get("times", 1)
        spent = times is not None and self.struck >= times
        if spent or match.get("nth", self.seen) != self.seen:
            return False
        if self.chance.random() >= self.content.get("probability", 1):
            return False
        self.struck += 1
        return True


class Faults:
    def __init__(self) -> None:
        self._rules: dict[str, list[Rule]] = {}
        self._delays: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, account: str, rules: list[Rule]) -> None:
        with self._lock:
            self._rules.setdefault(account, []).extend(rules)

    def clear(self, account: str) -> None:
        with self._lock:
            self._rules.pop(account, None)
            self._delays.pop(account, None)

    def listed(self, account: str) -> list[dict[str, Any]]:
        with self._lock:
            rules = self._rules.get(account, [])
            return [{**rule.content, "seen": rule.seen, "struck": rule.struck} for rule in rules]

    def delay_payments(self, account: str, seconds: float) -> None:
        with self._lock:
            self._delays[account] = seconds

    def wait(self, account: str, request: Request) -> None:
        """The account's standing delay of payment calls."""
        with self._lock:
            seconds = self._delays.get(account, 0.0)
        if seconds and request.method == "POST" and request.path.startswith(_PAYMENT_PATHS):
            time.sleep(seconds)

    def strike(self, account: str, request: Request) -> Rule | None:
        with self._lock:
            rules = self._rules.get(account, [])
            return next((rule for rule in rules if rule.strikes(request)), None)


def refuse(rule: Rule | None, account: str, key: str | None) -> None:
    """Raises ApiError for the faults in which the call is not even begun."""
    match rule.kind if rule else None:
        case "unauthorized":
            raise accounts.invalid_key("sk_test_switched_off")
        case "forbidden":
            raise accounts.lacking_permission(account)
        case "409_in_flight":
            raise idempotency.in_flight(key or "none")
        case "rate_limit":
            raise limits.exceeded()
        case "lock_timeout":
            raise ApiError(
                429,
                "This object cannot be accessed right now because another API request or Stripe"
                " process is currently accessing it. If you see this error intermittently, retry"
                " the request.",
                code="lock_timeout",
            )


def intercept(rule: Rule | None) -> Response | None:
    """What answers in the API's stead, before it hears of the call."""
    if rule and rule.kind == "drop_before":
        return Response(503, b"", fate=Fate.DROPPED)
    if rule and rule.kind.startswith("html") and not rule.executes_behind_a_proxy:
        return _proxy_page(rule)
    return None


def refusal(rule: Rule) -> ApiError:
    """Of our request itself, as for a wrong parameter. Stripe may save one for the key: a caller
    can't tell beforehand."""
    said = {"message": "Invalid request.", **rule.content.get("set", {})}
    return ApiError(400, executed=bool(rule.content.get("saved")), **said)


def spoil(rule: Rule | None, response: Response) -> Response:
    """What becomes of the answer on its way back."""
    match rule.kind if rule else None:
        case "hang":
            time.sleep(rule.seconds if rule else 0)
        case "drop_after":
            response.fate = Fate.DROPPED
        case "truncate":
            response.fate = Fate.TRUNCATED
        case "say":
            said = json.loads(response.body) | (rule.content.get("set", {}) if rule else {})
            response.body = json.dumps(said, indent=2).encode()
        case "html_200" | "html_502":
            return _proxy_page(rule) if rule else response
    return response


def internal_error() -> Response:
    return ApiError(
        500,
        "An unknown error occurred. If you have any questions, we can help at"
        " https://support.stripe.com/.",
        type="api_error",
    ).response()


def _proxy_page(rule: Rule) -> Response:
    status = 200 if rule.kind == "html_200" else 502
    return Response.html(status, "<html><body><h1>Bad gateway</h1></body></html>")
