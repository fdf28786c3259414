"""One function says what an address is, and every limit asks it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from parts.app import REPOSITORY
from payments_app.core.web.visitor import network

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("address", "its_network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7%eth0", "203.0.113.7"),
        # As some balancers say it, with the port of this one connection.
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::/64"),
        ("[::ffff:203.0.113.7]:4711", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6:4711", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1:4711", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7:4711", "203.0.113.7"),
        # 6to4: whoever has an IPv4 address has 65,536 such networks.
        ("2002:cb00:7107:1::1", "203.0.113.7"),
        ("2002:cb00:7107:ffff::2", "203.0.113.7"),
        # Teredo: whoever has an IPv4 address has such a network at each server.
        ("2001:0:5ef5:79fb:0:1234:34ff:8ef8", "203.0.113.7"),
        ("2001:0:c000:201:8000:ffff:34ff:8ef8", "203.0.113.7"),
        # NAT64: all of IPv4 in one network.
        ("64:ff9b::203.0.113.7", "203.0.113.7"),
        ("64:ff9b::198.51.100.1", "198.51.100.1"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_an_address_is_a_subscriber_s_network(address: str, its_network: str) -> None:
    assert network(address) == its_network


def test_nobody_else_looks_at_the_address_itself() -> None:
    """Whoever compares or counts it asks that function; who only tells this machine from others,
    or our proxies, may look."""
    readers = {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "payments_app").rglob("*.py")
        if "remote_addr" in path.read_text()
    }
    assert readers == {"payments_app/core/web/visitor.py", "payments_app/ops/metrics_page.py"}


class TestALimitOfThree:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_RATE_LIMIT": "3/hour", "PROXY_HOPS": "1"}

    @pytest.fixture(
        params=[
            "/transactions",
            "/account/links",
        ]
    )
    def form(self, app: Flask, request: pytest.FixtureRequest) -> str:
        app.config["WTF_CSRF_ENABLED"] = False
        return str(request.param)

    def answers(self, client: FlaskClient, form: str, addresses: list[str]) -> list[bool]:
        """For each address whether its request, with an e-mail of its own, was one too many."""
        answers = [
            client.post(form, data={"email": f"nobody {n}"}, headers={"X-Forwarded-For": address})
            for n, address in enumerate(addresses)
        ]
        return [answer.status_code == 429 for answer in answers]

    def test_holds_for_all_addresses_of_one_network(self, client: FlaskClient, form: str) -> None:
        own = [f"2001:db8:1:2::{number:x}" for number in range(1, 6)]
        assert self.answers(client, form, own) == [False, False, False, True, True]

    def test_holds_for_an_address_however_it_is_written(
        self, client: FlaskClient, form: str
    ) -> None:
        own = ["203.0.113.7", "::ffff:203.0.113.7", "2002:cb00:7107:9::1", "203.0.113.7:4711"]
        assert self.answers(client, form, own) == [False, False, False, True]

    def test_leaves_the_neighbours_alone(self, client: FlaskClient, form: str) -> None:
        own = [f"2001:db8:1:{number:x}::1" for number in range(1, 6)]
        assert not any(self.answers(client, form, own))
