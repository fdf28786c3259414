"""The way of an API call: who, once or again, what, and the answer."""

import threading
import time
from typing import Any

from stripe_sandbox import (
    API_VERSION,
    accounts,
    charges,
    confirmation_tokens,
    customers,
    events,
    form,
    ids,
    params,
    payment_intents,
    payment_methods,
    routing,
    setup_intents,
)
from stripe_sandbox.accounts import Caller
from stripe_sandbox.call import Call, visible
from stripe_sandbox.errors import ApiError
from stripe_sandbox.expanding import expand
from stripe_sandbox.idempotency import IdempotencyKeys
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.store import Store
from stripe_sandbox.webhooks import Courier

# Importing these registers their routes.
ENDPOINTS = (
    charges,
    confirmation_tokens,
    customers,
    events,
    payment_intents,
    payment_methods,
    setup_intents,
)
_PAYMENT_PATHS = ("/v1/payment_intents", "/v1/setup_intents", "/v1/refunds")


class Api:
    def __init__(self, store: Store, courier: Courier, base_url: str) -> None:
        self._store = store
        self._courier = courier
        self._base_url = base_url
        self._keys = IdempotencyKeys(store)
        self._delays: dict[str, float] = {}
        self._lock = threading.Lock()

    def delay_payments(self, account: str, seconds: float) -> None:
        with self._lock:
            self._delays[account] = seconds

    def answer(self, request: Request) -> Response:
        request_id = ids.new_id("req", 14)
        try:
            response = self._answer(request, request_id)
        except ApiError as error:
            response = self._refusal(error, request_id)
        response.headers.setdefault("Original-Request", request_id)
        response.headers |= {
            "Request-Id": request_id,
            "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION),
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": "no-cache, no-store",
        }
        return response

    def _answer(self, request: Request, request_id: str) -> Response:
        given = _given_params(request)
        caller = accounts.identify(request, given)
        call = self.call(caller, request, request_id)
        key = call.idempotency_key
        if not key:
            return self._execute(call, request, given)
        if len(key) > 255:
            raise ApiError(400, "Idempotency keys must be 255 characters or less.")
        with self._keys.claim(call.account, key):
            replayed = self._keys.replay(call.account, key, request)
            return replayed or self._execute(call, request, given)

    def call(self, caller: Caller, request: Request, request_id: str | None = None) -> Call:
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        return Call(
            self._store,
            caller.account,
            self._base_url,
            request_id,
            key,
            caller.publishable,
        )

    def _execute(self, call: Call, request: Request, given: dict[str, Any]) -> Response:
        found = routing.find(request.method, request.path)
        if not found:
            raise ApiError(
                404,
                f"Unrecognized request URL ({request.method}: {request.path}). Please see"
                " https://stripe.com/docs or we can help at https://support.stripe.com/.",
            )
        route, names = found
        if call.publishable and not route.publishable:
            raise accounts.needs_secret_key()
        checked = params.check(given, route.fields, route.required)
        self._wait(call, request)
        with self._store.transaction():
            response = self._run(call, route, checked, names)
            if call.idempotency_key and call.request_id:
                self._keys.save(
                    call.account, call.idempotency_key, request, call.request_id, response
                )
        self._courier.ring()
        return response

    def _run(
        self, call: Call, route: routing.Route, checked: dict[str, Any], names: dict[str, str]
    ) -> Response:
        """A refusal that was executed is an answer like any other: its writing stays."""
        paths = checked.get("expand", [])
        try:
            thing = route.handler(call, checked, **names)
        except ApiError as error:
            if not error.executed:
                raise
            return self._refusal(error, call.request_id)
        return Response.json(200, visible(expand(call, thing, paths)))

    def _refusal(self, error: ApiError, request_id: str | None) -> Response:
        log = f"https://dashboard.stripe.com/test/workbench/logs?object={request_id}"
        error.error.setdefault("request_log_url", log)
        return error.response()

    def _wait(self, call: Call, request: Request) -> None:
        with self._lock:
            seconds = self._delays.get(call.account, 0.0)
        if seconds and request.method == "POST" and request.path.startswith(_PAYMENT_PATHS):
            time.sleep(seconds)


def _given_params(request: Request) -> dict[str, Any]:
    """Raises ApiError 400 for a body that is not a form."""
    if request.method != "POST":
        return form.parse(request.query)
    kind = request.headers.get("Content-Type", "application/x-www-form-urlencoded")
    if request.body and not kind.startswith("application/x-www-form-urlencoded"):
        raise ApiError(
            400,
            "Invalid request (check that your POST content type is"
            " application/x-www-form-urlencoded). If you have any questions, we can help at"
            " https://support.stripe.com/.",
        )
    try:
        return form.parse(request.body.decode())
    except UnicodeDecodeError as error:
        raise ApiError(400, "Invalid request: the body is not UTF-8.") from error
