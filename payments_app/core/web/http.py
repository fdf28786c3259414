"""HTTP as every package speaks it: problems, who wants JSON, request ids, cookies.

A problem is `{"success": false, "error": {"message", "code", "fields"?}}` for a program, and a
page in the site's own look for a person.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from flask import (
    Flask,
    Response,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from payments_app.core.card_numbers import CardNumberError, holds
from payments_app.core.db.columns import EmptyKeyError
from payments_app.core.db.session import CommitOutcomeUnknownError
from payments_app.core.language import Words
from payments_app.core.outages import DATABASE
from payments_app.core.web import assets, headers
from payments_app.core.web.cookie_session import CookieSessions
from payments_app.core.web.cookies import cookie_name, cookie_path
from payments_app.core.web.links import absolute
from payments_app.core.web.page_before import page_before

MAX_BODY_BYTES = 256 * 1024
FORM_SECONDS = 4 * 3600
SESSION_SECONDS = 7 * 24 * 3600
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NGINX_ID = re.compile("[0-9a-f]{32}")  # random: what looks like a number in it is none
_WORDS = {
    400: ("bad_request", Words("We couldn't read this request. Check it and send it again.")),
    401: ("unauthorized", Words("Sign in first.")),
    403: ("forbidden", Words("You don't have permission to do this.")),
    404: ("not_found", Words("We couldn't find this page.")),
    405: ("method_not_allowed", Words("This address doesn't support this method.")),
    413: ("body_too_large", Words("This request is too large.")),
    415: ("unsupported_media_type", Words("Send a form or JSON.")),
    421: (
        "misdirected",
        Words("Nothing is served at this address. Use the one that you were given."),
    ),
    422: ("invalid", Words("Check the details and try again.")),
    429: ("rate_limited", Words("Too many requests. Wait a moment and try again.")),
    500: ("internal_error", Words("Something went wrong on our side.")),
    503: ("unavailable", Words("This is temporarily unavailable. Try again in a moment.")),
}


class ProblemError(Exception):
    """An answer that is not what was asked for. `fields` maps a field's name to what is wrong."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        self.more = more

    def body(self) -> dict[str, Any]:
        """The envelope; what was given as `more` stands beside message and code."""
        error: dict[str, Any] = {"message": str(self.message), "code": self.code}
        error |= {name: str(v) if isinstance(v, Words) else v for name, v in self.more.items()}
        if self.fields:
            error["fields"] = {name: str(words) for name, words in self.fields.items()}
        return {"success": False, "error": error}


def wants_json() -> bool:
    """Whether to answer JSON: always under /api/ and to JSON, else unless the client prefers
    HTML to it."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    accepted = request.accept_mimetypes
    return accepted["text/html"] <= accepted["application/json"]


def prepare(app: Flask) -> None:
    """Install cookies, request ids, headers, problem handlers and the static files' addresses."""
    config = app.config["CONFIG"]
    if hops := config.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=headers.STATIC_SECONDS,
        PERMANENT_SESSION_LIFETIME=SESSION_SECONDS,
        SESSION_COOKIE_NAME=cookie_name(app, "session"),
        SESSION_COOKIE_PATH=cookie_path(app),
        SESSION_COOKIE_SECURE=config.tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Else every response, public ones too, would carry a cookie.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=FORM_SECONDS,
        # Staff pages send no Referer at all, which the strict check would take for an attack.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.session_interface = CookieSessions()
    assets.prepare(app)
    app.before_request(_name_request)
    headers.prepare(app)
    app.register_error_handler(ProblemError, answer)
    app.register_error_handler(CSRFError, _answer_expired_form)
    app.register_error_handler(CardNumberError, _answer_card_number)
    app.register_error_handler(EmptyKeyError, _answer_empty_key)
    app.register_error_handler(OperationalError, _answer_database_away)
    app.register_error_handler(PoolTimeoutError, _answer_database_away)
    app.register_error_handler(CommitOutcomeUnknownError, _answer_database_away)
    app.register_error_handler(HTTPException, _answer_http_exception)


def words_of(status: int) -> tuple[str, str]:
    """The code and the sentence for a status that has no better ones of its own."""
    return _WORDS[status]


def _name_request() -> None:
    g.request_id = request_id(request.headers.get("X-Request-ID", ""))


def request_id(given: str) -> str:
    """The id that came along, where it has the shape of one and holds no card's number, since
    history keeps it; else a new one."""
    if _NGINX_ID.fullmatch(given) or (_REQUEST_ID.fullmatch(given) and not holds(given)):
        return given
    return secrets.token_hex(8)


def answer(problem: ProblemError) -> Response:
    """The problem as JSON or as a page, whichever the client wants."""
    if wants_json():
        response = jsonify(_with_request(problem.body()))
    else:
        page = render_template("error.html", problem=problem, request_id=g.get("request_id"))
        response = make_response(page)
    response.status_code = problem.status
    response.headers.extend(problem.headers)
    response.vary.add("Accept")
    return headers.private(response)


def _with_request(body: dict[str, Any]) -> dict[str, Any]:
    """The envelope with what finds the request in our logs, and of the API what to read of it."""
    error = body["error"]
    if fields := error.get("fields"):
        error["param"] = next(iter(fields))
    if request.path.startswith("/api/"):
        error["doc_url"] = absolute(f"/docs#{error['code']}")
    error["request_id"] = g.get("request_id", "")
    return body


def _answer_http_exception(error: HTTPException) -> BaseResponse | HTTPException:
    status = error.code or 500
    if status < 400:
        return error  # a redirect of the router
    if status == 405 and not wants_json() and (page := page_before()):
        return headers.private(make_response(redirect(page, 303)))
    code, message = _WORDS.get(status, ("error", error.name))
    given = dict(error.get_headers())
    kept: dict[str, str] = {n: v for n, v in given.items() if n in {"Allow", "Retry-After"}}
    return answer(ProblemError(status, code, message, headers=kept))


def _answer_expired_form(_error: CSRFError) -> Response:
    return answer(
        ProblemError(
            400,
            "form_expired",
            Words("This form has expired. Go back, reload the page and submit the form again."),
        )
    )


def _answer_card_number(error: CardNumberError) -> Response:
    return answer(ProblemError(422, "card_number", str(error)))


def _answer_empty_key(_error: EmptyKeyError) -> Response:
    """Nothing has an empty id, so nothing was found by the one that was sent."""
    return answer(ProblemError(404, *_WORDS[404]))


def _answer_database_away(error: Exception) -> Response:
    DATABASE.failed(error)
    code, message = _WORDS[503]
    return answer(ProblemError(503, code, message, headers={"Retry-After": "5"}))
