"""nginx's limits against floods count networks, as the app's do; and nginx listens on IPv6."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from parts.nginx import Nginx
from parts.ports import free_port
from tests.edge.visitor import Visitor

_BEHIND_A_BALANCER = {
    "    # --- What nginx says itself.": "    set_real_ip_from 127.0.0.0/8;\n"
    "    real_ip_header X-Forwarded-For;\n    # --- What nginx says itself."
}
BURST = 20  # forms


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Without an app: whatever passes the limits is answered with 503. Its visitors come through a
    balancer that names their addresses."""
    directory = tmp_path_factory.mktemp("networks")
    errors = directory / "release/static/assets/errors"
    errors.mkdir(parents=True)
    for name in ("429.json", "503.json"):
        (errors / name).write_text("{}")
    with Nginx(
        directory / "nginx", directory / "release", free_port(), rewrites=_BEHIND_A_BALANCER
    ) as server:
        yield server


def refused(nginx: Nginx, addresses: list[str], path: str = "/transactions") -> int:
    """How many of a form from each of these addresses were one too many."""
    visitor = Visitor(nginx)
    sent = [visitor.ask(path, {"X-Forwarded-For": a}, method="POST", body=b"") for a in addresses]
    assert {answer.status for answer in sent} <= {429, 503}
    return sum(answer.status == 429 for answer in sent)


def test_one_network_s_addresses_share_one_limit(nginx: Nginx) -> None:
    assert refused(nginx, [f"2001:db8:1:2:{n:x}::{n:x}" for n in range(1, 3 * BURST)]) > 0


def test_an_ipv4_address_written_as_ipv6_is_the_same(nginx: Nginx) -> None:
    """Each form of it alone would stay below the limit."""
    forms = ["203.0.113.7", "::ffff:203.0.113.7", "2002:cb00:7107:1::1", "64:ff9b::cb00:7107"]
    assert refused(nginx, forms * (BURST - 2)) > 0


def test_one_ipv4_address_s_6to4_networks_share_one_limit(nginx: Nginx) -> None:
    assert refused(nginx, [f"2002:c633:6401:{n:x}::1" for n in range(1, 3 * BURST)]) > 0


def test_one_ipv4_address_s_teredo_servers_share_one_limit(nginx: Nginx) -> None:
    """Teredo writes an IPv4 address with each bit turned."""
    addresses = [f"2001:0:c000:{n:x}:0:1234:39cc:9bf7" for n in range(1, 3 * BURST)]
    assert refused(nginx, addresses) > 0


def test_ipv4_addresses_behind_nat64_have_limits_of_their_own(nginx: Nginx) -> None:
    assert refused(nginx, [f"64:ff9b::198.51.101.{n}" for n in range(1, 3 * BURST)]) == 0


@pytest.mark.parametrize("form", ["2001:db8:2:{n:x}::1", "2001:db8:0:{n:x}00::", "198.51.100.{n}"])
def test_neighbours_have_limits_of_their_own(nginx: Nginx, form: str) -> None:
    assert refused(nginx, [form.format(n=n) for n in range(1, 3 * BURST)]) == 0


def test_what_the_app_is_asked_where_a_file_is_not_there_counts_as_well(nginx: Nginx) -> None:
    assert refused(nginx, ["198.51.102.1"] * (3 * BURST), "/static/none") > 0


def test_visitors_may_come_over_ipv6(nginx: Nginx) -> None:
    for port in (nginx.port, nginx.plain_port):
        with socket.create_connection(("::1", port), timeout=5) as connection:
            assert connection.family == socket.AF_INET6
