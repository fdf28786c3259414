"""Links: our own address in each, what a signed one says, for how long, and an address as its page
names it.

A link carries what it is for, signed and dated; it is of no use for another purpose, nor later.
Source: https://itsdangerous.palletsprojects.com/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from payments_app.core.keyring import secret_keys


def absolute(path: str) -> str:
    """The whole address of a path of ours. Always PUBLIC_URL's: what a request says of its host
    is its sender's to choose, and a link outlives the request."""
    return f"{current_app.config['CONFIG'].public_url}{on_site(path)}"


def on_site(path: str) -> str:
    """A path of ours as browsers ask for it: below the prefix of the application that we are part
    of. As `url_for` gives it in a request, it has the prefix already."""
    return f"{current_app.config['CONFIG'].prefix}{without_prefix(path)}"


def without_prefix(path: str) -> str:
    """A path of ours as our routes have it."""
    prefix = current_app.config["CONFIG"].prefix
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def sign(purpose: str, content: Any) -> str:
    """A token that says `content` (plain JSON), good for this purpose alone."""
    return _serializer(purpose).dumps(content)


def read(purpose: str, token: str, max_age: int) -> Any | None:
    """What a token of this purpose says; None where it is forged, or older than `max_age`
    seconds."""
    if len(token) > 2000:
        return None
    try:
        return _serializer(purpose).loads(token, max_age=max_age)
    except BadData:
        return None


def seal(purpose: str, content: str) -> str:
    """A keyed hash of `content`, which says nothing of it and that nobody else can make."""
    return seals(purpose, content)[0]


def seals(purpose: str, content: str) -> list[str]:
    """The same by every key that is still good, the newest first: what was stored before the key
    changed is known again."""
    sealed = f"seal:{purpose}:{content}".encode()
    return [hmac.digest(key.encode(), sealed, hashlib.sha256).hex() for key in secret_keys()]


def sign_name(name: str) -> str:
    """A name with its signature behind it, 25 characters more: the same each time, as an address
    may hold it. Nobody can make it of the name alone."""
    return _signed(name)[0]


def unsigned(signed: str) -> str:
    """The name of which `sign_name` made this; the text itself where it made no such thing."""
    name = signed[:-25]
    made = any(hmac.compare_digest(signed.encode(), one.encode()) for one in _signed(name))
    return name if made else signed


def _signed(name: str) -> list[str]:
    """Letters and the digits 2 to 7: hexadecimal ones could look like a card's number."""
    sealed = (bytes.fromhex(seal)[:15] for seal in seals("name", name))
    return [f"{name}-{base64.b32encode(seal).decode().lower()}" for seal in sealed]


def masked(email: str) -> str:
    """An address as its owner knows it and nobody else reads it: `m...@example.com`."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}...@{domain}"


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["CONFIG"].signing_keys, salt=f"link:{purpose}")
