"""A merchant's links, held to all that buyers' are held to."""

from __future__ import annotations

import pytest

from tests.notices.conftest import mailbox, sent_mails  # noqa: F401 - fixtures
from tests.notices.test_sign_in_links import *  # noqa: F403 - each test again, of another page
from tests.notices.test_sign_in_links import Kind

pytestmark = pytest.mark.portable


@pytest.fixture
def kind() -> Kind:  # type: ignore[no-redef]
    return "/portal/sign_in", "/portal/links"
