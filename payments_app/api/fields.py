"""fields: what single fields of the API take, each with the sentence for what is wrong with it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from payments_app.core.email_addresses import checked
from payments_app.core.money import code_of

MOST = 10**12
_MOST_LABELS = 50
HOST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _currency(typed: str) -> str:
    code = code_of(typed)
    if code is None:
        raise ValueError("This must be a currency's code of three letters, such as usd.")
    return code


def _address(typed: str) -> str:
    parts = urlsplit(typed)
    local = parts.hostname in ("localhost", "127.0.0.1")
    whole = parts.hostname and not parts.username and not parts.password and typed.isprintable()
    if (
        not whole
        or " " in typed
        or not (parts.scheme == "https" or (local and parts.scheme == "http"))
    ):
        raise ValueError("This must be an https address (http only at localhost and 127.0.0.1).")
    return typed


def _email(typed: str) -> str:
    address = checked(typed)
    if not address:
        raise ValueError("This must be an e-mail address like name@example.com.")
    return address


def _text(typed: str) -> str:
    text = typed.strip()
    if not text:
        raise ValueError("This must not be blank.")
    return text


def _labels(typed: dict[str, str]) -> dict[str, str]:
    if any(not 1 <= len(name) <= 40 for name in typed):
        raise ValueError("A name in metadata has 1 to 40 characters.")
    if any(len(value) > 500 for value in typed.values()):
        raise ValueError("A value in metadata has at most 500 characters.")
    return typed


def _written(typed: Any) -> Any:
    """Digits alone are no time: 20301231 and 2030 were read as seconds, a moment of 1970."""
    if not isinstance(typed, str) or not _DATE.match(typed):
        raise ValueError("This must be a time, as in 2030-01-31T12:00:00Z.")
    return typed


def _in_utc(read: dt.datetime) -> dt.datetime:
    try:
        return read.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("This must be a time from the years 1 to 9999.") from None


Time = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
Amount = Annotated[int, Field(strict=True, ge=1, le=MOST)]
Currency = Annotated[str, Field(min_length=3, max_length=3), AfterValidator(_currency)]
Address = Annotated[str, Field(max_length=2000), AfterValidator(_address)]
Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_text)]
Reference = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_text)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_text)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
HostId = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
Labels = Annotated[dict[str, str], Field(max_length=_MOST_LABELS), AfterValidator(_labels)]
