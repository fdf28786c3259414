"""Days and moments are written in the dashboard's way on all pages of a merchant."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.date_words import own_formats, printed_otherwise
from tests.portal.portal_driver import Portal
from tests.staff.long_lists import LongLists

pytestmark = [pytest.mark.portable, pytest.mark.expects_failure]


def test_no_page_of_the_portal_has_a_format_of_its_own() -> None:
    assert own_formats(["portal"], {"portal/payment_pages.py"}) == []  # a file's columns


def test_no_page_of_the_portal_prints_a_day_in_another_way(app: Flask, portal: Portal) -> None:
    ids = LongLists(app).ids
    pages = ["payments", f"payments/{ids['payment']}", "statements", "sessions", "webhooks"]
    pages.append(f"webhooks/{ids['endpoint']}")
    assert printed_otherwise(portal.signed_in(), [f"/portal/{page}" for page in pages]) == []
