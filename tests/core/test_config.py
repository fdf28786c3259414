"""Settings: every problem at once, and nothing unsafe outside the demo."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from payments_app.config import STRIPE_JS, Config, ConfigError
from payments_app.config_checks import SETTINGS, problems_of
from payments_app.config_checks.weak_secrets import is_guessable
from tests.core.settings_examples import GOOD, NEW, OLD, OTHER, REFUSED, THIN


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
    REFUSED,
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
        ("redis://b\u00fccher.example/0", "redis://xn--bcher-kva.example/1"),
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
        ("DATABASE_URL", f"postgresql://db/payments?sslmode=verify-full&sslrootcert={__file__}"),
        ("DATABASE_URL", "postgresql:///payments?host=/run/postgresql"),
        ("CACHE_REDIS_URL", f"rediss://cache/0?ssl_ca_certs={__file__}&protocol=3"),
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
        *(
            ("PUBLIC_URL", f"https://{host}")
            for host in ("10.0.0.5", "[2001:db8::1]", "0x7f.example")
        ),
        ("DATA_DIR", "/tmp"),
        ("ALERT_MAIL_TO", "ops@mailhost"),
        ("STRIPE_SECRET_KEY", "sk_live_51HyourTodoXXXXkL0ngK3yThatChanceWrote"),
    ],
)
def test_what_says_how_to_reach_a_server_is_taken(name: str, value: str) -> None:
    mail = {"MAIL_FROM": "shop@example.com", "SMTP_URL": "smtp://mail.example.com"}
    Config.from_env(GOOD | mail | {name: value})


def test_mails_of_a_trial_may_be_from_this_machine() -> None:
    Config.from_env(GOOD | {"PUBLIC_URL": "http://localhost:8000", "MAIL_FROM": "shop@localhost"})


def test_swapped_keys_of_the_challenge_are_refused() -> None:
    """Every browser would be told the secret one."""
    site, secret = "0x4AAAAAAAC3DHQFLr1GavRN", "0x4AAAAAAAC3DHQKp7TzWq8Wm2Lt5Xk7Yb3"
    names = ("TURNSTILE_SITE_KEY", "TURNSTILE_SECRET_KEY")
    assert problems_of(GOOD | dict(zip(names, (site, secret), strict=True))) == []
    others = {(secret, site), (site, site[::-1]), (secret, secret[::-1]), ("x" * 24, "x" * 35)}
    for pair in (*others, ("your-site-key", "your-secret-key")):
        found = problems_of(GOOD | dict(zip(names, pair, strict=True)))
        assert "TURNSTILE_S" in " ".join(found), pair


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
