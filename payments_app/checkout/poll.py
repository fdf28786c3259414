"""poll: the status answered before Flask, where nothing in the answer is only the reader's own.

That is a 304, and the JSON for whoever sends no cookie. It says what the view says, by the view's
own functions, and leaves to Flask all that is not exactly so, a look that stages something, and
every error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask

from payments_app.checkout.status import etag_of, headers_of, next_poll_ms, status_of
from payments_app.checkout.status_row import PollRow, StatusRow, read
from payments_app.core.web import headers
from payments_app.core.web.access import Access, access_of
from payments_app.core.web.prepare import request_id
from payments_app.payments.phases import Phase

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PATH = re.compile(r"(/api/v1)?(/transactions/(txn_[0-9a-z]+))")
_JSON = (None, "*/*", "application/json")
_LEFT_TO_FLASK = ("SCRIPT_NAME", "CONTENT_TYPE", "HTTP_IF_MATCH", "HTTP_RANGE")


def prepare(app: Flask) -> None:
    """Stand before Flask. Raises RuntimeError where the status is not for any buyer any more."""
    for endpoint in ("checkout.show", "checkout.api_show"):
        if access_of(app, endpoint) != Access("buyer"):
            raise RuntimeError(f"{endpoint} is answered before its policy is looked at")
    app.wsgi_app = Poll(app)  # type: ignore[method-assign]


class Poll:
    """Stands before `flask`, the application as it is without it."""

    def __init__(self, app: Flask) -> None:
        self.app, self.flask, config = app, app.wsgi_app, app.config["CONFIG"]
        self._host = urlsplit(config.public_url).netloc if config.tls else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """As every WSGI application."""
        try:
            answer = self._answer(environ)
        except Exception:
            answer = None
        if answer is None:
            return self.flask(environ, start_response)
        said, body = answer
        start_response("200 OK" if body else "304 NOT MODIFIED", list(said.items()))
        return [body]

    def _answer(self, asked: WSGIEnvironment) -> tuple[dict[str, str], bytes] | None:
        path, known = _PATH.fullmatch(asked["PATH_INFO"]), asked.get("HTTP_IF_NONE_MATCH")
        query, stranger = asked.get("QUERY_STRING"), "HTTP_COOKIE" not in asked
        if path is None or asked["REQUEST_METHOD"] != "GET" or query not in ("", "partial=1"):
            return None
        if asked.get("HTTP_ACCEPT") not in _JSON or any(map(asked.get, _LEFT_TO_FLASK)):
            return None
        if self._host not in (None, asked["HTTP_HOST"]) or not (known or (stranger and not query)):
            return None
        row = read(self.app, path[3], PollRow if known else StatusRow)
        if row is None or row.phase == Phase.UNKNOWN or known not in (None, etag_of(row)):
            return None
        asked["payments.route"] = f"{path[1] or ''}/transactions/<transaction_id>"
        said = headers_of(row, next_poll_ms(row))
        said |= headers.of_route(self.app, f"checkout.{'api_' if path[1] else ''}show")
        said["X-Request-ID"], body = request_id(asked.get("HTTP_X_REQUEST_ID", "")), b""
        if isinstance(row, StatusRow):
            answer: Any = self.app.json.response(status_of(row, path[2]))
            said, body = dict(answer.headers) | said, answer.get_data()
        return said, body
