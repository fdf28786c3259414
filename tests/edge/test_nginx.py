"""The site as visitors reach it: the real nginx before the real app."""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
import urllib.error
import urllib.request

import pytest

from parts.nginx import NAME, Nginx
from parts.process import wait_until
from parts.release import Served
from tests.edge.visitor import PAGE, PROGRAM, Visitor

IMMUTABLE = "public, max-age=31536000, immutable"
MISSING = "/static/assets/css/site.0123456789abcdef.css"


def test_nginx_accepts_its_configuration(nginx: Nginx) -> None:
    said = nginx.test()
    assert "test is successful" in said
    assert "[warn]" not in said


def test_a_hashed_file_is_kept_for_a_year(visitor: Visitor) -> None:
    answer = visitor.ask(visitor.hashed())
    assert answer.status == 200
    assert answer.headers.get_all("Cache-Control") == [IMMUTABLE]
    assert answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_hashed_file_travels_packed_to_who_takes_it(visitor: Visitor) -> None:
    path = visitor.hashed()
    packed = visitor.ask(path, {"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers.get_all("Cache-Control") == [IMMUTABLE]
    assert gzip.decompress(packed.body) == visitor.ask(path).body


def test_a_file_asked_for_again_is_not_sent_again(visitor: Visitor) -> None:
    path = visitor.hashed()
    known = {"If-None-Match": visitor.ask(path).headers["ETag"]}
    again = visitor.ask(path, known)
    assert (again.status, again.body) == (304, b"")
    assert again.headers.get_all("Cache-Control") == [IMMUTABLE]


def test_another_static_file_is_kept_for_an_hour(visitor: Visitor) -> None:
    answer = visitor.ask("/static/css/site.css")
    assert answer.status == 200
    assert answer.headers.get_all("Cache-Control") == ["public, max-age=3600"]


def test_a_missing_hashed_file_is_a_404_that_nobody_stores(visitor: Visitor) -> None:
    answer = visitor.ask(MISSING)
    assert answer.status == 404
    assert answer.headers.get_all("Cache-Control") == ["no-store"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/assets/manifest.json",
        "/static/assets/errors/503.html",
        "/metrics",
        "/static/../wsgi.py",
        "/static/%2e%2e/wsgi.py",
        "/wsgi.py",
        "/.env",
    ],
)
def test_what_is_not_for_visitors_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.ask(path).status in {400, 404}


def test_a_page_is_asked_for_again_each_time(visitor: Visitor) -> None:
    answer = visitor.ask("/", PAGE)
    assert answer.status == 200
    assert answer.headers.get_all("Cache-Control") == ["no-cache"]


def test_the_app_s_headers_arrive_once_and_unchanged(visitor: Visitor, served: Served) -> None:
    asked = urllib.request.Request(f"http://127.0.0.1:{served.port}/", headers=PAGE)
    with urllib.request.urlopen(asked) as direct:
        own = direct.headers
    through = visitor.ask("/", PAGE).headers
    for name in (
        "Content-Security-Policy",
        "Strict-Transport-Security",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "Permissions-Policy",
    ):
        assert through.get_all(name) == own.get_all(name)
        assert len(through.get_all(name)) == 1


def test_public_data_is_asked_for_again_with_its_etag(visitor: Visitor) -> None:
    first = visitor.ask("/api/v1/products")
    again = visitor.ask("/api/v1/products", {"If-None-Match": first.headers["ETag"]})
    assert first.headers["Cache-Control"].startswith("public, max-age=60, s-maxage=300")
    assert (again.status, again.body) == (304, b"")


def test_nginx_keeps_no_dynamic_answer(visitor: Visitor) -> None:
    ids = {visitor.ask("/api/v1/products").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_http_2_is_spoken_and_old_tls_is_not(nginx: Nginx) -> None:
    trust = ssl.create_default_context(cafile=str(nginx.certificate))
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with _connected(nginx, trust) as line:
        assert line.selected_alpn_protocol() == "h2"
        assert line.version() in {"TLSv1.2", "TLSv1.3"}


def test_a_foreign_name_ends_at_the_handshake(nginx: Nginx) -> None:
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match="unrecognized"):
        _connected(nginx, anybody, "evil.example")


def test_the_host_of_a_request_for_a_whole_address_never_reaches_the_app(nginx: Nginx) -> None:
    """RFC 9112, 3.2.2: the line's host counts, and nginx chooses the server by it."""
    trust = ssl.create_default_context(cafile=str(nginx.certificate))
    with _connected(nginx, trust) as line:
        line.sendall(
            f"GET {nginx.url}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()
        )
        assert line.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


def _connected(nginx: Nginx, trust: ssl.SSLContext, name: str = NAME) -> ssl.SSLSocket:
    line = socket.create_connection(("127.0.0.1", nginx.port), timeout=10)
    try:
        return trust.wrap_socket(line, server_hostname=name)
    except ssl.SSLError:
        line.close()
        raise


def test_plain_http_is_sent_to_tls(nginx: Nginx) -> None:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(Stay)
    with pytest.raises(urllib.error.HTTPError) as moved:
        opener.open(f"http://127.0.0.1:{nginx.plain_port}/checkout/field-notes?a=b")
    with moved.value as answer:
        assert answer.code == 301
        assert answer.headers["Location"] == f"{nginx.url}/checkout/field-notes?a=b"


def test_a_body_over_the_limit_is_refused_in_the_site_s_look(visitor: Visitor) -> None:
    answer = visitor.ask("/transactions", PAGE, "POST", b"x" * 300_000)
    assert answer.status == 413
    assert "Corner Shop" in answer.text
    assert answer.headers.get_all("Cache-Control") == ["no-store"]


def test_a_flood_is_told_to_wait(nginx: Nginx, visitor: Visitor) -> None:
    answers = [visitor.ask("/transactions", PROGRAM, "POST", b"") for _ in range(60)]
    refused = [a for a in answers if a.status == 429 and a.headers["Retry-After"] == "5"]
    assert refused
    assert json.loads(refused[0].body)["error"]["code"] == "rate_limited"


def test_stripe_s_events_meet_no_limit_of_nginx(visitor: Visitor) -> None:
    statuses = {
        visitor.ask("/webhooks/stripe", method="POST", body=b"{}").status for _ in range(60)
    }
    assert statuses == {400}


def test_the_log_holds_no_query_string(nginx: Nginx, visitor: Visitor) -> None:
    visitor.ask("/thankyou?payment_intent_client_secret=pi_1_secret_2")
    log = nginx.directory / "access.log"
    assert wait_until(lambda: '"path":"/thankyou"' in log.read_text(), within=60)
    lines = log.read_text().splitlines()
    assert not any("_secret_" in line for line in lines)
    assert all(json.loads(line)["request_id"] for line in lines)


ONE_TIME, SIGNED = "link_" + "T0ken-_x" * 6, "ImRpZ190MGtlbiI.aSbc" + "T0ken-_x" * 4
LINKS = {
    f"/account/{ONE_TIME}": "/account/...",
    f"/downloads/{SIGNED}": "/downloads/...",
    f"/onboarding/{SIGNED}?back=1": "/onboarding/...",
    f"/staff/password/new?token={ONE_TIME}": "/staff/password/new",
    f"/Account//{ONE_TIME}/": "/Account/...",
    f"/{SIGNED}": "/...",
    "/account/" + "".join(f"%{ord(letter):02x}" for letter in ONE_TIME): "/account/...",
}


def test_no_log_holds_a_link(nginx: Nginx, served: Served, visitor: Visitor) -> None:
    """Neither nginx's nor gunicorn's own, which is switched on here."""
    ids = {visitor.ask(path, PAGE).headers["X-Request-ID"]: path for path in LINKS}
    access, web = nginx.directory / "access.log", served.log
    for log in (access, web):
        assert wait_until(lambda log=log: all(i in log.read_text() for i in ids), within=60)
    lines = [json.loads(line) for line in access.read_text().splitlines()]
    seen = {line["request_id"]: line["path"] for line in lines}
    assert {ids[i]: seen[i] for i in ids} == LINKS
    everything = [path.read_text() for path in (*nginx.directory.glob("*.log"), web)]
    assert not any("T0ken" in text for text in everything)
    assert "GET /account/<token> 410" in web.read_text()


def test_the_log_names_what_is_no_link_whole(nginx: Nginx, visitor: Visitor) -> None:
    log = nginx.directory / "access.log"
    for path in ("/transactions/txn_0123456789abcdefghjkmnpqrs", visitor.hashed(), "/staff/login"):
        visitor.ask(path, PAGE)
        assert wait_until(lambda path=path: f'"path":"{path}"' in log.read_text(), within=60)


@pytest.mark.usefixtures("shop")
def test_the_log_names_the_payment_that_a_post_made(nginx: Nginx, visitor: Visitor) -> None:
    sent = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    headers = {"Content-Type": "application/json", "Idempotency-Key": "the-log-names-it"}
    made = visitor.ask("/transactions", headers, "POST", json.dumps(sent).encode())
    assert made.status == 202, made
    payment = made.headers["Location"].rpartition("/")[2]
    log = nginx.directory / "access.log"
    assert wait_until(lambda: f'"payment":"{payment}"' in log.read_text(), within=60)


def test_the_app_sees_the_visitor_s_own_request_id(nginx: Nginx, visitor: Visitor) -> None:
    sent = visitor.ask("/", {"X-Request-ID": "chosen-by-visitor"}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", sent)
    assert wait_until(lambda: sent in (nginx.directory / "access.log").read_text(), within=60)
