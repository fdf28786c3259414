"""The metrics, computed from the database as they are asked for: the same from every process and
machine, and nothing to lose at a restart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import current_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from payments_app.core.extensions import db
from payments_app.core.jobs.counters import BY_JOB, BY_LOOK, JobCounters
from payments_app.core.jobs.outbox import commands
from payments_app.core.outages import DATABASE
from payments_app.core.web.headers import DIRECTIVES
from payments_app.ops import measures, redis_state
from payments_app.ops.http_metrics import from_counters
from payments_app.ops.policy_reports import kept

_JOB = ["queue", "job"]


class Collector:
    """Without the database there are still the two Redis to tell of."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = list(_from_database())
        except SQLAlchemyError as error:
            DATABASE.failed(error)
            found = []
        yield _gauge("database_up", "Whether the database answered", [((), float(bool(found)))])
        yield from found
        yield from _from_redis()
        yield from from_counters()


def _from_database() -> Iterator[Metric]:
    yield from _queues()
    yield from _job_counters()
    yield from _stripe()
    session = db.session()
    yield _gauge(
        "payments_recent",
        "Payments begun in the last hour, by phase",
        [((phase,), count) for phase, count in measures.payments_by_phase(session).items()],
        ["phase"],
    )
    yield _gauge(
        "policy_reports_kept",
        "What browsers said that a page's policy stopped, in the last 30 days; anybody can say it",
        [((name,), n) for name, n in (dict.fromkeys(DIRECTIVES, 0) | kept(session)).items()],
        ["directive"],
    )
    alerts = {"critical": 0, "warning": 0} | measures.open_alerts(session)
    yield _gauge(
        "alerts_open",
        "Alerts that nobody has acknowledged",
        [((severity,), count) for severity, count in alerts.items()],
        ["severity"],
    )


def _queues() -> Iterator[Metric]:
    loads = measures.loads(db.session())
    queues = {command.queue for command in commands().values()} | {load.queue for load in loads}
    known = [load for load in loads if load.known]
    late = {q: max([0.0, *(x.late_seconds for x in known if x.queue == q)]) for q in queues}
    yield _gauge(
        "queue_latency_seconds",
        "How long the oldest message that is due has waited for a worker",
        [((queue,), late[queue]) for queue in sorted(queues)],
        ["queue"],
    )
    yield _gauge("outbox_age_seconds", "The same over all queues", [((), max(late.values()))])
    for name, words in (
        ("open", "Messages not done yet"),
        ("due", "Messages that wait for a worker now"),
        ("running", "Messages that a worker has"),
        ("retrying", "Open messages that failed at least once"),
        ("unknown", "Messages that are due and wait for a process that knows their job"),
    ):
        samples = [((load.queue, load.command), getattr(load, name)) for load in loads]
        yield _gauge(f"queue_{name}", words, samples, _JOB)


def _job_counters() -> Iterator[Metric]:
    # Every job from 0 on: a counter that appears with its first death has not increased.
    zero = {(command.queue, name): (0, 0, 0) for name, command in commands().items()}
    rows = measures.job_counters(db.session())
    told = {(row.queue, row.command): (row.retries, row.put_off, row.deaths) for row in rows}
    yield _charges_started(rows)
    counts = sorted((zero | told).items())
    for place, (name, words) in enumerate(
        (
            ("job_retries", "Tries that failed and were put off"),
            ("job_put_off", "Tries that were put off in order: not now"),
            ("dead_letter", "Messages that died"),
        )
    ):
        family = CounterMetricFamily(name, words, labels=_JOB)
        for labels, numbers in counts:
            family.add_metric(labels, numbers[place])
        yield family
    dead = {labels: 0 for labels, _ in counts} | measures.dead(db.session())
    words = "Dead messages that nobody has dealt with"
    yield _gauge("dead_letters", words, sorted(dead.items()), _JOB)


def _charges_started(rows: Iterable[JobCounters]) -> Metric:
    family = CounterMetricFamily(
        "charge_started",
        "Charges begun by a job of Redis's, or by a worker that looked itself",
        labels=["by"],
    )
    charges = [row for row in rows if row.command == "charge"]
    family.add_metric([BY_JOB], sum(row.by_job for row in charges))
    family.add_metric([BY_LOOK], sum(row.by_look for row in charges))
    return family


def _stripe() -> Iterator[Metric]:
    breaker = measures.breaker_state(db.session())
    yield _gauge("breaker_open", "Whether calls to Stripe are held back", [((), breaker.is_open)])
    opened = CounterMetricFamily("breaker_opened", "How often calls to Stripe were held back")
    opened.add_metric([], breaker.times_opened)
    yield opened
    calls = measures.stripe_calls(db.session())
    yield _gauge(
        "stripe_call_seconds",
        "How long calls to Stripe took in the last 5 minutes",
        [
            ((call.call, quantile), seconds)
            for call in calls
            for quantile, seconds in (
                ("0.5", call.median),
                ("0.95", call.p95),
                ("0.99", call.p99),
            )
        ],
        ["call", "quantile"],
    )
    yield _gauge(
        "stripe_calls_recent",
        "Calls to Stripe in the last 5 minutes, by what came of them",
        [((c.call, verdict), n) for c in calls for verdict, n in c.verdicts.items()],
        ["call", "verdict"],
    )
    yield _gauge(
        "stripe_events_recent",
        "Events that Stripe sent in the last day, by what came of them",
        measures.stripe_events(db.session()).items(),
        ["type", "state", "livemode"],
    )


def _from_redis() -> Iterator[Metric]:
    states = redis_state.inspect(current_app.config["CONFIG"])
    for name, words, values in (
        ("redis_up", "Whether it answers", [s.up for s in states]),
        ("redis_memory_used_bytes", "Memory it uses", [s.used for s in states]),
        ("redis_memory_max_bytes", "Memory it may use, 0 if all", [s.maximum for s in states]),
        ("redis_append_only", "Whether it keeps a file", [s.append_only for s in states]),
        ("redis_never_evicts", "By its policy", [s.policy == "noeviction" for s in states]),
        ("redis_well_set_up", "Nothing to complain of", [not s.problems() for s in states]),
    ):
        samples = [((s.role,), value) for s, value in zip(states, values, strict=True)]
        yield _gauge(name, words, samples, ["role"])


def _gauge(
    name: str,
    words: str,
    samples: Iterable[tuple[tuple[str, ...], float]],
    labels: list[str] | None = None,
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels or [])
    for values, number in samples:
        family.add_metric(values, float(number))
    return family
