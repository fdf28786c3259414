"""What browsers report of our Content-Security-Policy: somebody's script where none may be, or a
mistake of ours.

Anybody can send a report, and say in it what they like. So it is short, counted against limits,
and only what we know ourselves is kept of it: the directive is one of the policy's, the page is a
route of ours, and of what was blocked there is the origin, if no card's number is in it. Equal
reports are one row.
Source: https://www.w3.org/TR/CSP3/#reporting, https://www.w3.org/TR/reporting-1/
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, request
from sqlalchemy import String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from payments_app.core.card_numbers import holds
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base, csrf
from payments_app.core.web.access import public
from payments_app.core.web.headers import DIRECTIVES, REPORTS_PATH
from payments_app.core.web.http import ProblemError, words_of
from payments_app.core.web.language_paths import split
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.links import without_prefix
from payments_app.core.web.visitor import visitor_network
from payments_app.ops.blueprint import blueprint

MAX_BYTES = 16 * 1024
MOST_AT_ONCE = 10  # of one request; browsers send several together
MOST_ROWS = 1000
KEEP_SECONDS = 30 * 86_400
OTHER = "other"
_EACH, _ALL = Rate(30, 60), Rate(600, 60)
_WORDS = frozenset({"inline", "eval", "wasm-eval", "data", "blob", "self"})
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[a-z0-9.-]{1,150}(:\d{1,5})?")


class PolicyReport(Base):
    """How often a directive stopped something from one origin on one of our routes."""

    __tablename__ = "pay_policy_reports"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    directive: Mapped[str] = mapped_column(String(40))
    page: Mapped[str] = mapped_column(String(80))
    blocked: Mapped[str] = mapped_column(String(200))
    count: Mapped[int] = mapped_column(BIGINT)
    first_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    last_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)


@blueprint.post(REPORTS_PATH)
@public
@csrf.exempt  # type: ignore[untyped-decorator]
def policy_report() -> Response:
    """Count what a browser reports. 204 whatever it says, 413 where it is long, 429 where there
    are too many."""
    limiter().check("policy_reports", _EACH, f"address:{visitor_network()}")
    limiter().check("policy_reports_of_all", _ALL, "everybody")
    if (request.content_length or MAX_BYTES + 1) > MAX_BYTES:
        raise ProblemError(413, *words_of(413))
    for told in _reports(request.get_data()):
        _count(*told)
    return Response(status=204)


def kept(session: Session) -> dict[str, int]:
    """How many reports there are of each directive, of those that are kept."""
    counts = session.execute(
        select(PolicyReport.directive, func.sum(PolicyReport.count)).group_by(
            PolicyReport.directive
        )
    )
    return {directive: int(count) for directive, count in counts}


def forget_reports(session: Session) -> int:
    """Those of which there was none for KEEP_SECONDS; returns how many."""
    old = delete(PolicyReport).where(PolicyReport.last_at < database_now(-KEEP_SECONDS))
    return len(session.execute(old.returning(PolicyReport.key)).all())


def _reports(body: bytes) -> Iterator[tuple[str, str, str]]:
    """Directive, route and blocked origin of each report in a body, of either form."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return
    for one in (sent if isinstance(sent, list) else [sent])[:MOST_AT_ONCE]:
        said = (one.get("csp-report") or one.get("body")) if isinstance(one, dict) else None
        if not isinstance(said, dict):
            continue
        directive = _text(said, "effectiveDirective", "effective-directive", "violated-directive")
        # The parts of a directive have names of their own: script-src-elem is script-src's.
        directive = re.sub(r"-(elem|attr)$", "", directive.partition(" ")[0])
        if directive in DIRECTIVES:
            page = _text(said, "documentURL", "document-uri")
            yield directive, _route(page), _blocked(_text(said, "blockedURL", "blocked-uri"))


def _text(said: dict[str, Any], *names: str) -> str:
    return next((said[name] for name in names if isinstance(said.get(name), str)), "")


def _route(page: str) -> str:
    """The rule of the route that answers this address: the address may be somebody's link."""
    try:
        path = split(without_prefix(urlsplit(page).path))[1] or "/"
        rule, _ = current_app.url_map.bind("").match(path, method="GET", return_rule=True)
    except (ValueError, HTTPException, RequestRedirect):
        return OTHER
    return str(rule.rule)[:80]


def _blocked(address: str) -> str:
    try:
        parts = urlsplit(address.lower())
    except ValueError:
        return OTHER
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if _ORIGIN.fullmatch(origin):
        return OTHER if holds(origin) else origin
    return address if address in _WORDS else OTHER


@atomic
def _count(session: Session, directive: str, page: str, blocked: str) -> None:
    rows = session.scalar(select(func.count()).select_from(PolicyReport)) or 0
    if rows >= MOST_ROWS:
        page = blocked = OTHER
    key = hashlib.sha256(f"{directive} {page} {blocked}".encode()).hexdigest()
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    session.execute(
        insert(PolicyReport)
        .values(key=key, directive=directive, page=page, blocked=blocked, count=1)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={"count": PolicyReport.count + 1, "last_at": database_now()},
        )
    )
