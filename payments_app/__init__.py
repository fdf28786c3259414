"""A Flask application that takes payments and never loses sight of one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module

from flask import Flask
from jinja2 import StrictUndefined

from payments_app import cli, job_commands, models, programs, registration, schedule, subscribers
from payments_app.accounts import gate
from payments_app.accounts import views as accounts
from payments_app.api import gate as api_gate
from payments_app.api import views as api
from payments_app.attention.keep import keep_changed
from payments_app.checkout import poll
from payments_app.checkout import views as checkout
from payments_app.config import Config
from payments_app.core import logs, places, tracing
from payments_app.core.ago import day_shown, moment_shown, seconds_shown
from payments_app.core.db import engine, reading
from payments_app.core.db.ids import new_id
from payments_app.core.extensions import csrf, db
from payments_app.core.jobs import wake_up
from payments_app.core.money import Money
from payments_app.core.web import (
    access,
    brand,
    cache,
    closed,
    counters,
    idempotency,
    incoming,
    languages,
    limits,
    page_before,
    prepare,
    query,
)
from payments_app.core.web.idempotency_stores import RedisStore
from payments_app.core.web.sealed_store import SealedStore
from payments_app.customers import views as customers
from payments_app.downloads import views as downloads
from payments_app.embedding import Payments, not_ours
from payments_app.gateway import client as gateway
from payments_app.inbound import views as inbound
from payments_app.ledger import views as ledger
from payments_app.merchants import views as merchants
from payments_app.ops import views as ops
from payments_app.orders import api as products
from payments_app.orders import views as orders
from payments_app.payment_requests import views as payment_requests
from payments_app.payments import follow_up
from payments_app.payments.payable import Payable
from payments_app.payments.refunds.nobody_waits import is_of_no_member
from payments_app.payments.transactions.nobody_waits import is_without_buyer
from payments_app.queues import QUEUE_THREADS
from payments_app.registration import Plugin
from payments_app.settlement import views as settlement
from payments_app.staff import cache as staff_cache
from payments_app.staff import views as staff
from payments_app.subscriptions import views as subscriptions

__all__ = ["Money", "Payable", "Payments", "create_app", "models", "new_id", "not_ours"]

_VIEWS = (
    accounts,
    api,
    checkout,
    customers,
    downloads,
    inbound,
    ledger,
    merchants,
    ops,
    orders,
    payment_requests,
    products,
    settlement,
    staff,
    subscriptions,
)

# Packages that the product works without. Each has register.py; delete one with its line here.
OPTIONAL: tuple[str, ...] = ("payments_app.portal",)


def create_app(config: Config | None = None, plugins: Iterable[Plugin] = ()) -> Flask:
    """Build the application from `config`, or from the environment: where that is wrong, the
    process ends with a sentence for each missing or wrong setting. A plugin adds to it what
    another package sells or follows, by `registration.register`; those of installed packages, the
    entry points `payments_app.plugins`, are added as well.
    """
    config = config or Config.of_process(os.environ)
    app = _configured(config)
    registration.register(
        app,
        sellables=subscribers.SELLABLES,
        commands=job_commands.COMMANDS,
        events=subscribers.EVENTS,
    )
    app.extensions["payable_commands"] = follow_up.commands
    app.extensions["before_commit"] = (keep_changed,)
    app.extensions["nobody_waits"] = {
        "charges": is_without_buyer,
        "payment_critical": is_of_no_member,
    }
    app.extensions["schedule"] = schedule.SCHEDULE
    logs.prepare(app)
    tracing.prepare(app)
    db.init_app(app)
    wake_up.connect(app, config.redis_url)
    gateway.connect(app, config)
    prepare.prepare(app)
    languages.prepare(app)
    incoming.prepare(app)
    closed.prepare(app)
    brand.prepare(app)
    limits.prepare(app)
    cache.prepare(app)
    for views in _VIEWS:
        app.register_blueprint(views.blueprint)
    app.register_blueprint(staff.api)
    access.prepare(app)
    csrf.init_app(app)  # reads the body: only then, of whoever may send one
    query.prepare(app)
    page_before.prepare(app)
    # With the jobs: the cache may evict, and an evicted key would let its request run again.
    idempotency.prepare(app, SealedStore(RedisStore.from_url(config.redis_url)))
    gate.prepare(app)
    api_gate.prepare(app)
    for package in OPTIONAL:
        import_module(f"{package}.register").register(app)
    for plugin in (*plugins, *registration.installed_plugins()):
        plugin(app)
    staff_cache.prepare(app)
    cli.prepare(app)
    app.cli.add_command(programs.worker_command)
    with app.app_context():
        engine.prepare_engine(app)
        reading.prepare(app)
        tracing.prepare_engine(app)
    poll.prepare(app)
    counters.prepare(app)
    return app


def _configured(config: Config) -> Flask:
    app = Flask(
        __name__, template_folder=str(places.templates()), static_folder=str(places.static())
    )
    # A misspelt name in a page or a mail raises, where it would print nothing. The indentation of
    # what only the template reads is not sent.
    app.jinja_options = {"undefined": StrictUndefined, "lstrip_blocks": True}
    for shown in (day_shown, moment_shown, seconds_shown):
        app.add_template_filter(shown)
    threads = QUEUE_THREADS | {"charges": config.charge_concurrency}
    options = engine.engine_options(
        config.database_url, max(threads.values()), pooled=config.database_pooled
    )
    app.extensions["queue_threads"] = threads
    app.config.update(
        CONFIG=config,
        SECRET_KEY=config.secret_key,
        SECRET_KEY_FALLBACKS=list(config.secret_key_fallbacks),
        WTF_CSRF_SECRET_KEY=config.signing_keys,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=options,
        SQLALCHEMY_BINDS=reading.binds(options, config.database_url),
    )
    return app
