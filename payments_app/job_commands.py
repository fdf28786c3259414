"""All commands of jobs on one page: what each runs, in which queue, and how it is tried again.

Messages store the names on the left, never a path of the code: a release may move a function.
"""

from __future__ import annotations

from payments_app.core.jobs.command import ASKING, BATCH, DAY, SECOND, Command, Policy
from payments_app.core.jobs.outbox import SWEEPER
from payments_app.core.jobs.scheduler import without_subject
from payments_app.customers import billed_at_stripe, gone_at_stripe, look_again
from payments_app.customers.ask_for_link import MAIL_LINK
from payments_app.customers.cards import MAIL_REMOVED, TAKEN_OFF
from payments_app.customers.detach import DETACH, detach
from payments_app.customers.on_payment import on_payment as customer_on_payment
from payments_app.downloads.on_payment import MAIL as MAIL_DOWNLOAD
from payments_app.downloads.on_payment import on_payment as download_on_payment
from payments_app.inbound.fetch_missed import fetch_missed
from payments_app.inbound.process import process
from payments_app.keeping.erase import CARRY_OUT, erase_due, run_carry_out
from payments_app.keeping.erase_at_stripe import ERASE_AT_STRIPE, erase_at_stripe
from payments_app.ledger.post import post_capture
from payments_app.ledger.post_connect import post_connect
from payments_app.ledger.post_dispute import post_dispute
from payments_app.ledger.post_fee import post_fee
from payments_app.ledger.post_refund import post_refund
from payments_app.merchants.create_account import CREATE, create_account
from payments_app.merchants.make_link import MAKE_LINK, make_link
from payments_app.merchants.read_again import READ_DUE, read_due_accounts
from payments_app.merchants.refresh_account import REFRESH, refresh_account
from payments_app.notices import endpoint_health, mails, webhook_retries
from payments_app.notices.account import write_account_link
from payments_app.notices.announce import (
    DELIVER,
    announce_consent,
    announce_payment,
    announce_refund,
)
from payments_app.notices.deliver import deliver, mark_delivery_dead
from payments_app.notices.downloads import write_download
from payments_app.notices.receipts import write_failure_notice, write_receipt
from payments_app.notices.refunds import write_lost_dispute, write_refund
from payments_app.notices.saved_cards import write_card_expires, write_card_removed
from payments_app.notices.subscriptions import (
    write_changed,
    write_dunning,
    write_ended,
    write_trial_ending,
)
from payments_app.ops import notice_end, tell
from payments_app.ops.card_testing import look_for_card_testing
from payments_app.ops.clean_up import clean_up
from payments_app.ops.remind import remind
from payments_app.ops.stripe_doctor import COMMAND as STRIPE_DOCTOR
from payments_app.ops.stripe_doctor import run as run_stripe_doctor
from payments_app.ops.watch import watch
from payments_app.orders.fulfil import fulfil
from payments_app.orders.large_holds import end_grown_holds, end_large_hold
from payments_app.orders.on_dispute import on_dispute as order_on_dispute
from payments_app.orders.on_payment import on_payment
from payments_app.payment_requests import end_consents
from payments_app.payments.connect.read import (
    READ_BY_CHARGE,
    READ_BY_REFUND,
    read_records,
    read_records_of_charge,
    read_records_of_refund,
)
from payments_app.payments.connect.records import READ
from payments_app.payments.disputes import deadlines, send_answer, short
from payments_app.payments.disputes.answer import ACCEPT, KEEP_DRAFT, SUBMIT
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.disputes.warn import warn
from payments_app.payments.refunds.look_up import look_up as look_up_refund
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.payments.refunds.send import send as send_refund
from payments_app.payments.retries.charge import retry
from payments_app.payments.transactions.charge import charge
from payments_app.payments.transactions.expire import expire_action
from payments_app.payments.transactions.look_up import check, look_up
from payments_app.payments.transactions.recover import recover
from payments_app.payments.unmatched import MATCH, match
from payments_app.reconcile.fix import run_fix
from payments_app.reconcile.read_payout import READ as READ_PAYOUT
from payments_app.reconcile.read_payout import read as read_payout
from payments_app.reconcile.revive import revive
from payments_app.reconcile.rounds import run_compare, stage_rounds_now
from payments_app.settlement import close, open_batch, settle
from payments_app.staff.reports.aggregate import aggregate as aggregate_reports
from payments_app.subscriptions import dunning, renew
from payments_app.subscriptions.on_dispute import on_dispute as subscription_on_dispute
from payments_app.subscriptions.on_payment import on_payment as subscription_on_payment
from payments_app.subscriptions.on_payment import on_refund as subscription_on_refund
from payments_app.subscriptions.tell import MAIL_CHANGED

# A refund at a bank may take this long; https://docs.stripe.com/refunds
REFUND_SECONDS = 30 * DAY


UNTIL_KNOWN = "an outcome is asked for until Stripe says it; a person is told after a day"


COMMANDS = {
    "alerts.mail": Command(tell.mail, SWEEPER, unending=tell.UNENDING, while_restoring=True),
    "alerts.webhook": Command(tell.webhook, SWEEPER, unending=tell.UNENDING, while_restoring=True),
    "ops.watch": Command(without_subject(watch), SWEEPER, unique_while_open=True),
    notice_end.COMMAND: Command(
        notice_end.notice_end, SWEEPER, unique_while_open=True, unending=notice_end.UNENDING
    ),
    "ops.remind": Command(without_subject(remind), SWEEPER, unique_while_open=True),
    "ops.card_testing": Command(
        without_subject(look_for_card_testing), SWEEPER, unique_while_open=True
    ),
    STRIPE_DOCTOR: Command(run_stripe_doctor, "default", unique_while_open=True, turn=SECOND),
    "ops.clean_up": Command(without_subject(clean_up), "default", unique_while_open=True),
    "keeping.erase_due": Command(without_subject(erase_due), "default", unique_while_open=True),
    CARRY_OUT: Command(run_carry_out, "default", unique_while_open=True),
    ERASE_AT_STRIPE: Command(erase_at_stripe, "default", turn=SECOND),
    "charge": Command(charge, "charges"),
    "look_up": Command(look_up, "charges", unending=UNTIL_KNOWN, turn=SECOND),
    "check": Command(check, "charges", turn=SECOND),
    "expire_action": Command(expire_action, "charges", turn=SECOND),
    "ledger.post_capture": Command(post_capture, "payment_critical", unique_while_open=True),
    "ledger.post_fee": Command(
        post_fee, "payment_critical", unique_while_open=True, deadline=3 * DAY, turn=SECOND
    ),
    "ledger.post_connect": Command(post_connect, "payment_critical", deadline=REFUND_SECONDS),
    "ledger.post_refund": Command(post_refund, "payment_critical"),
    "ledger.post_dispute": Command(post_dispute, "payment_critical"),
    "disputes.refresh": Command(refresh_disputes, "payment_critical", turn=SECOND),
    "disputes.warn": Command(warn, "payment_critical", turn=SECOND),
    KEEP_DRAFT: Command(send_answer.keep_draft, "default", turn=SECOND),
    SUBMIT: Command(send_answer.submit, "payment_critical", turn=ASKING),
    ACCEPT: Command(send_answer.accept, "payment_critical", turn=ASKING),
    deadlines.COMMAND: Command(
        without_subject(deadlines.tell_of_deadlines), SWEEPER, unique_while_open=True
    ),
    short.COMMAND: Command(without_subject(short.look_for_money), SWEEPER, unique_while_open=True),
    "retry": Command(retry, "charges", turn=BATCH),
    "refunds.send": Command(send_refund, "payment_critical", turn=ASKING),
    "refunds.look_up": Command(
        look_up_refund, "payment_critical", unending=UNTIL_KNOWN, turn=SECOND
    ),
    "refunds.refresh": Command(refresh_refunds, "payment_critical", turn=SECOND),
    MATCH: Command(without_subject(match), "payment_critical", unique_while_open=True),
    CREATE: Command(create_account, "default"),
    MAKE_LINK: Command(make_link, "default", unique_while_open=True),
    REFRESH: Command(refresh_account, "default", turn=SECOND),
    READ_DUE: Command(without_subject(read_due_accounts), "default", unique_while_open=True),
    READ: Command(read_records, "payment_critical", turn=SECOND),
    READ_BY_CHARGE: Command(read_records_of_charge, "payment_critical", turn=SECOND),
    READ_BY_REFUND: Command(read_records_of_refund, "payment_critical", turn=SECOND),
    "reconcile.stage_rounds": Command(
        without_subject(stage_rounds_now), SWEEPER, unique_while_open=True
    ),
    "reconcile.revive": Command(without_subject(revive), SWEEPER, unique_while_open=True),
    "reconcile.compare": Command(run_compare, "default", turn=SECOND),
    READ_PAYOUT: Command(read_payout, "default", turn=SECOND),
    "reconcile.fix": Command(run_fix, "default", deadline=3600.0, turn=ASKING),
    "stripe.recovered": Command(recover, "charges"),
    "inbound.fetch_missed": Command(
        without_subject(fetch_missed),
        "default",
        Policy((60, 120)),
        unique_while_open=True,
        turn=SECOND,
    ),
    "inbound.process": Command(process, "payment_critical", turn=SECOND),
    "notices.receipt": Command(write_receipt, "payment_standard"),
    "notices.payment_failed": Command(write_failure_notice, "payment_standard"),
    "notices.refund": Command(write_refund, "payment_standard"),
    "notices.dispute_lost": Command(write_lost_dispute, "payment_standard"),
    mails.SEND: Command(
        mails.send_mail, "mailers", mails.POLICY, on_dead_letter=mails.mark_mail_dead, turn=SECOND
    ),
    mails.SEND_LINK: Command(
        mails.send_mail, "mailers", mails.POLICY, on_dead_letter=mails.mark_mail_dead
    ),
    "notices.announce_payment": Command(announce_payment, "payment_standard"),
    "notices.announce_refund": Command(announce_refund, "payment_standard"),
    end_consents.ANNOUNCE: Command(announce_consent, "payment_standard"),
    "settlement.capture": Command(settle.settle_capture, "payment_critical"),
    "settlement.posted": Command(settle.settle_posted, "payment_critical"),
    "settlement.missing": Command(settle.settle_missing, "payment_critical"),
    "settlement.refund": Command(settle.settle_refund, "payment_critical"),
    "settlement.dispute": Command(settle.settle_dispute, "payment_critical"),
    open_batch.CLOSE: Command(
        close.close_batch, "payment_critical", close.POLICY, deadline=3 * DAY
    ),
    DELIVER: Command(
        deliver,
        "webhooks",
        webhook_retries.POLICY,
        on_dead_letter=mark_delivery_dead,
        deadline=endpoint_health.SWITCH_OFF_SECONDS,
    ),
    "reports.aggregate": Command(
        without_subject(aggregate_reports), "reports", unique_while_open=True
    ),
    "customers.on_payment": Command(customer_on_payment, "payment_standard"),
    look_again.READ_CARD: Command(
        gone_at_stripe.read_card,
        "payment_standard",
        unending=gone_at_stripe.UNENDING,
        turn=SECOND,
    ),
    look_again.READ_CUSTOMER: Command(
        gone_at_stripe.read_customer,
        "payment_standard",
        unending=gone_at_stripe.UNENDING,
        turn=SECOND,
    ),
    DETACH: Command(detach, "default", turn=SECOND),
    billed_at_stripe.SUBSCRIBED: Command(billed_at_stripe.subscribed, "payment_standard"),
    billed_at_stripe.INVOICE_FAILED: Command(billed_at_stripe.invoice_failed, "payment_standard"),
    MAIL_LINK: Command(write_account_link, "payment_standard"),
    "downloads.on_payment": Command(download_on_payment, "payment_standard"),
    MAIL_DOWNLOAD: Command(write_download, "payment_standard"),
    "subscriptions.on_payment": Command(subscription_on_payment, "payment_standard"),
    "subscriptions.on_refund": Command(subscription_on_refund, "payment_critical"),
    "subscriptions.on_dispute": Command(subscription_on_dispute, "payment_critical"),
    renew.SWEEP: Command(without_subject(renew.sweep), "default", unique_while_open=True),
    renew.ADVANCE: Command(renew.run_advance, "payment_critical", unique_while_open=True),
    renew.MAIL_TRIAL: Command(write_trial_ending, "payment_standard"),
    dunning.MAIL: Command(write_dunning, "payment_standard"),
    dunning.MAIL_ENDED: Command(write_ended, "payment_standard"),
    MAIL_CHANGED: Command(write_changed, "payment_standard"),
    MAIL_REMOVED: Command(write_card_removed, "payment_standard"),
    renew.MAIL_EXPIRES: Command(write_card_expires, "payment_standard"),
    "payment_requests.on_decline": Command(end_consents.on_decline, "payment_critical"),
    "payment_requests.on_dispute": Command(end_consents.on_dispute, "payment_critical"),
    TAKEN_OFF: Command(end_consents.on_card_taken_off, "payment_standard"),
    "orders.on_payment": Command(on_payment, "payment_standard"),
    "orders.end_large_hold": Command(end_large_hold, "charges", turn=SECOND),
    "orders.end_grown_holds": Command(
        without_subject(end_grown_holds), "default", unique_while_open=True
    ),
    "orders.on_dispute": Command(order_on_dispute, "payment_standard"),
    "orders.fulfil": Command(fulfil, "payment_standard", deadline=REFUND_SECONDS),
}
