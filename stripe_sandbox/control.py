"""`/_sandbox/...`: what Stripe has not, under the account's secret key, in JSON.

POST delay {"ms"}                 every payment call of the account takes that much longer
POST/GET/DELETE faults            rules as `faults.py` tells: add (one or a list), list, clear
POST webhook_faults               a script as `webhook_faults.py` tells; {} ends it
POST webhook_endpoints            {"url", "secret", "connect"?}: an endpoint with a known secret
POST events/<id>/resend           posts the event again
POST refunds/<id>/move             a pending or doomed refund moves on at once
POST accounts/<id>                changes the fields of a connected account, with its event
POST accounts/<id>/onboard        all that Stripe asks for is given
POST accounts/<id>/deauthorize    the merchant leaves the platform
GET requests?path=<regex>         the API calls of the account
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from stripe_sandbox import accounts, connected_accounts, events, refunds
from stripe_sandbox.api import Api
from stripe_sandbox.call import Call, Premises, visible
from stripe_sandbox.errors import ApiError
from stripe_sandbox.faults import Rule
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.webhooks import Courier

_ACCOUNT_VERBS = {
    "onboard": connected_accounts.onboard,
    "deauthorize": connected_accounts.deauthorize,
}


class Control:
    def __init__(self, api: Api, premises: Premises, courier: Courier) -> None:
        self._api = api
        self._premises = premises
        self._courier = courier
        self._actions: tuple[tuple[str, str, Callable[..., Any]], ...] = (
            ("POST", r"delay", self._delay),
            ("POST", r"faults", self._add_faults),
            ("GET", r"faults", self._list_faults),
            ("DELETE", r"faults", self._clear_faults),
            ("POST", r"webhook_faults", self._set_webhook_faults),
            ("POST", r"webhook_endpoints", self._add_endpoint),
            ("POST", r"events/(evt_\w+)/resend", self._resend),
            ("POST", r"refunds/(re_\w+)/move", self._move_refund),
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

    def _set_webhook_faults(self, account: str, content: Any) -> Any:
        self._premises.webhook_faults.set(account, content)
        return content

    def _add_endpoint(self, account: str, content: Any) -> Any:
        call = Call(self._premises, account)
        made = events.create_endpoint(
            call,
            {
                "url": content["url"],
                "enabled_events": ["*"],
                "connect": content.get("connect", False),
            },
            secret=content["secret"],
        )
        return visible(made)

    def _resend(self, account: str, _content: Any, event_id: str) -> Any:
        call = self._call(account, event_id)
        event = call.get(event_id, "event")
        with self._premises.store.transaction():
            sent = call.schedule(event)
        self._courier.ring()
        return {"event": event_id, "endpoints": sent}

    def _move_refund(self, account: str, _content: Any, refund_id: str) -> Any:
        call = self._call(account, refund_id)
        with self._premises.store.transaction():
            moved = refunds.move_on(call, call.get(refund_id, "refund"))
        self._courier.ring()
        return visible(moved)

    def _change_account(self, account: str, content: Any, connected: str) -> Any:
        platform = Call(self._premises, account)
        with self._premises.store.transaction():
            found = connected_accounts.linked(platform, connected)
            connected_accounts.change(platform, found, content)
        self._courier.ring()
        return visible(found)

    def _move_account(self, account: str, _content: Any, connected: str, verb: str) -> Any:
        platform = Call(self._premises, account)
        with self._premises.store.transaction():
            found = connected_accounts.linked(platform, connected)
            _ACCOUNT_VERBS[verb](platform, found)
        self._courier.ring()
        return visible(found)

    def _call(self, account: str, object_id: str) -> Call:
        """On the account, or on a connected account of its own that the object belongs to."""
        call = Call.within(self._premises, self._premises.store.owner(object_id) or account)
        return call if account in (call.account, call.platform) else Call(self._premises, account)

    def _list_requests(self, account: str, content: Any) -> Any:
        return {"requests": self._api.log.listed(account, content.get("path", ""))}


def _content(request: Request) -> Any:
    """The JSON body, or the query of a GET. Raises ApiError 400."""
    if request.method == "GET":
        return {name: values[0] for name, values in parse_qs(request.query).items()}
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise ApiError(400, f"Not JSON: {error}") from error
