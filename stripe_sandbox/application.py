"""The whole of the sandbox behind its port: API, pages, control."""

from collections.abc import Sequence
from pathlib import Path

from stripe_sandbox import events
from stripe_sandbox.api import Api
from stripe_sandbox.call import SandboxContext
from stripe_sandbox.control import Control
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.pages import Pages
from stripe_sandbox.slow_banks import SlowBanks
from stripe_sandbox.store import Store
from stripe_sandbox.timers import Timers
from stripe_sandbox.webhook_faults import WebhookFaults
from stripe_sandbox.webhooks import WebhookDispatcher

_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Stripe-Account, Stripe-Version",
    "Access-Control-Max-Age": "300",
}


class Application:
    def __init__(self, data_dir: Path | None, base_url: str) -> None:
        self._store = Store(data_dir)
        self._dispatcher = WebhookDispatcher(self._store)
        context = SandboxContext(self._store, base_url, WebhookFaults(), SlowBanks())
        self._api = Api(context, self._dispatcher)
        self._pages = Pages(context, self._dispatcher)
        self._control = Control(self._api, context, self._dispatcher)
        self._timers = Timers(context, self._dispatcher)
        events.forget_every_account(self._store)

    def post_every_event(self, url: str, secrets: Sequence[str | None]) -> None:
        events.serve_every_account(self._store, url, secrets)

    def start(self) -> None:
        self._dispatcher.start()
        self._timers.start()

    def answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(204, b"", dict(_PREFLIGHT))
        if request.path.startswith(("/v1/", "/v2/")):
            return self._api.answer(request)
        if request.path.startswith("/_sandbox/"):
            return self._control.answer(request)
        if request.path == "/healthz":
            return Response.json(200, {"status": "ok"})
        return self._pages.answer(request)
