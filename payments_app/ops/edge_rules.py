"""edge_rules: what must hold at the edge of a running site, each rule with its name.

Sources: RFC 9111 (caching), RFC 6797 (HSTS), RFC 6265bis (cookies' prefixes).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from payments_app.core.web import headers
from payments_app.ops.edge_site import HTML, Answer, EdgeError, Site

_MISSING = "/static/assets/css/site.0000000000000000.css"
_PRODUCTS = "/api/v1/products"
Rule = Callable[[Site], None]


def _expect(answer: Answer, status: int, **wanted: str) -> None:
    """Status and headers, exactly; an underscore in a name stands for a hyphen."""
    if answer.status != status:
        raise EdgeError(f"status {answer.status}, not {status}")
    for name, value in wanted.items():
        found = answer.header(name.replace("_", "-"))
        if found != value:
            raise EdgeError(f"{name.replace('_', '-')} is {found!r}, not {value!r}")


def _page(site: Site) -> None:
    _expect(site.page, 200, Cache_Control=headers.HTML)


def _hashed_file(site: Site) -> None:
    _expect(site.ask(site.hashed_file), 200, Cache_Control=headers.HASHED)


def _packed_file(site: Site) -> None:
    answer = site.ask(site.hashed_file, {"Accept-Encoding": "gzip"})
    _expect(answer, 200, Content_Encoding="gzip", Cache_Control=headers.HASHED)
    if "accept-encoding" not in answer.header("Vary").lower():
        raise EdgeError("no Vary: Accept-Encoding: a cache would send packed files to everybody")


def _missing_file(site: Site) -> None:
    answer = site.ask(_MISSING, HTML)
    if answer.status != 404:
        raise EdgeError(f"status {answer.status}, not 404")
    if "no-store" not in answer.header("Cache-Control"):
        raise EdgeError(f"Cache-Control is {answer.header('Cache-Control')!r}, without no-store")


def _other_file(site: Site) -> None:
    _expect(site.ask("/static/icon.svg"), 200, Cache_Control="public, max-age=3600")


def _public_data(site: Site) -> None:
    _validated(site, _PRODUCTS, headers.PUBLIC)


def _expensive_data(site: Site) -> None:
    _validated(site, "/api/v1/bestsellers", headers.EXPENSIVE_PUBLIC)


def _validated(site: Site, path: str, policy: str) -> None:
    first = site.ask(path)
    _expect(first, 200, Cache_Control=policy)
    if "accept-encoding" not in first.header("Vary").lower():
        raise EdgeError("no Vary: Accept-Encoding")
    if first.header("Set-Cookie"):
        raise EdgeError("it sets a cookie, which a shared cache would hand to others")
    etag = first.header("ETag")
    if not etag:
        raise EdgeError("no ETag")
    _expect(site.ask(path, {"If-None-Match": etag}), 304)


def _own_data(site: Site) -> None:
    _expect(site.ask("/transactions/txn_nothing"), 404, Cache_Control=headers.PRIVATE)


def _only_get(site: Site) -> None:
    answer = site.ask(_PRODUCTS, method="POST", body=b"{}")
    if "public" in answer.header("Cache-Control"):
        raise EdgeError(f"a POST is answered {answer.header('Cache-Control')!r}")


def _not_kept_here(site: Site) -> None:
    ids = {site.ask(_PRODUCTS).header("X-Request-ID") for _ in range(2)}
    if len(ids) < 2:
        raise EdgeError("two answers carry one X-Request-ID: something between keeps them")


def _http_2(site: Site) -> None:
    if (agreed := site.protocol()) != "h2":
        raise EdgeError(f"TLS agrees on {agreed}")


def _plain_http(site: Site) -> None:
    answer = site.ask_plainly("/checkout/x?y=z")
    target = answer.header("Location")
    if answer.status not in {301, 308} or not re.match(
        rf"https://{re.escape(site.host)}(:\d+)?/checkout/x\?y=z$", target
    ):
        raise EdgeError(f"plain HTTP answers {answer.status} {target}")


def _safe_headers(site: Site) -> None:
    answers = {
        "the page": site.page,
        "a file": site.ask("/static/icon.svg"),
        "an error": site.ask(_MISSING),
    }
    for what, answer in answers.items():
        policy = answer.header("Content-Security-Policy")
        if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
            raise EdgeError(f"{what} has the Content-Security-Policy {policy!r}")
        if answer.header("X-Content-Type-Options") != "nosniff":
            raise EdgeError(f"{what} has no X-Content-Type-Options: nosniff")
        if not answer.header("Referrer-Policy"):
            raise EdgeError(f"{what} has no Referrer-Policy")


def _hsts(site: Site) -> None:
    for what, answer in (("the page", site.page), ("a file", site.ask("/static/icon.svg"))):
        found = re.match(r"max-age=(\d+)", answer.header("Strict-Transport-Security"))
        if found is None or int(found[1]) < 31536000:
            raise EdgeError(f"{what} does not say Strict-Transport-Security for a year")


def _cookies(site: Site) -> None:
    products = json.loads(site.ask(_PRODUCTS).body)["products"]
    if not products:
        raise EdgeError("nothing is for sale, so no form sets a cookie: add a product first")
    cookies = site.ask(products[0]["checkout_url"], HTML).headers.get_all("Set-Cookie") or []
    if not cookies:
        raise EdgeError("the checkout form sets no cookie")
    for cookie in cookies:
        lacking = [
            mark for mark in ("Secure", "HttpOnly", "SameSite=", "Path=/") if mark not in cookie
        ]
        if not cookie.startswith("__Host-"):
            lacking.append("the name's __Host-")
        if lacking:
            raise EdgeError(f"the cookie {cookie.partition('=')[0]} lacks {', '.join(lacking)}")


def _metrics(site: Site) -> None:
    if (status := site.ask("/metrics").status) not in {403, 404}:
        raise EdgeError(f"/metrics answers {status}")


def _silent(site: Site) -> None:
    for name in ("Server", "X-Powered-By"):
        if re.search(r"\d|gunicorn|python", site.page.header(name), re.IGNORECASE):
            raise EdgeError(f"{name} says {site.page.header(name)!r}")


def _large_body(site: Site) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status = site.ask("/transactions", form, "POST", b"x=" + b"y" * 300_000).status
    if status != 413:
        raise EdgeError(f"300 kB are answered {status}, not 413")


def _forged_host(site: Site) -> None:
    answer = site.ask("/", HTML | {"Host": "forged.example"})
    if answer.status < 400 or b"forged.example" in answer.body:
        raise EdgeError(f"a request for another host is answered {answer.status}")


RULES: dict[str, Rule] = {
    "a page is asked for again each time": _page,
    "a hashed file is kept for a year": _hashed_file,
    "a hashed file travels packed": _packed_file,
    "a missing hashed file is a 404 that nobody stores": _missing_file,
    "another static file is kept for an hour": _other_file,
    "public data is kept a minute, has an ETag, and answers 304": _public_data,
    "what is expensive to make is kept longer": _expensive_data,
    "a person's own answer is kept by nobody": _own_data,
    "nothing but GET is kept": _only_get,
    "dynamic answers come from the app each time": _not_kept_here,
    "HTTP/2 is spoken": _http_2,
    "plain HTTP is sent to TLS": _plain_http,
    "browsers are told to stay with TLS": _hsts,
    "pages, files and errors carry the safe headers": _safe_headers,
    "cookies are __Host-, Secure, HttpOnly and SameSite": _cookies,
    "the metrics are not public": _metrics,
    "no header tells a version": _silent,
    "a body over the limit is refused": _large_body,
    "a forged Host is refused": _forged_host,
}
