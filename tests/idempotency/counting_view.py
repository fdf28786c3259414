"""Views of a test's own in the product's app, and what was asked of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, jsonify, make_response
from werkzeug.test import TestResponse

from payments_app.core.extensions import csrf
from payments_app.core.web.access import public
from payments_app.core.web.idempotency import idempotent
from payments_app.core.web.idempotency_stores import Store

URL = "/counted"


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class CountingView:
    """One view that makes things and counts them; it answers what `answer` says."""

    def __init__(self, app: Flask, store: Store) -> None:
        self.app = app
        self.store = store
        self.made = 0
        self.caller: str | None = None
        self.may_enter = True
        self.started = threading.Event()
        self.go_on = threading.Event()
        self.answer: Callable[[], Any] = self.make

    def open(self, path: str = URL, **options: Any) -> CountingView:
        """Give the view its route, with the decorator's options."""
        options = {"store": self.store, "caller": lambda: self.caller} | options

        @public
        @self._guarded
        @idempotent(**options)
        def view(**_parts: str) -> Any:
            return self.answer()

        view.__name__ = f"view_{path.strip('/').replace('/', '_')}"
        self.app.add_url_rule(path, view.__name__, csrf.exempt(view), methods=["POST"])
        return self

    def _guarded(self, view: Callable[..., Any]) -> Callable[..., Any]:
        def enter(**parts: str) -> Any:
            return view(**parts) if self.may_enter else ("no entry", 401)

        return enter

    def make(self, status: int = 201) -> Any:
        self.made += 1
        response = make_response(jsonify({"thing": self.made}), status)
        response.headers["Location"] = f"/things/{self.made}"
        response.set_cookie("mine", "secret")
        return response

    def wait_in_the_view(self) -> Any:
        self.started.set()
        assert self.go_on.wait(10)
        return self.make()

    def fail(self, error: Exception) -> Any:
        self.made += 1
        raise error

    def post(
        self, key: str | None = "key-1", content: Any = None, path: str = URL, **more: Any
    ) -> TestResponse:
        headers = {} if key is None else {"Idempotency-Key": key}
        sent = {"json": {"name": "chair"} if content is None else content} | more
        sent["headers"] = headers | more.get("headers", {})
        return self.app.test_client().post(path, **sent)

    def while_one_is_in_flight(self, then: Callable[[], TestResponse]) -> TestResponse:
        """Do `then` while another request stands in the view."""
        self.answer = self.wait_in_the_view
        first = threading.Thread(target=self.post)
        first.start()
        try:
            assert self.started.wait(10)
            return then()
        finally:
            self.go_on.set()
            first.join()


def replayed(answer: TestResponse) -> str | None:
    return answer.headers.get("X-Idempotency-Replayed")


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]
