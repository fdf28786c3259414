"""How a setting is read: lists, flags, addresses of this machine."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Inside a network of one's own names have a _ as well.
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_SAYS_YES, _SAYS_NO = ("1", "true", "yes"), ("", "0", "false", "no")


def listed(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated value."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def flag(env: Mapping[str, str], name: str) -> bool:
    """Whether a setting says yes: as Flask reads its own, whatever is not 0, false or no."""
    return env.get(name, "").lower() not in _SAYS_NO


def is_flag(value: str) -> bool:
    """Whether it is known what a flag says: `off` is a yes to Flask."""
    return value.lower() in _SAYS_YES + _SAYS_NO


def matches(pattern: str, value: str) -> bool:
    """Whether all of a value reads so, in digits from 0 to 9."""
    return re.fullmatch(pattern, value, re.ASCII) is not None


def is_host(host: str) -> bool:
    """Whether a host is an address, or a name that can be looked up; it asks nobody."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return True
    try:
        labels = host.removesuffix(".").encode("idna").decode().split(".")
    except UnicodeError:
        return False
    if not all(map(_NAME.fullmatch, labels)) or len(host) > 253:
        return False
    return not labels[-1].isdigit() or is_short_ipv4(host.removesuffix("."))


def is_short_ipv4(host: str) -> bool:
    """Whether it is an IPv4 address as C reads one: 127.1 is 127.0.0.1."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def split(url: str) -> SplitResult | None:
    """The parts of an address with a host and, if any, a port from 1 to 65535; None of what has
    none."""
    try:
        parts = urlsplit(url)
        return parts if is_host(parts.hostname or "") and parts.port != 0 else None
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


def is_stand_in(url: str) -> bool:
    """Whether an address is a server of this machine, and nothing after it: it stands in the
    policy of pages."""
    return matches(r"https?://[^/?#]+/?", url) and is_loopback(url)


def is_https(url: str) -> bool:
    """Whether an address is one over TLS, or one of this machine over whatever HTTP."""
    parts = split(url)
    if parts is None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))


def is_or_could_be(kind: Callable[[int], bool], path: Path) -> bool:
    """Whether what is there is of this kind, by `stat`, or nothing is there yet. Nothing can be
    below a file, where we may not look, nor of a name that is too long; nor where the kernel shows
    itself and its devices, but in the machine's memory, /dev/shm."""
    try:
        if matches(r"/(proc|sys|dev(?!/shm(/|\Z)))(/.*)?", os.path.realpath(path)):
            return False
        return kind(path.stat().st_mode)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False


def is_file_or_none(path: Path) -> bool:
    """Whether a file is there or could be made: no directory, no device."""
    return is_or_could_be(stat.S_ISREG, path)


def is_there(path: str) -> bool:
    """Whether there is a file, or a directory, that we may look at."""
    try:
        return Path(path).stat() is not None
    except (OSError, ValueError):
        return False


def holds(path: Path, pattern: bytes) -> bool:
    """Whether a file is not there yet, may not be read, or reads so from its beginning: then it is
    what we wrote ourselves."""
    try:
        with path.open("rb") as file:
            return re.match(pattern, file.read(4096)) is not None
    except OSError:
        return True
