"""Which addresses a merchant may name, and which would turn our server against our own network."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from payments_app.merchants import address
from payments_app.merchants.address import AddressRefusedError, Guard, UnknownHostError, resolve

PUBLIC = "93.184.215.14"


def guard(*addresses: str, allow_loopback: bool = False) -> Guard:
    """A guard in a world where every name leads to these addresses."""
    return Guard(allow_loopback=allow_loopback, resolver=lambda _host, _port: addresses)


def test_a_public_https_address_passes_with_the_address_to_connect_to() -> None:
    target = guard(PUBLIC).target("https://shop.example/hook?a=1")
    assert (target.address, target.port, target.host_header, target.path) == (
        PUBLIC,
        443,
        "shop.example",
        "/hook?a=1",
    )


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1",  # private
        "127.0.0.1", "127.8.9.10", "::1",  # loopback
        "169.254.169.254", "fe80::1",  # link-local: a cloud's metadata service
        "0.0.0.0", "::", "100.64.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "192.88.99.1",
        "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255",
        "fd00::1", "fec0::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:93.184.215.14", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1",
    ],
)  # fmt: skip
def test_a_name_that_leads_to_no_public_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefusedError, match="not on the public internet"):
        guard(address).target("https://shop.example/hook")


def test_one_bad_address_among_good_ones_is_enough_to_refuse() -> None:
    with pytest.raises(AddressRefusedError):
        guard(PUBLIC, "10.0.0.1").target("https://shop.example/hook")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/", "https://[fe80::1%25eth0]/",
        "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/",
        "https://0177.0.0.1/", "https://shop.example.0/", "https://127.0.0.1./",
        "https://localhost./", "https://\u2460\u2461\u2466.0.0.1/", "https://shop%2eexample/",
        "https://user@shop.example/", "https://user:word@shop.example/",
        "https://shop.example\\@10.0.0.1/", "https://shop.example/ x",
        "https://shop.example/\r\nX: y",
        "https://shop.example/#part", "https://shop.example:0/", "https://shop.example:99999/",
        "https://-shop.example/", "https://[::1", "https:///hook", "https:shop.example/",
        "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "gopher://shop.example/",
        "javascript:alert(1)", "", "https://shop.example/" + "a" * 500,
    ],
)  # fmt: skip
def test_odd_spellings_and_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        guard(PUBLIC).target(url)


def test_a_name_is_resolved_once_for_a_target() -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> Iterable[str]:
        asked.append(host)
        return [PUBLIC]

    Guard(resolver=resolver).target("https://shop.example/")
    assert asked == ["shop.example"]


def test_name_servers_that_do_not_answer_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address, "RESOLVE_SECONDS", 0.1)
    never = threading.Event()

    def resolver(_host: str, _port: int) -> Iterable[str]:
        never.wait(30)
        return [PUBLIC]

    with pytest.raises(UnknownHostError, match="not resolved in time"):
        Guard(resolver=resolver).target("https://shop.example/")
    never.set()


def test_a_name_that_leads_nowhere_is_told_apart_from_a_refused_one() -> None:
    with pytest.raises(UnknownHostError):
        Guard(resolver=resolve).target("https://no-such-host.invalid/")


def test_this_machine_is_reached_over_http_only_where_loopback_is_allowed() -> None:
    url = "http://127.0.0.1:9000/hook"
    assert Guard(allow_loopback=True).target(url).host_header == "127.0.0.1:9000"
    with pytest.raises(AddressRefusedError):
        Guard().target(url)


@pytest.mark.parametrize("url", ["shop.example/hook", "ftp://shop.example/", "http://no.invalid/"])
def test_what_is_no_https_is_said_before_whether_it_can_be_found(url: str) -> None:
    words = r"^the address must begin with https://$"
    with pytest.raises(AddressRefusedError, match=words):
        Guard().target(url)
    words = r"must begin with https:// \(http:// only at localhost and 127\.0\.0\.1\)$"
    with pytest.raises(AddressRefusedError, match=words):
        Guard(allow_loopback=True).target(url)


def test_a_public_address_by_http_is_told_where_http_will_do() -> None:
    with pytest.raises(AddressRefusedError, match="only at localhost and 127"):
        guard(PUBLIC, allow_loopback=True).target("http://shop.example/hook")


def test_allowing_loopback_allows_no_other_private_address() -> None:
    with pytest.raises(AddressRefusedError):
        guard("10.0.0.1", allow_loopback=True).target("http://shop.example/hook")
    with pytest.raises(AddressRefusedError):
        guard("127.0.0.1", "10.0.0.1", allow_loopback=True).target("http://shop.example/hook")
