"""How a setting is read: lists, flags, addresses of this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit


def listed(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated value."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def flag(env: Mapping[str, str], name: str) -> bool:
    """Whether a setting says yes: as Flask reads its own, whatever is not 0, false or no."""
    return env.get(name, "").lower() not in {"", "0", "false", "no"}


def split(url: str) -> SplitResult | None:
    """The parts of an address with a host and, if any, a port from 1 to 65535; None of what has
    none."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine alone."""
    parts = split(url)
    host = (parts.hostname or "") if parts else ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_https(url: str) -> bool:
    """Whether an address is one over TLS, or one of this machine over whatever HTTP."""
    parts = split(url)
    if parts is None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
