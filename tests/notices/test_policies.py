"""When a message that failed is tried again: by number, or by what went wrong."""

from __future__ import annotations

from payments_app.core.outbox import Policy


def test_a_policy_waits_by_number_and_then_gives_up() -> None:
    policy = Policy((1, 2, 5))
    error = RuntimeError()
    assert [policy.wait(failures, error) for failures in range(4)] == [1, 2, 5, None]
