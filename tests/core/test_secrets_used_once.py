"""Whoever is told one secret must not know another."""

from __future__ import annotations

import pytest

from payments_app.config_checks import problems_of
from tests.core.test_config import GOOD, NEW

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


def test_two_servers_may_have_one_password() -> None:
    passwords = {
        "REDIS_URL": f"redis://:{TOKEN}@jobs:6379/0",
        "CACHE_REDIS_URL": f"redis://:{TOKEN}@cache:6379/0",
    }
    assert problems_of(GOOD | passwords) == []
