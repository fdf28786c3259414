"""Whoever is told one secret must not know another."""

from __future__ import annotations

from itertools import combinations
from urllib.parse import quote

import pytest

from payments_app.config_checks import problems_of
from tests.core.settings_examples import GOOD, NEW

TOKEN = "k3Jw8Zq1Xv6Rt0Yb5Nc7Md2Hf9Gs4PaUe"


@pytest.mark.parametrize(
    ("name", "value"),
    [("METRICS_TOKEN", TOKEN), ("STRIPE_WEBHOOK_SECRET", NEW), ("CDN_PURGE_TOKEN", TOKEN)],
)
def test_a_key_of_before_is_no_other_setting_s(name: str, value: str) -> None:
    """It verifies cookies and links still."""
    problems = problems_of(GOOD | {"SECRET_KEY_FALLBACKS": value, name: value})
    assert problems == [f"{name} must be a secret of its own, which is no other setting's"]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", f"postgresql://shop:{GOOD['SECRET_KEY']}@db/payments"),
        ("REDIS_URL", f"redis://:{GOOD['SECRET_KEY']}@jobs:6379/0"),
        ("SMTP_URL", f"smtp://shop:{GOOD['SECRET_KEY']}@mail.example.com:587"),
    ],
)
def test_a_server_s_password_is_no_secret_of_ours(name: str, url: str) -> None:
    problems = problems_of(GOOD | {"MAIL_FROM": "shop@example.com", name: url})
    assert problems == [f"{name} must have a password of its own, which is no other setting's"]


SERVERS = {
    "DATABASE_URL": "postgresql://shop:{}@db/payments",
    "REDIS_URL": "redis://:{}@jobs:6379/0",
    "CACHE_REDIS_URL": "sentinel://shop:{}@one,two/cache/0",
    "SMTP_URL": "smtp://shop:{}@mail.example.com:587",
}


@pytest.mark.parametrize("pair", list(combinations(SERVERS, 2)), ids="-".join)
def test_no_server_is_told_another_s_password(pair: tuple[str, str]) -> None:
    """Whoever runs the cache would read the database."""
    own = {name: url.format(f"{TOKEN}{name[0]}") for name, url in SERVERS.items()}
    settings = GOOD | own | {"MAIL_FROM": "shop@example.com"}
    assert problems_of(settings) == []
    alike = settings | {name: SERVERS[name].format(TOKEN) for name in pair}
    assert problems_of(alike) == [
        f"{name} must have a password of its own, which is no other setting's" for name in pair
    ]
    assert problems_of(alike | {"PUBLIC_URL": "http://127.0.0.1:8000"}) == []


def test_nor_where_it_stands_in_the_query() -> None:
    url = f"postgresql://shop@db/payments?password={quote(TOKEN)}"
    problems = problems_of(GOOD | {"DATABASE_URL": url, "REDIS_URL": f"redis://:{TOKEN}@jobs/0"})
    assert [problem.partition(" ")[0] for problem in problems] == ["DATABASE_URL", "REDIS_URL"]


@pytest.mark.parametrize("name", ["SHOP_NAME", "SHOP_ADDRESS", "SHOP_TAX_ID", "CDN_PURGE_URL"])
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_s_password_is_told_to_no_reader(name: str, server: str) -> None:
    told = {name: f"https://cdn.example/?key={TOKEN}" if name == "CDN_PURGE_URL" else TOKEN}
    settings = GOOD | {"MAIL_FROM": "shop@example.com", "CDN_PURGE_TOKEN": "a-token"}
    assert problems_of(settings | told) == []
    problems = problems_of(settings | told | {server: SERVERS[server].format(TOKEN)})
    assert problems == [f"{name} must hold no secret of another setting"]
