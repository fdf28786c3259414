"""What is kept for all visitors, and forgotten at once when it changed."""

from __future__ import annotations

import pytest

from payments_app.core.web.cache import purge, remembered

pytestmark = [pytest.mark.portable, pytest.mark.usefixtures("app_context")]


def test_what_was_purged_is_made_again() -> None:
    versions = iter(["old", "new"])

    def shown() -> str:
        return remembered("goods", "1", 60, lambda: next(versions))

    assert (shown(), shown()) == ("old", "old")
    purge("goods")
    assert (shown(), shown()) == ("new", "new")
