"""others: what happened to a payment and is no entry of the history: jobs in trouble, findings,
alerts, what was posted to the ledger, and what is still on its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from payments_app.core.alerts import Alert
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.history import SYSTEM
from payments_app.core.jobs.outbox import Message
from payments_app.ledger.models import Journal
from payments_app.notices.models import Mail
from payments_app.reconcile.kinds import KINDS
from payments_app.reconcile.models import Finding
from payments_app.staff.causes.entry import Entry
from payments_app.staff.causes.sources import Sources
from payments_app.staff.cells import in_words

_MAILS = {"receipt": "Receipt", "payment_failed": "“Your payment failed”"}


def mail_name(mail: Mail) -> str:
    """A mail as staff name it."""
    return _MAILS.get(mail.kind, f"“{mail.subject}”")


def of_message(message: Message, sources: Sources) -> Iterator[Entry]:
    """A job that died, or that failed and waits; its last error for those who read such things."""
    dead, count = message.dead_at is not None, message.failures
    times = f"after {count} failure{'' if count == 1 else 's'}" if count else ""
    job = Entry(
        at=message.dead_at or message.created_at,
        what="job.dead" if dead else "job.failed",
        title=f"The job {message.command} {'was given up' if dead else 'failed, is tried again'}",
        detail=times,
        about=sources.about.get(message.subject, message.subject),
        bad=True,
        key=message.dedupe_key,
    )
    yield job
    if message.last_error:
        said = f"The last error of {message.command}: {without_payment_methods(message.last_error)}"
        yield replace(job, what="job.error", title=said, detail="", technical=True)


def of_finding(finding: Finding) -> Iterator[Entry]:
    kind = KINDS.get(finding.kind)
    said = kind.words if kind else in_words(finding.kind)
    found = Entry(
        at=finding.found_at,
        what="finding.found",
        title=f"The books differ: {said}",
        detail=kind.cause if kind else "",
        about=f"finding-{finding.id}",
        bad=True,
        begins=True,
    )
    yield found
    if finding.resolved_at is not None:
        ended = "is gone" if finding.resolution == "gone" else "was fixed"
        title = f"The difference {ended}: {said}"
        yield Entry(finding.resolved_at, "finding.ended", title, found.about)


def of_alert(alert: Alert, sources: Sources) -> Iterator[Entry]:
    """That people were told, and that it was closed."""
    about = sources.named(alert.key)
    told = Entry(
        at=alert.first_at,
        what="alert.raised",
        title=f"Alert: {alert.message}",
        detail=f"{alert.times} times" if alert.times > 1 else "",
        about=about,
        technical=True,
        bad=alert.severity == "critical",
    )
    yield told
    if alert.acknowledged_at is not None:
        by = "its cause is gone" if alert.acknowledged_by == SYSTEM else "acknowledged"
        title = f"The alert was closed: {by}"
        yield Entry(alert.acknowledged_at, "alert.closed", title, about, technical=True)


def of_journal(journal: Journal, sources: Sources) -> Entry:
    """What was posted to the ledger."""
    sides = [
        f"{in_words(entry.account)} {'+' if entry.side == 'debit' else chr(0x2212)}{entry.money}"
        for entry in sorted(journal.entries, key=lambda entry: (entry.side != "debit", entry.id))
    ]
    return Entry(
        at=journal.posted_at,
        what="ledger.posted",
        title=f"Posted to the ledger: {in_words(journal.entry_type)}",
        detail=", ".join(sides),
        about=sources.named(journal.key),
        technical=True,
    )


def waiting(sources: Sources) -> Iterator[Entry]:
    """Mails and merchants' events that are still on their way."""
    for id_, mail in sources.mails.items():
        if mail.state in ("queued", "sending"):
            named = mail_name(mail)
            yield Entry(
                at=mail.created_at,
                what="mail.waits",
                title=f"{named} written, not sent yet",
                detail=f"to {mail.recipient}",
                about=sources.about[id_],
            )
    for id_, (delivery, url) in sources.deliveries.items():
        if delivery.state in ("waiting", "sending"):
            yield Entry(
                at=delivery.created_at,
                what="merchant_webhook.waits",
                title="The merchant is not told yet",
                detail=url,
                about=sources.about[id_],
            )
