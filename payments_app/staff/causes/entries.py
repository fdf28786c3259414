"""entries: what happened to a payment, oldest first, each in our words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from payments_app.accounts.people import names_of
from payments_app.core.db.columns import as_object
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.history import SYSTEM, HistoryEntry
from payments_app.staff.causes import calls
from payments_app.staff.causes.entry import Entry
from payments_app.staff.causes.others import (
    mail_name,
    of_alert,
    of_finding,
    of_journal,
    of_message,
    waiting,
)
from payments_app.staff.causes.sources import Sources
from payments_app.staff.causes.words import is_technical, money, words
from payments_app.staff.cells import in_words
from payments_app.staff.detail import MARK
from payments_app.staff.zones import as_shown, when

log = logging.getLogger(__name__)

_ACTORS = {SYSTEM: "The system", "buyer": "The customer", "stripe": "Stripe", "worker": "A worker"}
_STAFF = ("staff", "note")


def entries(session: Session, sources: Sources, zone: ZoneInfo) -> list[Entry]:
    """All of it. A row that can't be read is named by what it is."""
    names = names_of(session, (row.actor for row in sources.history))
    found = list(_of_history(sources, names, zone))
    found += [entry for message in sources.messages for entry in of_message(message, sources)]
    found += [entry for finding in sources.findings for entry in of_finding(finding)]
    found += [entry for alert in sources.alerts for entry in of_alert(alert, sources)]
    found += [of_journal(journal, sources) for journal in sources.journals]
    found += waiting(sources)
    return sorted(found, key=lambda entry: entry.at)


def _of_history(sources: Sources, names: dict[str, str], zone: ZoneInfo) -> Iterator[Entry]:
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(sources.history):
        entry = _entry(row, sources, number, names, zone)
        yield from _of_worker(as_object(row.cause), entry, seen)
        yield entry


def _of_worker(cause: dict[str, Any], entry: Entry, seen: set[tuple[str, str]]) -> Iterator[Entry]:
    """What its worker met before: one before it that died, a wake-up that did not come."""
    for trouble in ("crashes", "looked"):
        mark = (str(cause.get("message")), trouble)
        if not cause.get(trouble) or mark in seen:
            continue
        seen.add(mark)
        died = trouble == "crashes"
        yield Entry(
            at=entry.at,
            what=f"job.{trouble}",
            title="The worker of this job died"
            if died
            else "No wake-up came through Redis: a worker found the job by itself",
            detail="Another one took it over once its lease had run out" if died else "",
            about=entry.about,
            bad=True,
            key=entry.key,
        )


def _entry(
    row: HistoryEntry, sources: Sources, number: int, names: dict[str, str], zone: ZoneInfo
) -> Entry:
    data, key = as_object(row.data), str(as_object(row.cause).get("key") or "")
    who = names.get(row.actor) or _ACTORS.get(row.actor, row.actor)
    subject = row.subject or row.transaction_id or ""
    event = str(data.get("event") or "")
    request = str(data.get("request_id") or "") or (event if event.startswith("evt_") else "")
    entry = Entry(
        at=row.at,
        what=row.what,
        title=row.what,
        about=_about(row, sources),
        who=who if row.actor not in (SYSTEM, "buyer", "stripe") else "",
        kind=row.kind,
        technical=is_technical(row.kind, row.what),
        begins=row.kind in _STAFF or row.what in ("payment.created", "payment.imported"),
        stripe_id=request,
        milliseconds=data.get("milliseconds"),
        key=key,
        event=request if row.what.startswith("webhook.") and not key else "",
        version=data.get("version"),
        subject=subject,
    )
    try:
        _say(entry, row, data, sources, number, who, zone)
    except Exception:  # whatever the row holds, the others are shown
        log.exception("entry %s of the history can't be read", row.id)
        entry.title = f"{in_words(row.what) or 'An entry'}: {MARK}"
    return entry


def _say(
    entry: Entry,
    row: HistoryEntry,
    data: dict[str, Any],
    sources: Sources,
    number: int,
    who: str,
    zone: ZoneInfo,
) -> None:
    """Fill in title and detail."""
    if row.kind == "stripe" and "verdict" in data:
        later = [_call(other) for other in sources.history[number + 1 :] if other.kind == "stripe"]
        entry.title, entry.bad = calls.sentence(_call(row), later)
        return
    told = _told(row, data, sources, who, entry.key, number, zone)
    shown = {
        name: as_shown(value, zone) if isinstance(value, str) else value
        for name, value in data.items()
    }
    said = words(row.what, shown, told)
    entry.title, entry.detail, entry.bad = said.title or "An entry", said.detail, said.bad
    if row.what == "payment.created" and row.actor == SYSTEM:
        entry.title = f"A payment of {told['asked']} was begun"


def _about(row: HistoryEntry, sources: Sources) -> str:
    """What a row is of; an object of Stripe's that is not known here may be of anything."""
    subject = row.subject or ""
    alone = subject.startswith("finding-") or row.what.startswith("webhook.")
    return sources.about.get(subject) or (subject if alone else row.transaction_id or subject)


def _call(row: HistoryEntry) -> calls.Call:
    return row.what.partition(".")[2], as_object(row.data)


def _told(
    row: HistoryEntry,
    data: dict[str, Any],
    sources: Sources,
    who: str,
    key: str,
    number: int,
    zone: ZoneInfo,
) -> dict[str, str]:
    """What a row's words need and its own data don't hold."""
    payment, detail = sources.row, sources.detail
    mail = sources.mails.get(row.subject or "")
    delivery = sources.deliveries.get(row.subject or "")
    until = when(data.get("due_by"), zone) if data.get("due_by") else None
    card = f"with {detail.card}" if detail.card else ""
    return {
        "who": who,
        "asked": money(payment.amount, payment.currency) or "money",
        "paid": money(payment.paid, payment.currency),
        "how": "; ".join(filter(None, (card, _how(key, sources.history[:number])))),
        "why": _why(sources),
        "read": detail.buyer_read or "",
        "mail": mail_name(mail) if mail else "A mail",
        "to": mail.recipient if mail else delivery[1] if delivery else "",
        "answer_by": f". Answer by {until.text}" if until else "",
        "text": str(data.get("text") or ""),
    }


def _why(sources: Sources) -> str:
    said = str(sources.row.error_message or "")
    return without_payment_methods(": ".join(filter(None, (sources.detail.reason, said))))


def _how(key: str, before: list[HistoryEntry]) -> str:
    """How it was learned, where not by the answer to our own call."""
    if ":evt_" in key:
        answered = any(row.what == "stripe.confirm" for row in before)
        return f"Stripe's event said so{'' if answered else ' before our own call was answered'}"
    return "Stripe said so when it was asked again" if key.startswith(("look_up", "check")) else ""
