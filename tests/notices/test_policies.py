"""When a message that failed is tried again: by number, or by what went wrong."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from payments_app.core.jobs.command import Policy
from payments_app.notices.webhook_retries import (
    POLICY,
    DeliveryError,
    RateLimitedError,
    TimedOutError,
    UnreachableError,
)


def test_a_policy_waits_by_number_and_then_gives_up() -> None:
    policy = Policy((1, 2, 5))
    error = RuntimeError()
    assert [policy.wait(failures, error) for failures in range(4)] == [1, 2, 5, None]


def test_a_time_out_waits_n_squared_and_fifteen_seconds() -> None:
    waits = [POLICY.wait(n, TimedOutError()) for n in range(9)]
    assert waits == [15, 16, 19, 24, 31, 40, 51, 64, None]


def test_an_endpoint_that_cannot_be_reached_waits_n_cubed_and_sixty_seconds() -> None:
    waits = [POLICY.wait(n, UnreachableError()) for n in range(9)]
    assert waits == [60, 61, 68, 87, 124, 185, 276, 403, None]


def test_a_rate_limit_is_tried_again_quickly_or_as_it_wishes_up_to_an_hour() -> None:
    wishes = [None, 0.0, 30.0, 86400.0]
    assert [POLICY.wait(0, RateLimitedError(wish)) for wish in wishes] == [5, 0, 30, 3600]


def test_a_rate_limit_too_has_eight_retries() -> None:
    waits = [POLICY.wait(n, RateLimitedError(None)) for n in range(9)]
    assert waits == [5] * 8 + [None]


@pytest.mark.parametrize("error", [DeliveryError("404"), RuntimeError("a bug of ours")])
def test_anything_unknown_is_dead_at_once(error: Exception) -> None:
    assert POLICY.wait(0, error) is None


def test_a_database_of_ours_that_is_away_costs_no_event() -> None:
    assert POLICY.wait(0, OperationalError("", {}, Exception())) == 1
