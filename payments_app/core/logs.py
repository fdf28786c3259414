"""The log: a JSON object a line, with the request, the payment and the message it is about, and no
secrets. A request is named by its route, never by its address: that may hold somebody's link.

What may not be read in a log is cut from the finished line, so that no argument, traceback or
library slips past. Sentry, where it is configured, gets what the log gets.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from payments_app.core.card_numbers import mask
from payments_app.core.db.ids import ID, without_payment_methods
from payments_app.core.forking import forks_here

_SECRETS = (
    # Stripe's keys and secrets, https://docs.stripe.com/keys
    (re.compile(r"\b(sk|rk)_(test|live)_\w+"), r"\1_\2_[cut]"),
    (re.compile(r"\bwhsec_\w+"), "whsec_[cut]"),
    # Other applications' keys for our API. See accounts/api_keys.py.
    (re.compile(r"\bpay_(test|live)_[\w-]+"), r"pay_\1_[cut]"),
    (re.compile(r"\b((?:pi|seti|cs|cuss)_\w+?)_secret_\w+"), r"\1_secret_[cut]"),
    # From where a word begins alone: else each letter of a long one is tried as its beginning.
    (re.compile(r"(?<!\w)(\w+://[^\s:/@]*):[^\s/@]+@"), r"\1:[cut]@"),
    # Links of ours: one signs somebody in, another reaches what was bought. See core/web/tokens.py.
    # A link may be quoted as a part of another one, where its slashes are %2F.
    (re.compile(r"link_[A-Za-z0-9_-]{20,}"), "link_[cut]"),
    # A link to pay: the id with its signature. See sign_name in core/web/links.py.
    (re.compile(rf"({ID})-[a-z2-7]{{24}}(?![a-z2-7])", re.IGNORECASE), r"\1-[cut]"),
    # Whatever else we sign, wherever it stands: links of any purpose, cookies, forms' tokens. It is
    # a text, its time and its signature. https://itsdangerous.palletsprojects.com/
    (re.compile(r"(?<![\w-])[\w-]{8,}\.[\w-]{6}\.[\w-]{27}(?![\w-])", re.ASCII), "[cut]"),
    (
        re.compile(
            r"((?:/|%2F)(?:account|portal(?:/|%2F)links|downloads|onboarding)(?:/|%2F))[\w.~%-]{33,}",
            re.IGNORECASE,
        ),
        r"\1[cut]",
    ),
)
_PAYMENT = re.compile(r"\btxn_[A-Za-z0-9]+")
_ABOUT: ContextVar[dict[str, Any]] = ContextVar("about")


def redact(text: str) -> str:
    """The text without keys, secrets, passwords in addresses, ids of cards at Stripe, and
    card-like numbers."""
    text = without_payment_methods(text)
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return mask(text, "[card number cut]")


def redacted(value: Any) -> Any:
    """JSON-like data with every text in it redacted, keys as well, at any depth."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redacted(key): redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def route() -> str:
    """The route of this request, such as `/downloads/<token>`; `unknown` where there is none."""
    return str(request.url_rule) if request.url_rule else "unknown"


@contextmanager
def about(**names: Any) -> Iterator[None]:
    """Each line of this thread carries these names, such as the message that is worked on."""
    token = _ABOUT.set(names)
    try:
        yield
    finally:
        _ABOUT.reset(token)


class JsonFormatter(logging.Formatter):
    """One redacted JSON object for each record. What it was given as `extra={"facts": {...}}`
    stands in it by name."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(
                "T", "milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            entry |= {"request_id": g.get("request_id"), "route": route()}
        entry |= _ABOUT.get({}) | getattr(record, "facts", {})
        path = request.path if has_request_context() else ""
        said = f"{entry['message']} {path} {entry.get('subject', '')}"
        if "payment" not in entry and (found := _PAYMENT.search(said)):
            entry["payment"] = found[0]
        if record.exc_text:
            entry["exception"] = record.exc_text
        elif record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(redacted(entry))


class Cutting(logging.Handler):
    """Hands what our loggers say to the root's handlers, which are another application's, cut as
    our own lines are."""

    _lines = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        try:
            cut = self._cut(record)
        except Exception:  # a line that can't be written stops nothing
            self.handleError(record)
            return
        theirs: list[logging.Handler | None] = [*logging.getLogger().handlers]
        for handler in theirs or [logging.lastResort]:
            if handler is not None and cut.levelno >= handler.level:
                handler.handle(cut)

    def _cut(self, record: logging.LogRecord) -> logging.LogRecord:
        facts = redacted(getattr(record, "facts", {}))
        cut = logging.makeLogRecord(vars(record) | {"args": None, "facts": facts})
        cut.msg = redact(record.getMessage())
        if record.exc_info:
            cut.exc_info, cut.exc_text = None, redact(self._lines.formatException(record.exc_info))
        return cut


def prepare(app: Flask) -> None:
    """Write what is logged to stderr as JSON, once for the process; report errors to Sentry. Both
    are another application's own, where we are part of it: it gets our lines cut. The server's own
    access log, where it is switched on, reads the route in the environment."""
    app.before_request(lambda: request.environ.update({"payments.route": route()}))
    app.after_request(_name_payment)
    root = logging.getLogger()
    if app.config["CONFIG"].prefix:
        for logger in map(logging.getLogger, ("payments_app", "stripe")):
            if not any(isinstance(handler, Cutting) for handler in logger.handlers):
                logger.addHandler(Cutting())
                logger.propagate = False
        return
    if not any(isinstance(handler.formatter, JsonFormatter) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    logging.getLogger("payments_app").setLevel(logging.INFO)
    # A traceback for each connection that died; whoever used it says so.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    if dsn := app.config["CONFIG"].sentry_dsn:
        _report_to_sentry(dsn)


def _name_payment(response: Response) -> Response:
    """For the server's access log: the payment that was made, or that is asked for."""
    found = _PAYMENT.search(f"{response.headers.get('Location', '')} {request.path}")
    request.environ["payments.payment"] = found[0] if found else "-"
    return response


def _report_to_sentry(dsn: str) -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,  # they hold what was typed
        max_request_body_size="never",
        before_send=_without_secrets,
        before_breadcrumb=lambda crumb, _hint: _without_secrets(crumb),
    )


def _without_secrets(event: Any, _hint: Any = None) -> Any:
    """Sentry's event or breadcrumb; an event is sent by a thread, which a process that forks may
    not start."""
    return None if forks_here() else redacted(event)
