"""A target: sends odd requests to the app, and sees whether the database noticed."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import func, literal, select, union_all
from werkzeug.test import TestResponse

from payments_app.core.extensions import db
from payments_app.payments.models import Transaction

DOCUMENTED = {400, 404, 405, 409, 413, 415, 422}


class Target:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.engine = app.extensions["engine"]
        self.secret = app.config["CONFIG"].stripe_webhook_secrets[0]
        self.client = app.test_client()
        self.seen = self.rows()

    def rows(self) -> list[tuple[str, int]]:
        """How many rows each table has, and how often transactions changed."""
        tables = [
            select(literal(table.name), func.count()).select_from(table)
            for table in db.metadata.sorted_tables
        ]
        versions = select(literal("versions"), func.coalesce(func.sum(Transaction.version), 0))
        with self.engine.connect() as connection:
            found = connection.execute(union_all(*tables, versions)).all()
        return sorted((name, int(count)) for name, count in found)

    def refuses(self, answer: TestResponse) -> None:
        """It was refused as documented, and nothing came of it."""
        assert answer.status_code in DOCUMENTED, (answer.status_code, answer.text[:300])
        if answer.is_json:
            assert answer.json["success"] is False
            assert answer.json["error"]["code"]
        assert self.rows() == self.seen

    def survives(self, answer: TestResponse) -> None:
        """It was refused, or taken: what is taken may be stored."""
        if answer.status_code in (200, 202):
            self.seen = self.rows()
        else:
            self.refuses(answer)

    def csrf_token(self) -> str:
        page = self.client.get("/checkout/field-notes").text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def post(self, path: str, **sent: Any) -> TestResponse:
        return self.client.post(path, **sent)
