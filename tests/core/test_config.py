"""Settings: every problem at once, and nothing unsafe outside the demo."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from payments_app.config import STRIPE_JS, Config, ConfigError
from payments_app.config_checks import SETTINGS
from payments_app.config_checks.weak_secrets import is_guessable

NEW, OLD, OTHER, THIN = (f"whsec_{word}Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe" for word in "noct")
GOOD = {
    "SECRET_KEY": "q8Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe",
    "PUBLIC_URL": "https://pay.example.com/",
    "DATABASE_URL": "postgresql://db/payments",
    "REDIS_URL": "redis://jobs:6379/0",
    "CACHE_REDIS_URL": "redis://cache:6379/0",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_abc",
    "STRIPE_WEBHOOK_SECRET": f"{NEW}, {OLD}",
}


def test_good_settings_make_a_config() -> None:
    config = Config.from_env(GOOD)
    assert config.public_url == "https://pay.example.com"
    assert config.stripe_webhook_secrets == (NEW, OLD)
    assert config.stripe_js_url == STRIPE_JS
    assert (config.tls, config.live, config.sandboxed) == (True, True, False)


def test_each_event_destination_has_secrets_of_its_own() -> None:
    assert Config.from_env(GOOD).stripe_connect_webhook_secrets == ()
    config = Config.from_env(
        GOOD | {"STRIPE_CONNECT_WEBHOOK_SECRET": OTHER, "STRIPE_THIN_WEBHOOK_SECRET": THIN}
    )
    assert config.webhook_secrets == (NEW, OLD, OTHER, THIN)


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
        ("CHARGE_CONCURRENCY", "1", "from 2 to 64"),
        ("CHARGE_CONCURRENCY", "65", "from 2 to 64"),
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
        ("BUSINESS_TIMEZONE", "Europe", "zone"),
        # A secret that can be guessed.
        ("SECRET_KEY", "0" * 32, "random"),
        ("SECRET_KEY", "0123456789abcdef" * 4, "random"),
        ("SECRET_KEY", "abcdefghijklmnopqrstuvwxyz0123456789", "random"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_", "at least 24 random"),
        ("STRIPE_WEBHOOK_SECRET", f"{NEW},whsec_{'a' * 32}", "at least 24 random"),
        ("STRIPE_CONNECT_WEBHOOK_SECRET", "whsec_", "at least 24 random"),
        ("METRICS_TOKEN", "0" * 32, "random"),
        # What a file of settings holds as it stands, and a shell would have read.
        ("SECRET_KEY", "$(python -c 'import secrets; print(secrets.token_urlsafe(48))')", "random"),
        ("SECRET_KEY", "python -c 'import secrets; print(secrets.token_urlsafe(48))'", "random"),
        ("SECRET_KEY", "`head -c48 /dev/urandom|base64 -w0|tr -d =`", "random"),
        ("SECRET_KEY", "${PAYMENTS_SECRET_KEY_OF_PRODUCTION}", "random"),
        ("SECRET_KEY", "$PAYMENTS_SECRET_KEY_OF_PRODUCTION_2026", "random"),
        ("SECRET_KEY", "{{vault_payments_secret_key_production}}", "random"),
        ("SECRET_KEY", "<paste-32-random-characters-in-here>", "random"),
        ("SECRET_KEY", "file:///run/secrets/payments_secret_key", "random"),
        ("SECRET_KEY_FALLBACKS", "${PAYMENTS_SECRET_KEY_BEFORE_2026}", "what SECRET_KEY may be"),
        ("METRICS_TOKEN", "$(openssl_rand_-hex_16)", "random"),
        # What was copied with an end of line, or a space.
        ("STRIPE_SECRET_KEY", "sk_live_abc\n", "STRIPE_SECRET_KEY must not"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_abc ", "STRIPE_PUBLISHABLE_KEY must not"),
        ("STRIPE_WEBHOOK_SECRET", f"{NEW}\n", "STRIPE_WEBHOOK_SECRET must not"),
        ("SECRET_KEY", "q8Zr3vN0xKcT5yLmWb7Jd2Hf9Gs4PaUe\n", "SECRET_KEY must not"),
        ("DATABASE_URL", "postgresql://db/payments\n", "DATABASE_URL must not"),
        ("MAIL_FROM", "shop@example.com\nBcc: x@example.com", "MAIL_FROM must not"),
        # What is for one's own machine.
        ("FLASK_DEBUG", "1", "FLASK_DEBUG is for this machine"),
        ("FLASK_DEBUG", "y", "FLASK_DEBUG is for this machine"),
        ("STRIPE_API_BASE", "http://127.0.0.1:1", "STRIPE_API_BASE is for this machine"),
        ("STRIPE_API_BASE", "http://[", "stand-in on this machine"),
        # Addresses.
        ("MAIL_FROM", "Shop <a@b.example>", "an address alone"),
        ("MAIL_FROM", "shop", "an address alone"),
        ("ALERT_MAIL_TO", "Ops <ops@example.com>", "ALERT_MAIL_TO must be an address alone"),
        ("PUBLIC_URL", "https://pay.example.com:99999", "scheme and host alone"),
        ("PUBLIC_URL", "https://..", "scheme and host alone"),
        ("DATABASE_URL", "postgresql://db:many/payments", "DATABASE_URL can't be read"),
        ("REDIS_URL", "redis://jobs:many/0", "REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "redis://cache:6379/first", "CACHE_REDIS_URL can't be read"),
        ("ALERT_WEBHOOK_URL", "https://", "ALERT_WEBHOOK_URL must"),
        ("CDN_PURGE_URL", "https://", "CDN_PURGE_URL must"),
        ("CDN_PURGE_URL", "http://[", "CDN_PURGE_URL must"),
        ("SENTRY_DSN", "yes please", "SENTRY_DSN must"),
        ("SENTRY_DSN", "https://sentry.example/1", "SENTRY_DSN must"),
        ("SENTRY_DSN", "https://key@sentry.example/", "SENTRY_DSN must"),
        ("SMTP_URL", "smtp://mail.example.com:70000", "a port from 1 to 65535"),
        ("TURNSTILE_SITE_KEY", "0x4AAAAAAA", "must be set together"),
        ("TURNSTILE_SITE_KEY", "1x00000000000000000000AA", "one of Cloudflare's for tests"),
        ("TURNSTILE_API_BASE", "http://127.0.0.1:1", "TURNSTILE_API_BASE is for this machine"),
        ("TURNSTILE_API_BASE", "https://turn.example", "a stand-in on this machine"),
        ("SECURITY_CONTACT", "me", "SECURITY_CONTACT must"),
        ("SHOP_CONTACT", "Shop <a@b.example>", "SHOP_CONTACT must be an address alone"),
        ("SHOP_URL", "javascript:alert(1)", "SHOP_URL must"),
        ("SHOP_TERMS_URL", "javascript:alert(1)", "SHOP_TERMS_URL must"),
        ("SHOP_REFUND_POLICY_URL", "our policy", "SHOP_REFUND_POLICY_URL must"),
        ("SHOP_NAME", "x" * 61, "SHOP_NAME has at most"),
        ("SHOP_NAME", "Shop\nBcc: x@example.com", "SHOP_NAME must not"),
        # Numbers.
        ("CHECKOUT_RATE_LIMIT", "0/minute", "CHECKOUT_RATE_LIMIT must"),
        ("CHECKOUT_RATE_LIMIT", "10/minute\n", "CHECKOUT_RATE_LIMIT must"),
        ("CHECKOUT_RATE_LIMIT", "9999999/second", "CHECKOUT_RATE_LIMIT must"),
        ("PROXY_HOPS", "1\n", "PROXY_HOPS must"),
        ("PORT", "80808", "PORT must"),
        ("WEB_CONCURRENCY", "many", "WEB_CONCURRENCY must"),
        ("WEB_CONCURRENCY", "0", "WEB_CONCURRENCY must"),
        ("PLATFORM_FEE_FIXED", "usd:30,usd:40", "PLATFORM_FEE_FIXED must"),
        ("PLATFORM_FEE_FIXED", "usd:\u0663", "PLATFORM_FEE_FIXED must"),
        # What would be seen only once it is needed.
        ("DATABASE_URL", "sqlite://", "would be lost"),
        ("DATABASE_URL", "sqlite:///", "would be lost"),
        ("DATABASE_URL", "sqlite:///:memory:", "would be lost"),
        ("DATABASE_URL", "postgresql://db:99999/payments", "DATABASE_URL can't be read"),
        ("REDIS_URL", "redis://jobs:0/0", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://jobs/-1", "REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "redis://cache/0?nonsense=1", "CACHE_REDIS_URL can't be read"),
        ("REDIS_URL", "redis://jobs/0?decode_responses=true", "REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "redis://cache/0?retry=5", "CACHE_REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "redis://cache/0?encoding=utf-99", "CACHE_REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "redis://cache/0?protocol=9", "CACHE_REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "rediss://cache/0?ssl_version=x", "CACHE_REDIS_URL can't be read"),
        ("REDIS_URL", "sentinel://one:26379,two", "REDIS_URL can't be read"),
        ("REDIS_URL", "sentinel://one:99999/jobs/0", "REDIS_URL can't be read"),
        ("REDIS_URL", "sentinel://one,/jobs/0", "REDIS_URL can't be read"),
        ("LEGAL_KEEPING_DAYS", "10 years", "LEGAL_KEEPING_DAYS"),
        ("DATABASE_URL", "postgresql://db/payments?nonsense=1", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "sqlite:///file::memory:?uri=true", "DATABASE_URL must name a file"),
        ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "DATABASE_URL must name a file"),
        ("STRIPE_WEBHOOK_SECRET", ",", "STRIPE_WEBHOOK_SECRET must"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_\u0430bc", "STRIPE_PUBLISHABLE_KEY must"),
        ("ALERT_WEBHOOK_SECRET", "whsec_q8ZtYxW3vU5rS7pO9nM1lK2jA", "ALERT_WEBHOOK_SECRET must"),
        ("ALERT_WEBHOOK_SECRET", "whsec_q8ZtYxW3vU5rS7pO9nM1lK2j=A==", "ALERT_WEBHOOK_SECRET must"),
        ("ALERT_WEBHOOK_URL", "https://alerts .example/", "ALERT_WEBHOOK_URL must"),
        ("ALERT_WEBHOOK_URL", "https://user:hush@alerts.example/", "ALERT_WEBHOOK_URL must"),
        ("CDN_PURGE_URL", "https://cdn.example/ x", "CDN_PURGE_URL must"),
        ("CDN_PURGE_TOKEN", "tok\u0435n", "CDN_PURGE_TOKEN must"),
        ("METRICS_TOKEN", "x9-Kq_7Zr.Lm2Vt8Wp\u0435", "METRICS_TOKEN must"),
        ("METRICS_TOKEN", "x9-Kq_7Zr Lm2Vt8Wp", "METRICS_TOKEN must"),
        ("TURNSTILE_SECRET_KEY", "0x4AAA\u0430AAA", "must be as Cloudflare shows"),
        ("MAIL_FROM", "shop@-", "an address alone"),
        ("MAIL_FROM", "shop@example.com.", "an address alone"),
        ("MAIL_FROM", ".@example.com", "an address alone"),
        ("MAIL_FROM", "a..b@example.com", "an address alone"),
        ("MAIL_FROM", "sh\u00f6p@example.com", "an address alone"),
        ("SMTP_URL", "smtp://mail.example.com/inbox", "must name a host"),
        ("SMTP_URL", "smtp://user@mail.example.com", "must name a host"),
        ("SMTP_URL", "smtp://mail.example.com:587", "MAIL_FROM is missing"),
        ("SECURITY_CONTACT", "https://example.com/ x", "SECURITY_CONTACT must"),
        ("BUSINESS_TIMEZONE", "right/UTC", "zone"),
        ("BUSINESS_TIMEZONE", "localtime", "zone"),
        ("BUSINESS_TIMEZONE", "Factory", "zone"),
        ("SECRET_KEY_FALLBACKS", GOOD["SECRET_KEY"], "which is not among those before it"),
        ("STRIPE_SECRET_KEY_FALLBACKS", "sk_live_abc", "which is not among those before it"),
        # Words of a person's own, and one secret for two.
        ("SECRET_KEY", "my-super-secret-key-for-production-2024!", "random"),
        ("SECRET_KEY", "your-Key-Here-Please-Fill-in-4-This-Shop", "random"),
        ("SECRET_KEY", "Qwertyuiop-Asdfghjkl-Zxcvbnm-1234567890", "random"),
        ("SECRET_KEY_FALLBACKS", "change-me-before-you-go-on-line-2026!", "what SECRET_KEY may be"),
        ("METRICS_TOKEN", GOOD["SECRET_KEY"], "METRICS_TOKEN must be a secret of its own"),
        ("METRICS_TOKEN", NEW, "METRICS_TOKEN must be a secret of its own"),
        ("STRIPE_THIN_WEBHOOK_SECRET", NEW.removeprefix("whsec_"), "STRIPE_THIN_WEBHOOK_SECRET"),
        # Hosts and options that no client can do anything with, or that make TLS worth nothing.
        ("PUBLIC_URL", "https://999.999.999.999", "scheme and host alone"),
        ("PUBLIC_URL", f"https://{'a' * 64}.example", "scheme and host alone"),
        ("DATABASE_URL", "postgresql://a..b/payments", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://a b/payments", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://db/payments?sslmode=often", "DATABASE_URL can't be read"),
        (
            "DATABASE_URL",
            "postgresql://db/x?connect_timeout=s",
            "DATABASE_URL can't be read",
        ),
        ("DATABASE_URL", "postgresql://db/payments?port=99999", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://db/x?host=a,b&port=1,x", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://db/x?target_session_attrs=no", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://db/x?application_name=%00", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "sqlite:////nonexistent/directory/x.db", "in a directory that is there"),
        ("DATABASE_URL", "sqlite:////dev/null", "in a directory that is there"),
        ("DATABASE_URL", "sqlite://host/x", "DATABASE_URL must name a file"),
        ("REDIS_URL", "redis://a..b/0", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://a b/0", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://jobs\\x/0", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://%/0", "REDIS_URL can't be read"),
        ("REDIS_URL", "redis://jobs/99999999999999999999", "REDIS_URL can't be read"),
        ("REDIS_URL", "unix://run.sock", "REDIS_URL can't be read"),
        ("REDIS_URL", "sentinel://../jobs/0", "REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "rediss://cache/0?ssl_cert_reqs=none", "CACHE_REDIS_URL can't be read"),
        ("CACHE_REDIS_URL", "rediss://c/0?ssl_check_hostname=false", "CACHE_REDIS_URL can't be"),
        ("CACHE_REDIS_URL", "rediss://cache/0?ssl_min_version=9", "CACHE_REDIS_URL can't be read"),
        ("SMTP_URL", "smtp://mail example.com", "must name a host"),
        ("SMTP_URL", "smtp://user:p%C3%A4ss@mail.example.com", "must name a host"),
        ("MAIL_FROM", f"shop@{'a' * 64}.example", "an address alone"),
        ("ALERT_WEBHOOK_URL", "https://alerts..example/", "ALERT_WEBHOOK_URL must"),
        ("ALERT_WEBHOOK_URL", "https://alerts.example/\u00fc", "ALERT_WEBHOOK_URL must"),
        ("CDN_PURGE_URL", "https://cdn.example/\\x", "CDN_PURGE_URL must"),
        ("SHOP_URL", 'https://shop.example/"><script>', "SHOP_URL must"),
        ("SENTRY_DSN", "https://key@a..b/1", "SENTRY_DSN must"),
        ("SENTRY_DSN", "https://key@sentry.example/1?x", "SENTRY_DSN must"),
        # A flag that says another thing than it reads, digits that are none, files that are none.
        ("DATABASE_POOLED", "off", "DATABASE_POOLED must be 1 or 0"),
        ("FLASK_DEBUG", "off", "FLASK_DEBUG must be 1 or 0"),
        ("WEB_CONCURRENCY", "1\u0663", "WEB_CONCURRENCY must"),
        ("CHECKOUT_RATE_LIMIT", "1\u0663/minute", "CHECKOUT_RATE_LIMIT must"),
        ("LEGAL_KEEPING_DAYS", "\u0663", "LEGAL_KEEPING_DAYS must"),
        ("ALERT_FILE", "/dev/null", "ALERT_FILE must"),
        ("ALERT_FILE", "/tmp", "ALERT_FILE must"),
        ("ALERT_FILE", "told.json", "ALERT_FILE must"),
        ("WEB_PIDFILE", "/dev", "WEB_PIDFILE must"),
        ("WEB_BIND", "127.0.0.1:many", "WEB_BIND must"),
        ("WEB_BIND", "127.0.0.1:99999", "WEB_BIND must"),
        ("WEB_BIND", "unix:web.sock", "WEB_BIND must"),
        # Whoever scrapes would charge cards or sign Stripe's events; a server's own operator, or
        # everybody, would sign cookies.
        ("METRICS_TOKEN", GOOD["STRIPE_SECRET_KEY"], "METRICS_TOKEN must be a secret of its own"),
        ("METRICS_TOKEN", NEW.removeprefix("whsec_"), "METRICS_TOKEN must be a secret of its own"),
        ("DATABASE_URL", f"postgresql://u@db/x?password={GOOD['SECRET_KEY']}", "a password of its"),
        ("REDIS_URL", f"redis://{GOOD['SECRET_KEY']}:x@jobs/0", "a password of its own"),
        ("CDN_PURGE_URL", f"https://cdn.example/?t={GOOD['SECRET_KEY']}", "hold no secret"),
        ("TURNSTILE_SITE_KEY", GOOD["SECRET_KEY"], "hold no secret"),
        # What the whole world knows, and words in another form.
        *(
            ("SECRET_KEY", published, "random")
            for published in (
                "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                b64encode(b"change-me-in-production-please-now!").decode(),
                b"change-me-please-0123456789abcd".hex(),
            )
        ),
        # Every text but Latin, or every statement, would fail.
        ("DATABASE_URL", "postgresql://db/x?client_encoding=latin1", "DATABASE_URL can't be read"),
        ("DATABASE_URL", "postgresql://db/x?replication=database", "DATABASE_URL can't be read"),
        # Somebody's file would be replaced, then taken away.
        ("ALERT_FILE", __file__, "what is there is replaced"),
        ("WEB_PIDFILE", __file__, "what is there is replaced"),
        ("WEB_BIND", f"unix:{__file__}", "must name a socket"),
    ],
)
def test_an_unsafe_or_wrong_setting_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Config.from_env(GOOD | {name: value})


@pytest.mark.parametrize(
    ("name", "text"),
    [("ALERT_FILE", '{"since": 1}'), ("WEB_PIDFILE", "4711\n"), ("ALERT_FILE", "")],
)
def test_what_we_wrote_ourselves_is_taken(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text(text)
    Config.from_env(GOOD | {name: str(file)})


def test_a_refusal_never_repeats_a_secret() -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env(GOOD | {"STRIPE_SECRET_KEY": "sk_live_hush", "FLASK_DEBUG": "1"})
    assert "hush" not in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        Config.from_env(GOOD | {"SMTP_URL": "smtp://user:hush@:587"})
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("jobs", "cache"),
    [
        ("redis://jobs:6379/0", "redis://jobs:6379/0"),
        ("redis://jobs", "redis://:pass@JOBS:6379"),
        ("redis://127.0.0.1:6379/1", "redis://localhost/1"),
        ("redis://jobs/0", "redis://jobs/7?db=0"),
        ("redis://jobs:6379/0", "redis://jobs:6379/1"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1.:6379/1"),
        ("redis://127.0.0.1:6379/0", "redis://127.1:6379/0"),
        ("redis://jobs./0", "redis://jobs/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=0"),
        ("unix:///run/redis.sock", "unix:///run/./redis.sock?db=1"),
        ("unix:///run/redis.sock", "unix:///var/run/redis.sock"),
        ("redis://[::1]/0", "redis://[::ffff:127.0.0.1]/1"),
        ("redis://0.0.0.0/0", "redis://127.0.0.1/1"),
        ("redis://[2001:db8::1]/0", "redis://[2001:db8:0::1]/1"),
    ],
)
def test_one_redis_for_jobs_and_cache_is_refused(jobs: str, cache: str) -> None:
    """An evicting cache would evict jobs, and emptying it would empty the queues."""
    with pytest.raises(ConfigError, match="must not be the same"):
        Config.from_env(GOOD | {"REDIS_URL": jobs, "CACHE_REDIS_URL": cache})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://db/payments?sslmode=verify-full&sslrootcert=/etc/ca.pem"),
        ("DATABASE_URL", "postgresql:///payments?host=/run/postgresql"),
        ("CACHE_REDIS_URL", "rediss://cache/0?ssl_ca_certs=/etc/ca.pem&protocol=3"),
        ("CACHE_REDIS_URL", "unix:///run/cache.sock?db=1"),
        ("REDIS_URL", "sentinel://payments:a%40b@one:26379,two.example/jobs/0"),
        ("REDIS_URL", "redis://payments:x@redis_jobs.:6379/0"),
        ("SMTP_URL", "smtp://user:p%40ss@10.0.0.5:587"),
        ("SHOP_URL", "https://b\u00fccher.example/\u00fcber?a=1#b"),
        ("WEB_BIND", "[::]:8000"),
        ("WEB_BIND", ":8000"),
        ("DATABASE_URL", "postgresql://user:x@one,two/payments"),
        (
            "DATABASE_URL",
            "postgresql://user:x@/payments?host=10.0.0.1,10.0.0.2&port=5432,6432"
            "&target_session_attrs=read-write",
        ),
        ("WEB_BIND", "unix:/run/payments/web.sock"),
        ("ALERT_FILE", "/nonexistent/directory/told.json"),
        ("DATABASE_POOLED", "yes"),
    ],
)
def test_what_says_how_to_reach_a_server_is_taken(name: str, value: str) -> None:
    Config.from_env(GOOD | {"MAIL_FROM": "shop@example.com", name: value})


def test_two_databases_of_one_redis_will_do_for_a_trial_on_this_machine() -> None:
    trial = {"PUBLIC_URL": "http://127.0.0.1:8000", "CACHE_REDIS_URL": "redis://jobs:6379/1"}
    assert Config.from_env(GOOD | trial).cache_redis_url.endswith("/1")


def test_a_stand_in_and_a_debugger_may_run_beside_a_site_of_this_machine() -> None:
    local = GOOD | {
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "STRIPE_SECRET_KEY": "sk_test_abc",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_abc",
        "STRIPE_API_BASE": "http://127.0.0.1:12111",
        "FLASK_DEBUG": "1",
    }
    assert Config.from_env(local).debug


def test_every_wrong_setting_is_named_at_once_and_one_sentence_each() -> None:
    wrong = {
        "SECRET_KEY": "0" * 32,
        "STRIPE_WEBHOOK_SECRET": "whsec_",
        "MAIL_FROM": "Shop <a@b>",
        "CHECKOUT_RATE_LIMIT": "0/minute",
        "SENTRY_DSN": "nonsense",
        "FLASK_DEBUG": "1",
        "STRIPE_API_BASE": "https://stripe.example.com",
    }
    with pytest.raises(ConfigError) as refused:
        Config.from_env(GOOD | wrong)
    lines = str(refused.value).splitlines()[1:]
    assert all(sum(name in line for line in lines) >= 1 for name in wrong)
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0"),
        ("-m", "flask", "--app", "wsgi", "sweep"),
        ("worker.py", "charges"),
        ("-m", "flask", "--app", "demo.app", "demo", "seed"),
    ],
)
def test_a_process_that_is_refused_says_it_without_a_traceback(command: tuple[str, ...]) -> None:
    wrong = GOOD | {"SECRET_KEY": "0" * 32, "MAIL_FROM": "Shop <a@b>"}
    done = subprocess.run(
        [sys.executable, *command],
        env=os.environ | wrong,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "SECRET_KEY must" in done.stderr
    assert "MAIL_FROM must" in done.stderr


def test_the_web_server_s_own_settings_are_told_with_the_others() -> None:
    """It reads them before the application; what it would say itself names no other."""
    wrong = GOOD | {"SECRET_KEY": "0" * 32, "WEB_BIND": "127.0.0.1:many", "PORT": "80808"}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "wsgi:app"],
        env=os.environ | wrong,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert all(f"{name} must" in done.stderr for name in ("SECRET_KEY", "WEB_BIND", "PORT"))


def test_random_secrets_are_taken() -> None:
    assert not any(is_guessable(secrets.token_urlsafe(48), 32) for _ in range(2000))
    assert not any(is_guessable(secrets.token_hex(16), 24) for _ in range(2000))


def test_every_setting_is_explained_in_the_example_once() -> None:
    """A setting that is not among SETTINGS is not looked at for stray spaces."""
    explained = re.findall(r"^#? ?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.M)
    assert sorted(explained) == sorted(SETTINGS)
