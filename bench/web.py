"""What a request costs the web server, beside bare Flask on the same: `python -m bench.web`"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import requests

from bench.load import cpu_per_request, take_turns, wrk
from bench.site import Served, Site, site
from parts.app import REPOSITORY

JSON = {"Accept": "application/json"}


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


def costs(here: Site, rounds: int, seconds: float, against: Path | None = None) -> dict[str, float]:
    """Microseconds of processor for each kind of request."""
    with (
        Served(here.directory, here.settings) as web,
        Served(here.directory, {}, "bench.bare:app", ready="/") as bare,
        Served(here.directory, here.settings, repository=against or REPOSITORY) as old,
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
        if against:
            contenders["status, before"] = of(old, path, Cookie=cookie)
            contenders["304, before"] = of(old, path, Cookie=cookie, **known)
        return take_turns(contenders, rounds)


def main() -> None:
    """Print microseconds, and each as a share of bare Flask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--against", type=Path)
    asked = parser.parse_args()
    with site() as here:
        found = costs(here, asked.rounds, asked.seconds, asked.against)
    for name, cost in found.items():
        print(f"{name:20} {cost:8.0f} us  {found['bare Flask'] / cost:5.2f}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
