"""Tokens that let somebody in: random, kept by their owner alone, and stored as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new_token(prefix: str = "") -> str:
    """A token of 256 random bits."""
    return f"{prefix}{secrets.token_urlsafe(32)}"


def hash_token(token: str) -> str:
    """What is stored of a token: who reads it can't use it."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
