"""`/_sandbox/...`: what Stripe has not, under the account's secret key, in JSON.

POST delay {"ms"}                 every payment call of the account takes that much longer
POST/GET/DELETE faults            rules as `faults.py` tells: add (one or a list), list, clear
POST limits {"operation"}         so many calls a second of one operation; null ends it
POST webhook_faults               a script as `webhook_faults.py` tells; {} ends it
POST webhook_endpoints            {"url", "secret", "connect"?, "thin"?}: with a known secret
POST events/<id>/resend           posts the event again
POST slow_banks {"ms"}            confirmed payments are `processing` for so long; null ends it
POST payment_intents/<id>/move    the bank decides a `processing` intent at once
POST events {"type", "object"}    an event of any kind; "account" tells it of a connected one
POST charges/<id>                 changes the fields of one; likewise of a balance transaction, a
                                  refund, a dispute, an intent, a card, a transfer, an application
                                  fee
POST confirmation_tokens/<id>/expire
DELETE idempotency_keys           as after 24 hours
POST refunds/<id>/move             a pending or doomed refund moves on at once
POST payouts {"currency"?}         all that the balance holds is paid out, and reconciled
POST accounts_apis {"v1"?, "v2"?}   false: accounts may not be created by v1, used by v2
POST account                      changes the fields of the account itself; {} ends it
POST accounts/<id>                changes the fields of a connected account, with its event
POST accounts/<id>/onboard        all that Stripe asks for is given
POST accounts/<id>/deauthorize    the merchant leaves the platform
GET requests?path=<regex>         the API calls of the account
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from stripe_sandbox import accounts, connected_accounts, events, params, payouts
from stripe_sandbox.api import Api
from stripe_sandbox.call import Call, SandboxContext, visible
from stripe_sandbox.errors import ApiError
from stripe_sandbox.faults import Rule
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.timers import MOVES
from stripe_sandbox.webhooks import WebhookDispatcher

_CHANGED = (
    *("charge", "balance_transaction", "refund", "dispute", "payment_intent", "setup_intent"),
    *("transfer", "application_fee", "payment_method", "payout"),
    "radar.early_fraud_warning",
)
_ACCOUNT_OPERATIONS = {
    "onboard": connected_accounts.onboard,
    "deauthorize": connected_accounts.deauthorize,
}


class Control:
    def __init__(self, api: Api, context: SandboxContext, dispatcher: WebhookDispatcher) -> None:
        self._api = api
        self._context = context
        self._dispatcher = dispatcher
        self._actions: tuple[tuple[str, str, Callable[..., Any]], ...] = (
            ("POST", r"delay", self._delay),
            ("POST", r"faults", self._add_faults),
            ("GET", r"faults", self._list_faults),
            ("DELETE", r"faults", self._clear_faults),
            ("POST", r"limits", self._set_limit),
            ("POST", r"webhook_faults", self._set_webhook_faults),
            ("POST", r"webhook_endpoints", self._add_endpoint),
            ("POST", r"events/(evt_\w+)/resend", self._resend),
            ("POST", r"slow_banks", self._slow_banks),
            ("POST", r"(payment_intent|refund)s/(\w+)/move", self._move),
            ("POST", r"events", self._emit),
            ("POST", rf"({'|'.join(_CHANGED)})s/(\w+)", self._change),
            ("POST", r"confirmation_tokens/(ctoken_\w+)/expire", self._expire),
            ("DELETE", r"idempotency_keys", self._forget_keys),
            ("POST", r"payouts", self._pay_out),
            ("POST", r"accounts_apis", self._set_accounts_apis),
            ("POST", r"account", self._change_own),
            ("POST", r"accounts/(acct_\w+)", self._change_account),
            ("POST", r"accounts/(acct_\w+)/(onboard|deauthorize)", self._move_account),
            ("GET", r"requests", self._list_requests),
        )

    def answer(self, request: Request) -> Response:
        try:
            caller = accounts.identify(request, {})
            if caller.publishable:
                raise accounts.needs_secret_key()
            for method, pattern, action in self._actions:
                match = re.fullmatch(f"/_sandbox/{pattern}", request.path)
                if match and method == request.method:
                    content = _content(request)
                    return Response.json(200, action(caller.account, content, *match.groups()))
            raise ApiError(404, f"No such control: {request.method} {request.path}")
        except ApiError as error:
            return error.response()
        except KeyError as missing:
            return params.missing(str(missing.args[0])).response()

    def _delay(self, account: str, content: Any) -> Any:
        milliseconds = content.get("ms")
        if not isinstance(milliseconds, int | float) or milliseconds < 0:
            raise ApiError(400, "`ms` must be a number of milliseconds", param="ms")
        self._api.faults.delay_payments(account, milliseconds / 1000)
        return {"ms": milliseconds}

    def _add_faults(self, account: str, content: Any) -> Any:
        given = content if isinstance(content, list) else [content]
        self._api.faults.add(account, [Rule.read(each) for each in given])
        return self._list_faults(account, content)

    def _list_faults(self, account: str, _content: Any) -> Any:
        return {"rules": self._api.faults.listed(account)}

    def _clear_faults(self, account: str, content: Any) -> Any:
        self._api.faults.clear(account)
        return self._list_faults(account, content)

    def _set_limit(self, account: str, content: Any) -> Any:
        self._api.limits.set(account, content["operation"])
        return content

    def _set_accounts_apis(self, account: str, content: Any) -> Any:
        self._context.accounts_apis.set(account, content)
        return content

    def _set_webhook_faults(self, account: str, content: Any) -> Any:
        self._context.webhook_faults.set(account, content)
        return content

    def _add_endpoint(self, account: str, content: Any) -> Any:
        call = Call(self._context, account)
        made = events.create_endpoint(
            call,
            {
                "url": content["url"],
                "enabled_events": ["*"],
                "connect": content.get("connect", False),
            },
            secret=content["secret"],
            thin=content.get("thin", False),
        )
        return visible(made)

    def _resend(self, account: str, _content: Any, event_id: str) -> Any:
        call = self._call(account, event_id)
        event = call.get(event_id, "event")
        with self._context.store.transaction():
            sent = call.schedule(event)
        self._dispatcher.wake()
        return {"event": event_id, "endpoints": sent}

    def _slow_banks(self, account: str, content: Any) -> Any:
        milliseconds = content.get("ms")
        pause = None if milliseconds is None else milliseconds / 1000
        self._context.slow_banks.set(account, pause)
        return {"ms": milliseconds}

    def _move(self, account: str, _content: Any, kind: str, object_id: str) -> Any:
        call = self._call(account, object_id)
        with self._context.store.transaction():
            moved = MOVES[kind](call, call.get(object_id, kind))
        self._dispatcher.wake()
        return visible(moved)

    def _emit(self, account: str, content: Any) -> Any:
        call = Call(self._context, account)
        if connected := content.get("account"):
            call = Call(self._context, connected, platform=account)
        with self._context.store.transaction():
            event = call.emit(content["type"], content["object"])
        self._dispatcher.wake()
        return event

    def _expire(self, account: str, _content: Any, token_id: str) -> Any:
        call = self._call(account, token_id)
        token = call.get(token_id, "confirmation_token")
        return visible(call.put({**token, "expires_at": int(time.time())}))

    def _forget_keys(self, account: str, _content: Any) -> Any:
        self._context.store.query("DELETE FROM answers WHERE account = ?", account)
        return {}

    def _pay_out(self, account: str, content: Any) -> Any:
        with self._context.store.transaction():
            payout = payouts.pay_out(Call(self._context, account), content.get("currency", "usd"))
        self._dispatcher.wake()
        return visible(payout)

    def _change(self, account: str, content: Any, kind: str, object_id: str) -> Any:
        call = self._call(account, object_id)
        with self._context.store.transaction():
            return visible(call.put({**call.get(object_id, kind), **content}))

    def _change_own(self, account: str, content: Any) -> Any:
        return connected_accounts.change_own(Call(self._context, account), content)

    def _change_account(self, account: str, content: Any, connected: str) -> Any:
        platform = Call(self._context, account)
        with self._context.store.transaction():
            found = connected_accounts.linked(platform, connected)
            connected_accounts.change(platform, found, content)
        self._dispatcher.wake()
        return visible(found)

    def _move_account(self, account: str, _content: Any, connected: str, operation: str) -> Any:
        platform = Call(self._context, account)
        with self._context.store.transaction():
            found = connected_accounts.linked(platform, connected)
            _ACCOUNT_OPERATIONS[operation](platform, found)
        self._dispatcher.wake()
        return visible(found)

    def _call(self, account: str, object_id: str) -> Call:
        """On the account, or on a connected account of its own that the object belongs to."""
        call = Call.within(self._context, self._context.store.owner(object_id) or account)
        return call if account in (call.account, call.platform) else Call(self._context, account)

    def _list_requests(self, account: str, content: Any) -> Any:
        return {"requests": self._api.log.listed(account, content.get("path", ""))}


def _content(request: Request) -> Any:
    """The JSON body, or the query of a GET. Raises ApiError 400."""
    if request.method == "GET":
        return {name: values[0] for name, values in parse_qs(request.query).items()}
    try:
        content = json.loads(request.body or b"{}")
    except ValueError as error:
        raise ApiError(400, f"Not JSON: {error}") from error
    if not isinstance(content, dict) and not request.path.endswith("/faults"):
        raise ApiError(400, "A JSON object was expected")
    return content
