"""`/_sandbox/...`: what Stripe has not, under the same secret key, in JSON."""

import json
from typing import Any

from stripe_sandbox import accounts
from stripe_sandbox.api import Api
from stripe_sandbox.errors import ApiError
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.store import Store
from stripe_sandbox.webhooks import Courier


class Control:
    def __init__(self, api: Api, store: Store, courier: Courier) -> None:
        self._api = api
        self._store = store
        self._courier = courier
        self._actions = {
            ("POST", "/_sandbox/delay"): self._delay,
        }

    def answer(self, request: Request) -> Response:
        try:
            caller = accounts.identify(request, {})
            action = self._actions.get((request.method, request.path))
            if caller.publishable or not action:
                raise ApiError(404, f"No such control: {request.method} {request.path}")
            return Response.json(200, action(caller.account, _content(request)))
        except ApiError as error:
            return error.response()

    def _delay(self, account: str, content: Any) -> Any:
        """{"ms": n}: every payment call of the account takes that much longer."""
        self._api.delay_payments(account, float(content["ms"]) / 1000)
        return {"ms": content["ms"]}


def _content(request: Request) -> Any:
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise ApiError(400, f"Not JSON: {error}") from error
