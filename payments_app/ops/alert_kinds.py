"""Every kind of alert that the code can raise: what it means, what to do, where its object is
shown, and whether it closes by itself. `docs/operations.md`, the runbook, has a row of each; a test
holds code, table and runbook together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

PAYMENT = "payment"  # of `transaction_id` in its data
PAGES = {  # words and endpoint
    "alerts": ("Alerts", "ops.alerts"),
    "api keys": ("API keys", "staff.api_key_list"),
    "disputes": ("Disputes", "staff.disputes"),
    "merchants": ("Merchants", "staff.merchant_list"),
    "queues": ("Queues", "ops.queues"),
    "reconciliation": ("Reconciliation", "staff.findings"),
    "stripe": ("Stripe", "ops.stripe"),
    "payments": ("Payments", "staff.payment_list"),
    "dead letter": ("Dead letter", "ops.dead_letter"),
}


@dataclass(frozen=True)
class Kind:
    """`about` is PAYMENT or one of PAGES; `closes` is empty where a person acknowledges it."""

    meaning: str
    next_step: str
    about: str
    closes: str = ""

    def row(self, name: str) -> str:
        """Of the runbook."""
        closes = self.closes or "when acknowledged"
        return f"| `{name}` | {self.meaning} | {self.next_step} | {closes} |"

    @property
    def plain_step(self) -> str:
        """What to do, for those who read it without the runbook's marks and links."""
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r'the page "\1" of the docs', self.next_step)
        return words.replace("`", "")


def object_of(kind: str, key: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Words and path of the page of what an alert is about; None for a kind that an older release
    or another application raised."""
    if transaction_id := data.get("transaction_id"):
        return "The payment", object_path("staff.payment", transaction_id=transaction_id)
    page = PAGES.get(KINDS[kind].about) if kind in KINDS else None
    if page is None:
        return None
    words, endpoint = page
    named = {"message_id": key.partition(":")[2]} if kind == "dead_letter" else {}
    return words, object_path(endpoint, **named)


def object_path(endpoint: str, **values: Any) -> str:
    """Of a page of ours, also outside of a request."""
    path: str = current_app.url_map.bind("").build(endpoint, values)
    return path


_ENDED = "when the payment's outcome is known"
_MERCHANT = "Look at `/staff/merchants`, and ask the merchant to open its onboarding page."
_TWICE = "Look whether two payments are for one thing; refund one if so."

KINDS = {
    "account_unreadable": Kind(
        "Stripe does not let us read a merchant's account; nothing was changed",
        "Look whether the merchant disconnected us. " + _MERCHANT,
        "merchants",
        "when the account was read since",
    ),
    "another_price": Kind(
        "a payment made at Stripe has another amount than the price of its download",
        "Send the file by hand, or refund the payment.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "api_keys_known": Kind(
        "a member who may sign in no more, or is no administrator any more, was shown the secret of"
        " API keys that are good",
        "Give each a new secret at `/staff/api-keys` and bring it to its application, or revoke"
        " it.",
        "api keys",
    ),
    "breaker_open": Kind(
        "Stripe does not answer, or takes no files, or tells nothing of accounts: what waits for it"
        " goes on by itself",
        "Look at status.stripe.com and at this machine's network. Nobody is charged twice.",
        "stripe",
        "when Stripe answers",
    ),
    "card_testing": Kind(
        "over 30 % of at least 20 payments in 15 minutes were declined: somebody may be trying"
        " stolen cards",
        "Set `CHECKOUT_CHALLENGE=always`, lower `CHECKOUT_RATE_LIMIT` and restart the web"
        " processes; see [security](security.md#card-testing).",
        "payments",
        "half an hour after the last sign of it",
    ),
    "corrected": Kind(
        "a payment or refund that had ended otherwise turned out to have succeeded",
        "Tell the customer. " + _TWICE,
        PAYMENT,
    ),
    "credit_not_refunded": Kind(
        "a subscription ended with a credit that no payment of it can be refunded for",
        "Give it back in another way.",
        "payments",
    ),
    "database_away": Kind(
        "the database does not answer, or stores nothing: nobody can pay until it does",
        "Mend it: look at its server, its disk and the network. What was promised is there; the"
        " sweeper tells this by itself, from `ALERT_FILE`.",
        "queues",
        "when the database stores again",
    ),
    "dead_letter": Kind(
        "a message failed for good, or its worker died five times",
        "Read its error, mend the cause, then retry or discard the message.",
        "dead letter",
        "when the message is retried or discarded",
    ),
    "differs": Kind(
        "a process was built from another application or release than the newest, or with other"
        " settings: it may not know what is paid for, or writes links that lead nowhere",
        "Start it again as the others; `flask --app wsgi doctor` names it.",
        "queues",
        "when all are built alike",
    ),
    "dispute": Kind(
        "a customer's bank takes money back",
        "Answer it at `/staff/disputes` before the date it names.",
        PAYMENT,
        "when nothing can be handed in any more",
    ),
    "dispute_answer_refused": Kind(
        "Stripe refused an answer to a dispute: nothing was submitted",
        "Read Stripe's words on the dispute's page, correct the answer, and submit it again.",
        PAYMENT,
        "when an answer was submitted",
    ),
    "dispute_due": Kind(
        "a dispute has no answer, and its time is nearly over, or is",
        "Answer it at `/staff/disputes`, or accept that the money is gone.",
        PAYMENT,
        "when it is answered or decided",
    ),
    "early_fraud_warning": Kind(
        "the card's bank says that a payment was fraud",
        "Refund it if you can't prove the sale: a dispute would cost its fee as well.",
        PAYMENT,
        "when it is refunded, or disputed",
    ),
    "forgetting_stopped": Kind(
        "Stripe says that the cards of more than five customers within an hour are gone",
        "Check the key first; then look at such a card at Stripe. Acknowledge the alert where they"
        " are gone indeed: the rest is read and marked.",
        "stripe",
    ),
    "late": Kind(
        "messages of a queue wait too long",
        "Is its worker running? Where all its threads are busy, add a worker.",
        "queues",
        "when the queue is in time again",
    ),
    "merchant_left": Kind(
        "a merchant disconnected its account, or Stripe closed it",
        _MERCHANT,
        "merchants",
        "when the account is connected again",
    ),
    "merchant_refused": Kind(
        "Stripe refused to make a merchant's account",
        'What Stripe said is in the alert: of "Accounts v1" or "Accounts v2", set'
        ' `STRIPE_ACCOUNTS_API` or enable the one in Stripe\'s Dashboard; then "Try again" at'
        " `/staff/merchants`.",
        "merchants",
        "when it is tried again",
    ),
    "merchant_waits": Kind(
        "Stripe could not be asked for a merchant's account; it is asked again",
        "What Stripe said is in the alert; set `STRIPE_ACCOUNTS_API` if it names a version.",
        "merchants",
        "when no account waits",
    ),
    "mismatch": Kind(
        "Stripe's intent or refund has another amount than ours, or does not say what was received",
        "Stop and compare in Stripe's Dashboard: nothing is settled from it.",
        PAYMENT,
    ),
    "no_link": Kind(
        "a merchant asked for its link to Stripe's form, and none could be made",
        _MERCHANT,
        "merchants",
        "when the account may take payments",
    ),
    "not_compared": Kind(
        "a window of the books could not be compared with Stripe's for an hour",
        "Nothing is lost: the next days' comparisons hold it. `flask --app wsgi reconcile run`"
        " makes one now.",
        "reconciliation",
        "a day later: by then it was compared, or is told again",
    ),
    "odd_payment": Kind(
        'a payment\'s row holds what no page can read; it is shown, with "⚠ unreadable" in some'
        " cells",
        "Look at the payment at Stripe, and tell the developers.",
        PAYMENT,
    ),
    "other_stripe_account": Kind(
        "STRIPE_SECRET_KEY is of another account or mode than this database: nothing that talks to"
        " Stripe starts (`OtherAccountError`)",
        "Set the key of the account that the alert names; another account needs another database.",
        "stripe",
        "when a process starts with the right key",
    ),
    "outcome_unknown": Kind(
        "a payment or refund has been unclear for a day",
        "Open it at Stripe; what Stripe says is taken over at the next look-up.",
        PAYMENT,
        _ENDED,
    ),
    "oversold": Kind(
        "an order was paid after its goods were released, and they are gone",
        "Deliver what you can, or refund the order.",
        "payments",
    ),
    "paid_after_end": Kind(
        "a subscription had ended when a payment of it succeeded",
        "Refund it if the customer has no use of it.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "paid_in_part": Kind(
        "less was captured than it costs; nothing was handed over, and nobody is charged for the"
        " rest",
        "What to do is in the alert: hand it over, ask for the rest by a payment link, or refund"
        " what was captured.",
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "paid_twice": Kind(
        "a payment that had ended succeeded, and another is live for the same thing",
        _TWICE,
        PAYMENT,
        "when the payment is refunded whole",
    ),
    "reconciliation": Kind(
        'our books and Stripe\'s differ; "... findings are open" means more than five of one kind',
        "`flask --app wsgi reconcile list`; after a restore, `flask --app wsgi restore`.",
        "reconciliation",
        "when the finding is resolved",
    ),
    "redis": Kind(
        "a Redis is away, full, or may evict or forget jobs; payments are safe meanwhile",
        "Start it, give it memory, or set `maxmemory-policy noeviction` and `appendonly yes`.",
        "queues",
        "when it is as it should be",
    ),
    "refund_failed": Kind(
        "the customer's bank sent a refund back, maybe weeks later",
        'Refund it again, or give the money back in another way and say "Done" on the overview.',
        PAYMENT,
        "with the next refund",
    ),
    "refund_never_paid": Kind(
        "Stripe has a refund of a payment that was never paid here",
        "Look at both in Stripe's Dashboard.",
        PAYMENT,
    ),
    "refund_outside": Kind(
        "a refund was made at Stripe while refunds of ours were under way",
        "Look whether the customer got more than was meant.",
        PAYMENT,
    ),
    "refund_refused": Kind(
        "Stripe refused a refund, and no money was given back",
        "Read Stripe's words; refund it again or in another way.",
        PAYMENT,
        "when nobody has to make it again",
    ),
    "refund_waits": Kind(
        "refunds wait for Stripe",
        "Read Stripe's words: add to the balance at Stripe, or correct the key.",
        "stripe",
        "when no refund waits to be sent",
    ),
    "refused_job": Kind(
        "somebody put a job that is not ours into the Redis for jobs; it was not run",
        "Find out who can write there, and change its passwords.",
        "queues",
    ),
    "restored": Kind(
        "the database was restored from a backup and does not know what Stripe knows; every form"
        " answers 503 `restoring`",
        "`flask --app wsgi restore`, see [deploy](deploy.md#backup-and-restore).",
        "reconciliation",
        "when the shop is open again",
    ),
    "revived": Kind(
        "something was unfinished with nothing scheduled; it is due again",
        "Nothing, if it was once. Often: tell the developers.",
        "queues",
        "a day after the last",
    ),
    "seller_refused": Kind(
        "Stripe refuses payments for a merchant; no buyer was charged",
        _MERCHANT,
        PAYMENT,
        "when the account may take payments",
    ),
    "stripe_doctor": Kind(
        "our account at Stripe is not as the product needs it: a destination that is missing,"
        " disabled or of another version, a key, the clock",
        "Do what the line says; `flask --app wsgi stripe setup` adds what is missing,"
        " `flask --app wsgi stripe doctor` looks again.",
        "stripe",
        "when the job finds all well",
    ),
    "stripe_key_refused": Kind(
        "Stripe refuses STRIPE_SECRET_KEY; one of its fallbacks is in use",
        "Set a key that Stripe takes, restart; take the old ones out of"
        " STRIPE_SECRET_KEY_FALLBACKS.",
        "stripe",
        "half an hour after the last refusal",
    ),
    "stripe_misconfigured": Kind(
        "Stripe refuses our key, or requests by a mistake of ours (a wrong setting or parameter, an"
        " account that may not charge)",
        "Correct it (keys of one account, the account's state, the release) and restart; what waits"
        " goes on by itself, a refused request for fifteen minutes at most.",
        "stripe",
        "when its payment ended, or any payment succeeded since",
    ),
    "stripe_slow": Kind(
        "Stripe is slow, refuses us or answers with errors, and payments wait for it",
        "Nothing, if status.stripe.com says so: all of it goes on by itself. Else look at what"
        " Stripe says in the alert.",
        "stripe",
        "when Stripe answers in time",
    ),
    "stripe_unread": Kind(
        "whether a saved card or its customer is gone can't be read at Stripe",
        "Read Stripe's words; it is asked again each minute, and stays as it is until then.",
        "stripe",
        "half an hour after the last refusal",
    ),
    "stripe_unreachable": Kind(
        "Stripe can't be reached for long: payments wait for it",
        "Look at this machine's network and at status.stripe.com.",
        "stripe",
        "when a payment succeeded since",
    ),
    "stripe_word": Kind(
        "Stripe says a word that we do not know; it decided nothing",
        "Look it up in Stripe's Dashboard, and tell the developers.",
        "stripe",
    ),
    "unknown_command": Kind(
        "a message waits for a process that knows its command: an older release runs, or the"
        " application that added it has no worker",
        "Start a worker of that queue from the release or application that knows it. Never discard"
        " it while something that was paid for waits on it.",
        "queues",
        "when no such message waits",
    ),
    "unknown_kind": Kind(
        "a payment is for a kind of thing that a worker does not know; it is not charged",
        "Start a worker of charges from the release or application that knows it.",
        PAYMENT,
        _ENDED,
    ),
    "unknown_zone": Kind(
        "a merchant's time zone is none that this machine knows; its days are settled in"
        " `BUSINESS_TIMEZONE`",
        "Correct `timezone` of the merchant's row, or install the zone (`tzdata`).",
        "merchants",
    ),
    "unmatched": Kind(
        "a refund or dispute at Stripe is about no payment that is known here",
        "Deal with it in Stripe's Dashboard; if its payment is ours, let Stripe send that payment's"
        " event again.",
        "disputes",
        "when its payment is here",
    ),
    "webhook_quarantined": Kind(
        "an event of Stripe's was set aside, and nothing was moved",
        "Read why; compare the payment with Stripe's Dashboard.",
        "stripe",
    ),
    "webhook_waiting": Kind(
        "an event of Stripe's can't be worked on yet",
        "Nothing, if it is worked on within the hour; else look at the queues.",
        "queues",
        "when no event waits",
    ),
}
