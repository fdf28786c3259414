"""What a request costs the web server, beside bare Flask on the same."""

from __future__ import annotations

from collections.abc import Callable

import requests

from bench.load import cpu_per_request, take_turns, wrk
from bench.site import Served, Site
from bench.table import Row, at_least

JSON = {"Accept": "application/json"}
TARGETS = {
    "status, buyer": 0.35,
    "status, no cookie": 0.6,
    "304, buyer": 0.6,
    "304, no cookie": 0.6,
    "products": 0.4,
    "checkout": 0.3,
}


def pay(web: Served) -> tuple[str, str, str]:
    """A pending payment of a buyer's: its address, its ETag, the buyer's cookie."""
    with requests.Session() as buyer:
        buyer.get(f"{web.url}/checkout/field-notes", timeout=10)
        posted = buyer.post(
            f"{web.url}/transactions",
            json={
                "item": "field-notes",
                "email": "ada@example.com",
                "payment_method": "pm_card_visa",
            },
            headers={"Idempotency-Key": "bench-of-the-web"},
            timeout=10,
        )
        url = web.url + posted.json()["url"]
        cookie = "; ".join(f"{name}={value}" for name, value in buyer.cookies.items())
        return url, requests.get(url, timeout=10).headers["ETag"], cookie


def costs(here: Site, rounds: int, seconds: int) -> dict[str, float]:
    """Microseconds of processor for each kind of request."""
    with (
        Served(here.directory, here.settings) as web,
        Served(here.directory, {}, "bench.bare:app", ready="/") as bare,
    ):
        url, etag, cookie = pay(web)
        path = url.removeprefix(web.url)
        known = {"If-None-Match": etag}

        def of(server: Served, path: str, **headers: str) -> Callable[[], float]:
            whole = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
            return lambda: cpu_per_request(
                server.pid, lambda: wrk(server.url + path, whole, seconds)
            )

        contenders = {
            "bare Flask": of(bare, "/"),
            "status, buyer": of(web, path, Cookie=cookie),
            "status, no cookie": of(web, path),
            "304, buyer": of(web, path, Cookie=cookie, **known),
            "304, no cookie": of(web, path, **known),
            "products": of(web, "/api/v1/products"),
            "checkout": of(web, "/checkout/field-notes", Accept="text/html"),
        }
        return take_turns(contenders, rounds)


def rows(here: Site, rounds: int, seconds: int) -> list[Row]:
    """Each as a share of bare Flask: how much of what it costs is the server's own."""
    found = costs(here, rounds, seconds)
    bare = found["bare Flask"]
    return [
        at_least(f"{name}, processor, of bare Flask", bare / found[name], target, f"{bare:.0f} us")
        for name, target in TARGETS.items()
    ]
