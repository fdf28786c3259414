"""Which addresses we call on a merchant's behalf: public ones, spelled plainly, and nothing else.

A merchant's URL is a stranger's wish about where this server connects to. It is checked when it is
saved and again at every call, and the call connects to the very address that was checked: a name
that resolves to something else a moment later (DNS rebinding) changes nothing.

Sources: OWASP, Server-Side Request Forgery Prevention; IANA's special-purpose address registries;
the WHATWG URL standard on hosts that end in a number.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import urlsplit

from payments_app.merchants.models import URL_LENGTH

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Iterable[str]]

RESOLVE_SECONDS = 5.0
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# 127.1, 0x7f.1 and 2130706433 are all 127.0.0.1 to a resolver.
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)$")
# What `is_global` of some Python versions lets through.
_NOT_PUBLIC = [
    ipaddress.ip_network(block)
    for block in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16",
                  "3fff::/20")
]  # fmt: skip
_UNICAST_6 = ipaddress.ip_network("2000::/3")


class AddressRefusedError(ValueError):
    """This address is never called; the message says why, in words for the merchant."""


class UnknownHostError(OSError):
    """The host's name leads nowhere just now."""


@dataclass(frozen=True)
class Target:
    """Where to connect (`address`, `port`), and what to ask there (`host`, `path`)."""

    tls: bool
    host: str
    port: int
    path: str
    address: str

    @property
    def host_header(self) -> str:
        """The host as HTTP names it (RFC 9112, 3.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def resolve(host: str, port: int) -> Iterable[str]:
    """Every address of a name. Raises UnknownHostError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHostError(f"{host} can't be resolved") from error
    return [str(entry[4][0]) for entry in found]


def _in_time(resolver: Resolver, host: str, port: int) -> list[str]:
    """What the resolver says within RESOLVE_SECONDS. It waits for name servers of the merchant's
    choice, half a minute and more, and takes no time limit: what is late goes on in a thread that
    nobody waits for. Raises UnknownHostError."""
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(list(resolver(host, port)))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        return answer.result(RESOLVE_SECONDS)
    except TimeoutError as error:
        raise UnknownHostError(f"{host} was not resolved in time") from error


class Guard:
    """Lets https to public addresses pass; with `allow_loopback` (a demo, a test) also this
    machine itself, over http too."""

    def __init__(self, *, allow_loopback: bool = False, resolver: Resolver = resolve) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolver

    def target(self, url: str) -> Target:
        """Resolve the URL's host once, and say where to connect.

        Raises AddressRefusedError, or UnknownHostError where its name leads nowhere.
        """
        tls, host, port, path = _read(url, self._must_be_https)
        literal = _literal(host)
        try:
            addresses = [literal] if literal else self._addresses(host, port)
        except UnknownHostError as error:
            if tls:
                raise
            raise self._must_be_https from error  # wherever it led, it would be refused
        loopback = self._allow_loopback and all(a.is_loopback for a in addresses)
        if not (loopback or all(is_public(a) for a in addresses)):
            raise AddressRefusedError(f"{host} is not on the public internet")
        if not (tls or loopback):
            raise self._must_be_https
        return Target(tls, host, port, path, str(addresses[0]))

    @property
    def _must_be_https(self) -> AddressRefusedError:
        local = " (http:// only at localhost and 127.0.0.1)" if self._allow_loopback else ""
        return AddressRefusedError(f"the address must begin with https://{local}")

    def _addresses(self, host: str, port: int) -> list[IPAddress]:
        try:
            found = [ipaddress.ip_address(a) for a in _in_time(self._resolve, host, port)]
        except ValueError as error:  # such as fe80::1%eth0
            raise AddressRefusedError(f"{host} is not on the public internet") from error
        if not found:
            raise UnknownHostError(f"{host} has no address")
        return found


def is_public(address: IPAddress) -> bool:
    """Whether the address is an ordinary one of the public internet. IPv6 addresses that carry an
    IPv4 one (mapped, NAT64, 6to4, Teredo) are not: they lead where that one leads."""
    if address.version == 6 and address not in _UNICAST_6:
        return False
    ordinary = address.is_global and not address.is_multicast and not address.is_reserved
    return ordinary and not any(address in block for block in _NOT_PUBLIC)


def _read(url: str, must_be_https: AddressRefusedError) -> tuple[bool, str, int, str]:
    if len(url) > URL_LENGTH or not url.isascii() or _UNPRINTABLE.search(url):
        raise AddressRefusedError("the address has characters that it can't have, or too many")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefusedError("the address can't be read") from error
    if parts.scheme not in {"https", "http"}:
        raise must_be_https
    if "@" in parts.netloc:
        raise AddressRefusedError("the address must not hold a user name or a password")
    if "#" in url:
        raise AddressRefusedError("the address must not hold a fragment (#)")
    if port == 0:
        raise AddressRefusedError("the address has no port 0")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return tls, host, port or (443 if tls else 80), path


def _literal(host: str) -> IPAddress | None:
    """The IP address that the host is, in its one plain spelling; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if len(host) > 253 or not _NAME.fullmatch(host) or _ENDS_IN_NUMBER.search(host):
            raise AddressRefusedError("the address has no proper host name") from None
        return None
    if "%" in host:
        raise AddressRefusedError("the address has no proper host name")
    return address
