"""The way of an API call: who, once or again, what, and the answer."""

import re
import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from stripe_sandbox import (
    API_VERSION,
    account_links,
    accounts,
    accounts_v2,
    application_fees,
    balance,
    capturing,
    charges,
    confirmation_tokens,
    connected_accounts,
    customers,
    disputes,
    event_destinations,
    events,
    faults,
    files,
    form,
    ids,
    json_body,
    multipart,
    params,
    payment_intents,
    payment_method_domains,
    payment_methods,
    payouts,
    refunds,
    routing,
    setup_intents,
    transfers,
)
from stripe_sandbox.accounts import Caller
from stripe_sandbox.call import Call, SandboxContext, visible
from stripe_sandbox.errors import ApiError
from stripe_sandbox.expanding import expand
from stripe_sandbox.faults import Faults, Rule
from stripe_sandbox.idempotency import IdempotencyKeys
from stripe_sandbox.limits import Limits
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.requests_log import RequestsLog
from stripe_sandbox.webhooks import WebhookDispatcher

# Importing these registers their routes.
ENDPOINTS = (
    account_links,
    accounts_v2,
    application_fees,
    balance,
    capturing,
    charges,
    confirmation_tokens,
    connected_accounts,
    customers,
    disputes,
    event_destinations,
    events,
    files,
    payment_intents,
    payment_method_domains,
    payment_methods,
    payouts,
    refunds,
    setup_intents,
    transfers,
)


class Api:
    def __init__(self, context: SandboxContext, dispatcher: WebhookDispatcher) -> None:
        self._context = context
        self._store = context.store
        self._dispatcher = dispatcher
        self._keys = IdempotencyKeys(context.store)
        self.faults = Faults()
        self.limits = Limits()
        self.log = RequestsLog()

    def answer(self, request: Request) -> Response:
        request_id = ids.new_id("req", 14)
        try:
            given = _given_params(request)
            caller = accounts.identify(request, given)
            _check_version(request)
        except ApiError as error:
            return _signed(_refusal(error, request_id), request, request_id)
        entry = self.log.begin(caller.account, request, request_id)
        rule = self.faults.strike(caller.account, request)
        entry["fault"] = rule.kind if rule else None
        try:
            response = self._answer(caller, request, given, entry, rule)
        except ApiError as error:
            response = _refusal(error, request_id)
        self.log.end(entry, response)
        return _signed(faults.spoil(rule, response), request, request_id)

    def _answer(
        self,
        caller: Caller,
        request: Request,
        given: dict[str, Any],
        entry: dict[str, Any],
        rule: Rule | None,
    ) -> Response:
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        faults.refuse(rule, caller.account, key)
        if intercepted := faults.intercept(rule):
            return intercepted
        call = Call(self._context, caller.account, entry["id"], key, caller.publishable)
        if caller.connected and caller.connected != caller.account:
            connected_accounts.linked(call, caller.connected)
            call = replace(call, account=caller.connected, platform=caller.account)
        if not key:
            return self._execute(call, request, given, entry, rule)
        if len(key) > 255:
            raise ApiError(400, "Idempotency keys must be 255 characters or less.")
        with self._keys.claim(call.account, key):
            replayed = self._keys.replay(call.account, key, request)
            return replayed or self._execute(call, request, given, entry, rule)

    def _execute(
        self,
        call: Call,
        request: Request,
        given: dict[str, Any],
        entry: dict[str, Any],
        rule: Rule | None,
    ) -> Response:
        found = routing.find(request.method, request.path)
        if not found:
            raise ApiError(
                404,
                f"Unrecognized request URL ({request.method}: {request.path}). Please see"
                " https://stripe.com/docs or we can help at https://support.stripe.com/.",
            )
        route, names = found
        self.limits.check(call.platform or call.account, f"{route.method} {route.pattern.pattern}")
        if call.publishable and not route.publishable:
            raise accounts.needs_secret_key()
        checked = params.check(given, route.fields, route.required)
        self.faults.wait(call.platform or call.account, request)
        kind = rule.kind if rule else ""
        if rule and kind == "slow":
            time.sleep(rule.seconds)
        with self._store.transaction():
            if kind == "500_before":
                response = faults.internal_error()
            elif rule and kind == "refuse":
                response = _refused(faults.refusal(rule), entry["id"])
            else:
                response = self._run(call, route, checked, names)
                entry["executed"] = True
            made = response
            if kind == "500_after":
                response = faults.internal_error()
            self._save(call, request, made if _is_v2(request) else response)
        self._dispatcher.wake()
        return response

    def _save(self, call: Call, request: Request, response: Response) -> None:
        """For the key, where there is one. v2 makes a failed request again, and answers a made
        one from what it made: https://docs.stripe.com/api-v2-overview#idempotency"""
        if _is_v2(request) and response.status >= 300:
            return
        if call.idempotency_key and call.request_id:
            self._keys.save(call.account, call.idempotency_key, request, call.request_id, response)

    def _run(
        self, call: Call, route: routing.Route, checked: dict[str, Any], names: dict[str, str]
    ) -> Response:
        """A refusal that was executed is an answer like any other: its writing stays."""
        paths = checked.get("expand", [])
        try:
            thing = route.handler(call, checked, **names)
        except ApiError as error:
            return _refused(error, call.request_id)
        return Response.json(200, visible(expand(call, thing, paths)))


def _refused(error: ApiError, request_id: str | None) -> Response:
    """Raises ApiError where the refusal is not to be saved."""
    if not error.executed:
        raise error
    return _refusal(error, request_id)


def _refusal(error: ApiError, request_id: str | None) -> Response:
    log = f"https://dashboard.stripe.com/test/workbench/logs?object={request_id}"
    error.error.setdefault("request_log_url", log)
    return error.response()


def _check_version(request: Request) -> None:
    """Raises ApiError 400 for a version that is none, or newer than the sandbox."""
    given = request.headers.get("Stripe-Version") or API_VERSION
    if not re.match(r"\d{4}-\d\d-\d\d(\.[a-z]+)?$", given) or given[:10] > API_VERSION[:10]:
        raise ApiError(400, f"Invalid Stripe API version: {given}")


def _signed(response: Response, request: Request, request_id: str) -> Response:
    """With the headers that every answer carries."""
    response.headers.setdefault("Original-Request", request_id)
    response.headers |= {
        "Request-Id": request_id,
        "Date": formatdate(usegmt=True),
        "Stripe-Version": request.headers.get("Stripe-Version", API_VERSION),
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-cache, no-store",
    }
    # Stripe's advice is about its servers, not about the money: an executed 500 says false too.
    if response.status in (409, 429):
        response.headers["Stripe-Should-Retry"] = "true"
    elif response.status >= 500:
        response.headers["Stripe-Should-Retry"] = "false"
    return response


def _given_params(request: Request) -> dict[str, Any]:
    """Raises ApiError 400 for a body that is not a form, or of API v2 not JSON."""
    if request.method != "POST":
        return form.parse(request.query)
    if _is_v2(request):
        return json_body.parse(request.body)
    kind = request.headers.get("Content-Type", "application/x-www-form-urlencoded")
    if kind.startswith(multipart.KIND) and request.path == "/v1/files":
        return multipart.parse(request)
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


def _is_v2(request: Request) -> bool:
    return request.path.startswith("/v2/")
