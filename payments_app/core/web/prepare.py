"""What every request of an application goes through: cookies, request ids, headers, problems."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, make_response, redirect, request
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
from payments_app.core.web.http import WORDS, ProblemError, answer, wants_json
from payments_app.core.web.page_before import page_before

MAX_BODY_BYTES = 256 * 1024
FORM_SECONDS = 4 * 3600
SESSION_SECONDS = 7 * 24 * 3600
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NGINX_ID = re.compile("[0-9a-f]{32}")  # random: what looks like a number in it is none


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


def _name_request() -> None:
    g.request_id = request_id(request.headers.get("X-Request-ID", ""))


def request_id(given: str) -> str:
    """The id that came along, where it has the shape of one and holds no card's number, since
    history keeps it; else a new one."""
    if _NGINX_ID.fullmatch(given) or (_REQUEST_ID.fullmatch(given) and not holds(given)):
        return given
    return secrets.token_hex(8)


def _answer_http_exception(error: HTTPException) -> BaseResponse | HTTPException:
    status = error.code or 500
    if status < 400:
        return error  # a redirect of the router
    if status == 405 and not wants_json() and (page := page_before()):
        return headers.private(make_response(redirect(page, 303)))
    code, message = WORDS.get(status, ("error", error.name))
    given = dict(error.get_headers())
    kept: dict[str, str] = {n: v for n, v in given.items() if n in {"Allow", "Retry-After"}}
    return answer(ProblemError(status, code, message, headers=kept))


def _answer_expired_form(_error: CSRFError) -> Response:
    return answer(
        ProblemError(
            400,
            "form_expired",
            Words("This form has expired. Go back, reload the page and submit the form again."),
            below=Words("Nothing was sent. Go back, reload the page and submit the form again."),
        )
    )


def _answer_card_number(error: CardNumberError) -> Response:
    return answer(ProblemError(422, "card_number", str(error)))


def _answer_empty_key(_error: EmptyKeyError) -> Response:
    """Nothing has an empty id, so nothing was found by the one that was sent."""
    return answer(ProblemError(404, *WORDS[404]))


def _answer_database_away(error: Exception) -> Response:
    DATABASE.failed(error)
    code, message = WORDS[503]
    return answer(ProblemError(503, code, message, headers={"Retry-After": "5"}))
