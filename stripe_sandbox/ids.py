"""Identifiers in Stripe's shapes."""

import hashlib
import secrets
import string

_BASE62 = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{random_text(length)}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def derived_text(seed: str, length: int = 16) -> str:
    """The same letters for the same seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, position = divmod(number, len(_BASE62))
        letters.append(_BASE62[position])
    return "".join(letters)


def account_id(key_suffix: str) -> str:
    """The account that `sk_test_<suffix>` and `pk_test_<suffix>` share."""
    return f"acct_{derived_text(key_suffix)}"
