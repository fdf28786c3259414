"""What "an address" is to every limit, and nginx's limits say the same: a visitor's own network.

Of IPv4 it is the whole address. Of IPv6 it is the first 64 bits, since one subscriber has all that
follow (RFC 6177) and may use another for each request. An IPv4 address that is written as IPv6
(RFC 4291, 2.5.5.2) is that IPv4 address.
"""

from __future__ import annotations

import ipaddress

from flask import request


def network(address: str) -> str:
    """The network of an address; of what is none, the text itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def visitor_network() -> str:
    """Of whoever sent this request, as our own proxies say (PROXY_HOPS); empty where nobody
    does."""
    return network(request.remote_addr or "")
