"""Settings: every problem at once, and nothing unsafe outside the demo."""

from __future__ import annotations

import pytest

from payments_app.config import STRIPE_JS, Config, ConfigError

GOOD = {
    "SECRET_KEY": "q8Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe",
    "PUBLIC_URL": "https://pay.example.com/",
    "DATABASE_URL": "postgresql://db/payments",
    "REDIS_URL": "redis://jobs:6379/0",
    "CACHE_REDIS_URL": "redis://cache:6379/0",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_abc",
    "STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old",
}


def test_good_settings_make_a_config() -> None:
    config = Config.from_env(GOOD)
    assert config.public_url == "https://pay.example.com"
    assert config.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert config.stripe_js_url == STRIPE_JS
    assert (config.tls, config.live, config.sandboxed) == (True, True, False)


def test_each_event_destination_has_secrets_of_its_own() -> None:
    assert Config.from_env(GOOD).stripe_connect_webhook_secrets == ()
    config = Config.from_env(
        GOOD | {"STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_c", "STRIPE_THIN_WEBHOOK_SECRET": "whsec_t"}
    )
    assert config.webhook_secrets == ("whsec_new", "whsec_old", "whsec_c", "whsec_t")


def test_the_database_is_reached_by_its_modern_driver() -> None:
    assert Config.from_env(GOOD).database_url == "postgresql+psycopg://db/payments"


def test_all_missing_settings_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env({})
    assert all(f"{name} is missing" in str(refused.value) for name in GOOD)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "short", "at least 32"),
        ("SECRET_KEY", "change-me-change-me-change-me-change-me", "random"),
        ("PUBLIC_URL", "http://pay.example.com", "must be https://"),
        ("PUBLIC_URL", "pay.example.com", "must begin with https://"),
        ("PUBLIC_URL", "https://", "scheme and host alone"),
        ("PUBLIC_URL", "https://pay.example.com/shop", "scheme and host alone"),
        ("PUBLIC_URL", "https://pay.example.com?a=b", "scheme and host alone"),
        ("PUBLIC_URL", "https://user@pay.example.com", "scheme and host alone"),
        ("PUBLIC_URL", "https://pay.example.com\n", "scheme and host alone"),
        ("DATABASE_URL", "mysql://db/payments", "postgresql://"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("STRIPE_SECRET_KEY", "whatever", "sk_test_"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_abc", "of one mode"),
        ("STRIPE_WEBHOOK_SECRET", "secret", "whsec_"),
        ("STRIPE_CONNECT_WEBHOOK_SECRET", "whsec_new, secret", "STRIPE_CONNECT_WEBHOOK_SECRET"),
        ("STRIPE_THIN_WEBHOOK_SECRET", "secret", "STRIPE_THIN_WEBHOOK_SECRET"),
        ("STRIPE_API_BASE", "http://127.0.0.1:1", "live"),
        ("STRIPE_API_BASE", "https://elsewhere.example", "stand-in on this machine"),
        ("FLASK_DEBUG", "1", "live"),
        ("CHARGE_CONCURRENCY", "0", "from 1 to 64"),
        ("CHARGE_CONCURRENCY", "65", "from 1 to 64"),
        ("CHECKOUT_RATE_LIMIT", "often", "10/minute"),
        ("PLATFORM_FEE_FIXED", "usd=30", "usd:30,jpy:45"),
        ("SMTP_URL", "mail.example.com:587", "must begin with smtp://"),
        ("SMTP_URL", "http://mail.example.com", "must begin with smtp://"),
        ("SMTP_URL", "smtp://", "must name a host"),
        ("SMTP_URL", "smtp://user:hush@:587", "must name a host"),
        ("SMTP_URL", "smtp://mail.example.com:mail", "a port from 1 to 65535"),
        ("STRIPE_ACCOUNTS_API", "v3", "v1 or v2"),
        ("ALERT_WEBHOOK_URL", "http://alerts.example/", "https:// for any host"),
        ("CHECKOUT_CHALLENGE", "maybe", "off, auto or always"),
        ("SIGN_IN_LINK_MINUTES", "0", "from 1 to 60"),
        ("SIGN_IN_LINK_MINUTES", "61", "from 1 to 60"),
        ("SIGN_IN_LINK_MINUTES", "1e1", "from 1 to 60"),
        ("BUSINESS_TIMEZONE", "Mars/Olympus", "zone"),
    ],
)
def test_an_unsafe_or_wrong_setting_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Config.from_env(GOOD | {name: value})


def test_a_refusal_never_repeats_a_secret() -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env(GOOD | {"STRIPE_SECRET_KEY": "sk_live_hush", "FLASK_DEBUG": "1"})
    assert "hush" not in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        Config.from_env(GOOD | {"SMTP_URL": "smtp://user:hush@:587"})
    assert "hush" not in str(refused.value)
