"""Passwords: Argon2id with the RFC 9106 low-memory parameters that argon2-cffi defaults to."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12
MAX_LENGTH = 200  # hashing has a price: nobody types more than this

_hasher = PasswordHasher()
# A hash of no password, with today's parameters. Making one would take the first unknown account
# twice as long as the others.
_NOBODYS = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${'A' * 22}${'A' * 43}"
)


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Without a hash it takes as long as with one and is False,
    so that the time of an answer tells nobody which accounts exist."""
    try:
        _hasher.verify(password_hash or _NOBODYS, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def weakness(password: str) -> str | None:
    """What is wrong with a new password, in words; None where nothing is."""
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    if len(set(password)) < 5:
        return "Use more different characters."
    return None
