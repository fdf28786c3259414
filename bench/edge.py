"""What nginx costs, and what a checkout weighs."""

from __future__ import annotations

import gzip
import http.client
import re
import ssl
from collections.abc import Callable

from bench.load import take_turns, wrk
from bench.site import Served, Site
from bench.table import Row, at_least, at_most
from parts.nginx import NAME, Nginx
from parts.release import make_release

# All from one address.
WIDE = {"rate=50r/s": "rate=50000r/s", "rate=10r/s": "rate=50000r/s"}
PAGES = {"checkout": "/checkout/field-notes", "products": "/api/v1/products"}
_ASSET = re.compile(r'(?:src|href)="(/(?:static/[^"]+\.(?:js|css|svg)|pictures/[^"]+))"')


def rows(here: Site, rounds: int, seconds: int) -> list[Row]:
    """A page through nginx beside the same page without it, in requests answered."""
    settings = dict(here.settings) | {"PROXY_HOPS": "1"}
    release = make_release(here.directory / "release", settings)
    with (
        Served(here.directory, settings, repository=release) as web,
        Nginx(here.directory / "nginx", release, web.port, rewrites=WIDE) as nginx,
    ):

        def rate(address: str) -> Callable[[], float]:
            return lambda: wrk(address, {"Accept": "text/html"}, seconds)

        contenders = {
            f"{way} {name}": rate(base + path)
            for name, path in PAGES.items()
            for way, base in (("nginx", nginx.url), ("direct", web.url))
        }
        found = take_turns(contenders, rounds)
        weighed = _weight(nginx)
    return [*(_share(found, name, seconds) for name in PAGES), *weighed]


def _share(found: dict[str, float], name: str, seconds: int) -> Row:
    direct = found[f"direct {name}"]
    share = found[f"nginx {name}"] / direct
    return at_least(f"{name} through nginx, of direct", share, 0.75, f"{direct / seconds:.0f}/s")


def _weight(nginx: Nginx) -> list[Row]:
    trust = ssl.create_default_context(cafile=str(nginx.certificate))

    def fetch(path: str) -> tuple[bytes, str]:
        line = http.client.HTTPSConnection(NAME, nginx.port, timeout=10, context=trust)
        line.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
        answer = line.getresponse()
        return answer.read(), answer.headers.get("Cache-Control", "")

    page, _ = fetch(PAGES["checkout"])
    html = gzip.decompress(page) if page[:2] == b"\x1f\x8b" else page
    assets = sorted(set(_ASSET.findall(html.decode())))
    fetched = {path: fetch(path) for path in assets}
    weight = (len(page) + sum(len(body) for body, _ in fetched.values())) / 1024
    again = [path for path, (_, kept) in fetched.items() if "immutable" not in kept]
    return [
        at_most("checkout, own bytes, compressed", weight, 60, f"{1 + len(assets)} answers", " KB"),
        at_most("assets that a second page asks for", len(again), 0, f"of {len(assets)}"),
    ]
