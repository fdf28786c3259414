from pathlib import Path

import pytest

from demo.directory import DataDirectory
from demo.standins import complete
from parts.sandbox import Sandbox

REAL = {
    "REDIS_URL": "redis://jobs.example.com/0",
    "CACHE_REDIS_URL": "redis://cache.example.com/0",
    "STRIPE_SECRET_KEY": "sk_test_mine",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_mine",
    "STRIPE_WEBHOOK_SECRET": "whsec_mine",
}


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path)


def started(env: dict[str, str], data: DataDirectory) -> set[str]:
    return {standin.name for standin in complete(env, data, 8000)[1]}


def test_an_empty_environment_gets_every_stand_in(data: DataDirectory) -> None:
    assert started({}, data) == {
        "redis-jobs",
        "redis-cache",
        "The Stripe sandbox",
        "mailbox",
    }


def test_a_complete_environment_gets_no_stand_in(data: DataDirectory) -> None:
    assert started(REAL, data) == set()


@pytest.mark.parametrize("name", REAL)
def test_what_the_user_has_set_is_used_as_it_is(name: str, data: DataDirectory) -> None:
    settings, _ = complete({name: REAL[name]}, data, 8000)
    assert settings[name] == REAL[name]


def test_a_mail_server_of_the_users_own_gets_no_mailbox(data: DataDirectory) -> None:
    assert "mailbox" not in started({"SMTP_URL": "smtp://mail.example.com"}, data)


def test_who_asks_for_a_challenge_gets_a_provider_s(data: DataDirectory) -> None:
    assert "turnstile" in started({"CHECKOUT_CHALLENGE": "always"}, data)
    assert "turnstile" not in started(
        {"CHECKOUT_CHALLENGE": "always", "TURNSTILE_SITE_KEY": "0x4mine"}, data
    )


def test_a_real_stripe_key_means_the_real_stripe(data: DataDirectory) -> None:
    settings, _ = complete({"STRIPE_SECRET_KEY": "sk_test_mine"}, data, 8000)
    assert "STRIPE_API_BASE" not in settings


def test_the_sandbox_posts_to_three_destinations_with_a_secret_each(data: DataDirectory) -> None:
    settings, standins = complete({}, data, 8000)
    names = ["STRIPE_WEBHOOK_SECRET"]
    names += ["STRIPE_CONNECT_WEBHOOK_SECRET", "STRIPE_THIN_WEBHOOK_SECRET"]
    secrets = [settings[name] for name in names]
    sandbox = next(standin for standin in standins if isinstance(standin, Sandbox))
    assert len(set(secrets)) == 3
    assert [word for word in sandbox.command if word.startswith("whsec_")] == secrets


def test_an_empty_setting_counts_as_not_set(data: DataDirectory) -> None:
    assert "redis-jobs" in started({"REDIS_URL": ""}, data)


@pytest.mark.parametrize(
    "name",
    ["SECRET_KEY", "DEMO_PASSWORD", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL"],
)
def test_a_second_run_has_the_same_value(name: str, data: DataDirectory) -> None:
    first, _ = complete({}, data, 8000)
    second, _ = complete({}, DataDirectory(data.path), 8000)
    assert first[name] == second[name]


def test_the_sandbox_keeps_its_port(data: DataDirectory) -> None:
    first, _ = complete({}, data, 8000)
    second, _ = complete({}, data, 8000)
    assert first["STRIPE_API_BASE"] == second["STRIPE_API_BASE"]


def test_the_kept_secrets_are_readable_by_their_owner_alone(data: DataDirectory) -> None:
    complete({}, data, 8000)
    assert (data.path / "kept.json").stat().st_mode & 0o077 == 0
