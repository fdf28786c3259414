"""Files that settings name: what can't be one, or is somebody's, is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from payments_app.config_checks import problems_of
from tests.core.settings_examples import GOOD

WRITTEN = [
    ("ALERT_FILE", "{}"),
    ("WEB_PIDFILE", "{}"),
    ("WEB_BIND", "unix:{}"),
    ("DATABASE_URL", "sqlite:///{}"),
    ("DATA_DIR", "{}"),
]
BELOW_A_FILE, TOO_LONG = f"{__file__}/x", f"/tmp/{'a' * 300}"


@pytest.mark.parametrize("path", [BELOW_A_FILE, TOO_LONG])
@pytest.mark.parametrize(
    ("name", "value"),
    [*WRITTEN, ("REDIS_URL", "unix://{}"), ("SHOP_LOGO", "{}")],
)
def test_where_nothing_can_be_is_refused(name: str, value: str, path: str) -> None:
    """As a file in a directory that this user may not enter."""
    (problem,) = problems_of(GOOD | {name: value.format(path)})
    assert problem.startswith(name)


@pytest.mark.parametrize("path", ["/proc/self/x", "/sys/x", "/dev/x", "/proc/self/oom_score_adj"])
@pytest.mark.parametrize(
    ("name", "value"),
    WRITTEN,
)
def test_where_the_kernel_keeps_what_is_no_file_nothing_is_written(
    tmp_path: Path, name: str, value: str, path: str
) -> None:
    """No file of ours can be there, or it is lost with the machine's next start."""
    link = tmp_path / "link"
    link.symlink_to(path)
    for where in (path, link):
        (problem,) = problems_of(GOOD | {name: value.format(where)})
        assert problem.startswith(name)


def test_a_file_in_the_machine_s_memory_is_taken() -> None:
    assert problems_of(GOOD | {"ALERT_FILE": "/dev/shm/payments-told-of-a-test"}) == []


@pytest.mark.parametrize("text", ['{"name": "somebody-else\'s"}', "{", '{"sincere": 1}'])
def test_somebody_s_own_json_is_not_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text)
    (problem,) = problems_of(GOOD | {"ALERT_FILE": str(file)})
    assert "what is there is replaced" in problem
    assert file.read_text() == text


@pytest.mark.parametrize("other", ["kept", "./kept", "link"])
def test_one_file_for_two_is_refused(tmp_path: Path, other: str) -> None:
    """Each would replace what the other wrote."""
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    files = {"ALERT_FILE": f"{tmp_path}/kept", "WEB_PIDFILE": f"{tmp_path}/{other}"}
    assert problems_of(GOOD | files) == ["WEB_PIDFILE must not be ALERT_FILE"]


def test_a_file_that_is_no_socket_is_no_redis() -> None:
    (problem,) = problems_of(GOOD | {"REDIS_URL": f"unix://{__file__}"})
    assert problem.startswith("REDIS_URL can't be read")


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
def test_a_certificate_of_the_database_must_be_there(name: str) -> None:
    """Each connection would fail."""
    url = f"postgresql://db/payments?sslmode=verify-full&{name}="
    assert problems_of(GOOD | {"DATABASE_URL": url + "/nonexistent/it.pem"}) == [
        f"DATABASE_URL names a file by {name} that is not there"
    ]
    assert problems_of(GOOD | {"DATABASE_URL": url + __file__}) == []


def test_the_system_s_own_certificates_are_no_file() -> None:
    url = "postgresql://db/payments?sslmode=verify-full&sslrootcert=system"
    assert problems_of(GOOD | {"DATABASE_URL": url}) == []


@pytest.mark.parametrize("name", ["ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"])
def test_a_certificate_of_redis_must_be_there(name: str) -> None:
    url = f"rediss://cache/0?{name}="
    (problem,) = problems_of(GOOD | {"CACHE_REDIS_URL": url + "/nonexistent/it.pem"})
    assert "files that are there" in problem
    assert problems_of(GOOD | {"CACHE_REDIS_URL": url + __file__}) == []


@pytest.mark.parametrize("wanted", ["standby", "prefer-standby", "read-only"])
def test_a_standby_is_no_database_of_ours(wanted: str) -> None:
    """It takes no statement that writes."""
    url = f"postgresql://one,two/payments?target_session_attrs={wanted}"
    (problem,) = problems_of(GOOD | {"DATABASE_URL": url})
    assert problem.startswith("DATABASE_URL can't be read")


def test_a_key_with_a_comma_is_refused_since_no_list_can_hold_it() -> None:
    """As a fallback it would be two keys, and verify nothing of before."""
    key = f"{GOOD['SECRET_KEY']},{GOOD['SECRET_KEY'][::-1]}"
    (problem,) = problems_of(GOOD | {"SECRET_KEY": key})
    assert "without a comma" in problem


def test_a_wrong_key_hides_no_wrong_key_of_before() -> None:
    found = problems_of(GOOD | {"SECRET_KEY": "0" * 32, "SECRET_KEY_FALLBACKS": "1" * 32})
    assert [problem.split()[0] for problem in found] == ["SECRET_KEY", "SECRET_KEY_FALLBACKS"]
