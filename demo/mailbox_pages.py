"""The demo's mailbox in the browser: what the stand-in for a mail server kept."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from flask import Blueprint, Response, current_app, make_response, render_template
from werkzeug.exceptions import NotFound

from payments_app.core.web.access import public
from payments_app.core.web.headers import private

SHOWN = 100
_NAME = re.compile(r"\d{10,25}")

blueprint = Blueprint("mailbox", __name__, url_prefix="/demo/mails")


@dataclass(frozen=True)
class Kept:
    """One mail as its file names it."""

    name: str
    message: EmailMessage

    def part(self, subtype: str) -> str:
        """The text of the part of this kind (`plain`, `html`)."""
        body = self.message.get_body((subtype,))
        return str(body.get_content()) if body is not None else ""


@blueprint.get("")
@public
def index() -> Response:
    """The latest mails, newest first."""
    paths = sorted(_directory().glob("*.eml"), key=lambda path: path.stem, reverse=True)
    mails = [_read(path) for path in paths[:SHOWN]]
    return _page("demo/mails.html", mails=mails)


@blueprint.get("/<name>")
@public
def show(name: str) -> Response:
    """One mail: its headers and its plain text."""
    return _page("demo/mail.html", mail=_find(name))


@blueprint.get("/<name>/html")
@public
def html(name: str) -> Response:
    """One mail's other form, as a mail program draws it."""
    return private(make_response(_find(name).part("html")))


def _find(name: str) -> Kept:
    path = _directory() / f"{name}.eml"
    if not _NAME.fullmatch(name) or not path.exists():
        raise NotFound
    return _read(path)


def _read(path: Path) -> Kept:
    return Kept(path.stem, email.message_from_bytes(path.read_bytes(), policy=default))


def _directory() -> Path:
    """Where the stand-in keeps its mails. Beside Stripe itself they are real buyers'."""
    config = current_app.config["CONFIG"]
    if not config.sandboxed:
        raise NotFound
    mails: Path = config.data_dir / "mails"
    return mails


def _page(template: str, **words: object) -> Response:
    return private(make_response(render_template(template, **words)))
