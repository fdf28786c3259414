"""The product as a part of another Flask application: below a prefix of its site, on its database.

It is an application of its own all the same, mounted before the other one. So it shares nothing
with its host but the database: no hook, session, CSRF check, error page, template, setting or
extension of one is ever the other's. What of the host's code we call is a method of its payables
(`payments/payable.py`), or a subscriber of a plugin.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
from flask import Flask, appcontext_pushed, request
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, scoped_session
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from payments_app.config import Config
from payments_app.core.db.joined import joined
from payments_app.core.db.session import atomic
from payments_app.core.jobs import wake_up
from payments_app.core.own_commands import are_below
from payments_app.core.web.headers import REPORTS_PATH
from payments_app.customers.recognise import vouch_with
from payments_app.ops.doctor import check_host_with
from payments_app.ops.stripe_checks import Check
from payments_app.payments.payable import Payable
from payments_app.payments.payable_rules import check_id
from payments_app.registration import Plugin

P = ParamSpec("P")
T = TypeVar("T")

_PREFIX = re.compile(r"(/[a-z0-9_-]+)+")
_TABLES = "pay_"


class Payments:
    """Mounts the product on a Flask application, below `prefix`.

    `customer_of` gives the e-mail address of whoever is signed in at the host, or None; it is
    called in a request context of the host's. Only an address that they have proved may be given:
    its cards are theirs to pay with. `plugins` are called with the product's own application.
    Settings come from the environment, unless a `config` is given.
    """

    app: Flask  # the product's own

    def __init__(
        self,
        host: Flask | None = None,
        *,
        prefix: str = "/pay",
        customer_of: Callable[[], str | None] | None = None,
        plugins: Iterable[Plugin] = (),
        config: Config | None = None,
    ) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"{prefix!r} is no prefix: one reads like /pay")
        self.prefix, self._customer_of = prefix, customer_of
        self._plugins, self._config = tuple(plugins), config
        if host is not None:
            self.init_app(host)

    def init_app(self, host: Flask) -> None:
        """Mount it. The migrations of the host's Migrate then leave our tables alone.

        Raises RuntimeError where it is mounted already, ValueError for a prefix that begins as
        paths of our own do.
        """
        from payments_app import create_app

        if "payments" in host.extensions:
            raise RuntimeError("payments are mounted on this application already")
        config = replace(self._config or Config.of_process(os.environ), prefix=self.prefix)
        self.app = create_app(config, self._plugins)
        if any(f"{rule.rule}/".startswith(f"{self.prefix}/") for rule in _rules(self.app)):
            raise ValueError(f"{self.prefix} begins as paths of our own do: choose another prefix")
        if self._customer_of is not None:
            vouch_with(self.app, _asked_at(host, self._customer_of))
        check_host_with(self.app, partial(self._checks, host))
        are_below(self.app, host)
        host.extensions["payments"] = self
        host.cli.add_command(_commands_of(self.app))
        host.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
            host.wsgi_app, {self.prefix: self.app}
        )
        appcontext_pushed.connect(_leave_ours_alone, host)  # before whatever its Migrate does

    def _checks(self, host: Flask) -> Iterator[Check]:
        with host.app_context():  # as its own commands begin
            migrate = host.extensions.get("migrate")
        include = migrate.configure_args.get("include_name") if migrate is not None else not_ours
        told = include is not None and not include(f"{_TABLES}transactions", "table", {})
        words = "its migrations leave our tables alone"
        if not told:
            words = (
                "its migrations would drop our tables: their include_name must be False where"
                " payments_app.not_ours is"
            )
        yield Check("host", told, words)
        answer = host.test_client().get(f"{self.prefix}/checkout/-", base_url=self._site())
        policy = answer.headers.get("Content-Security-Policy", "")
        ours = answer.status_code == 404 and f"{self.prefix}{REPORTS_PATH}" in policy
        words = f"{self.prefix} is answered by us" + ("" if ours else f" no more: {answer.status}")
        yield Check("prefix", ours, words)

    def _site(self) -> str:
        return str(self.app.config["CONFIG"].public_url)

    def checkout_path(self, payable: Payable) -> str:
        """The path of the page that pays for it, on this site. Its row is stored already.

        Raises ValueError for a row that is not, and for an id that no page is found by, or that
        can be guessed.
        """
        if not inspect(payable).has_identity:
            raise ValueError(f"{payable!r} is not stored yet: commit it first")
        check_id(payable.id, payable.payable_prefix)
        return f"{self.prefix}/checkout/{payable.checkout_name}"

    def atomic(self, step: Callable[Concatenate[Session, P], T]) -> Callable[P, T]:
        """Our `atomic`, for the host's code: one whole transaction, in a session of ours that
        knows the host's tables too. The step may run more than once."""
        run = atomic(step)

        @wraps(step)
        def in_ours(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.app.app_context():
                return run(*args, **kwargs)

        return in_ours

    @contextmanager
    def together_with(self, session: Session | scoped_session[Any]) -> Iterator[Session]:
        """A session of ours in the transaction of a session of the host's, on the same database:
        what both have written is committed, or rolled back, by the host's. The workers are woken
        after its commit. Rows of one session are no objects of the other: read them by their ids.
        """
        hosts: Session = session() if isinstance(session, scoped_session) else session
        hosts.flush()
        connection = hosts.connection()
        with self.app.app_context(), joined(connection) as ours:
            yield ours
        wake_ups: dict[str, str] = ours.info["wake_ups"]

        def wake(_session: Session) -> None:
            with self.app.app_context():
                for queue, why in wake_ups.items():
                    wake_up.wake(queue, why)

        # After a rollback they are woken at the next commit, which costs an empty look.
        event.listen(hosts, "after_commit", wake, once=True)


def not_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """`include_name` of the host's Alembic: its migrations are not about our tables."""
    return kind != "table" or not (name or "").startswith(_TABLES)


def _leave_ours_alone(host: Flask, **_: Any) -> None:
    """Tell the host's Migrate of our tables, wherever it was made."""
    if (migrate := host.extensions.get("migrate")) is not None:
        migrate.configure_args.setdefault("include_name", not_ours)


def _rules(app: Flask) -> Iterable[Any]:
    return app.url_map.iter_rules()


def _asked_at(host: Flask, customer_of: Callable[[], str | None]) -> Callable[[], str | None]:
    """The same in a context of the host's, for the request that we answer: with its own session,
    and so with its login."""

    def ask() -> str | None:
        environ = dict(request.environ)
        environ["PATH_INFO"] = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        environ["SCRIPT_NAME"] = ""
        with host.request_context(environ):
            return customer_of()

    return ask


def _commands_of(app: Flask) -> click.Group:
    """Our commands, as `flask --app host payments ...`."""

    @click.group("payments", help="The payments that are part of this application.")
    @click.pass_context
    def group(context: click.Context) -> None:
        context.with_resource(app.app_context())

    for name, command in app.cli.commands.items():
        group.add_command(command, name)
    return group
