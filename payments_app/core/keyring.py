"""The keys that are derived from SECRET_KEY, one for each purpose, and what is encrypted with them.

The newest key encrypts, and each of them decrypts: so a key is replaced with overlap.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import suppress

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app


class SealedError(ValueError):
    """None of our keys opens it: it was encrypted under a SECRET_KEY that is gone."""


def secret_keys() -> tuple[str, ...]:
    """Every SECRET_KEY that is still good, the newest first."""
    return tuple(reversed(current_app.config["CONFIG"].signing_keys))


def encrypt(purpose: str, text: str) -> str:
    """The text as it is stored."""
    return _keyring(purpose).encrypt(text.encode()).decode()


def decrypt(purpose: str, stored: str) -> str:
    """The text again. Raises SealedError."""
    try:
        return _keyring(purpose).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise SealedError(f"this {purpose} was encrypted under another SECRET_KEY") from error


def renewed(purpose: str, stored: str) -> str | None:
    """The same text encrypted with the newest key; None where it is already, and where none of our
    keys opens it."""
    newest, *before = _keys(purpose)
    try:
        newest.decrypt(stored.encode())
    except InvalidToken:
        with suppress(InvalidToken):
            return newest.encrypt(MultiFernet(before or [newest]).decrypt(stored.encode())).decode()
    return None


def _keyring(purpose: str) -> MultiFernet:
    return MultiFernet(_keys(purpose))


def _keys(purpose: str) -> list[Fernet]:
    derived = (
        hmac.digest(key.encode(), f"encrypt:{purpose}".encode(), hashlib.sha256)
        for key in secret_keys()
    )
    return [Fernet(base64.urlsafe_b64encode(each)) for each in derived]
