"""What "an address" is to every limit, and nginx's limits say the same: a visitor's own network.

Of IPv4 it is the whole address. Of IPv6 it is the first 64 bits, since one subscriber has all that
follow (RFC 6177) and may use another for each request. An IPv4 address that is written as IPv6 is
that IPv4 address: mapped (RFC 4291, 2.5.5.2), translated by NAT64 (RFC 6052, 2.1), with all that
6to4 gives to it (RFC 3056), or behind whichever Teredo server it chose (RFC 4380, 4).
"""

from __future__ import annotations

import ipaddress
import re

from flask import request

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Some balancers name the port of the connection too, which is another each time; with an IPv6
# address also without brackets.
_PORT = re.compile(r"(?:\[(.*)\]|([0-9.]+))(?::[0-9]+)?")


def network(address: str) -> str:
    """The network of an address; of what is none, the text itself."""
    found = _PORT.fullmatch(address)
    alone = (found[1] or found[2]) if found else address
    parsed = _parsed(alone) or _parsed(alone.rpartition(":")[0])
    if parsed is None:
        return address
    if parsed.version == 4:
        return str(parsed)
    ipv4 = parsed.ipv4_mapped or parsed.sixtofour
    if parsed.teredo is not None:
        ipv4 = parsed.teredo[1]
    if parsed in _NAT64:
        ipv4 = ipaddress.IPv4Address(parsed.packed[-4:])
    if ipv4 is not None:
        return str(ipv4)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None


def visitor_network() -> str:
    """Of whoever sent this request, as our own proxies say (PROXY_HOPS); empty where nobody
    does."""
    return network(request.remote_addr or "")
