"""The campaign's clock: what time would do to the rows, done now, from outside the product."""

from __future__ import annotations

UNCONFIRMED_SECONDS = 31 * 60  # after which an abandoned bank's check is over
GRACE_SECONDS = 16 * 60  # after which a business day is closed

LEASES_LOST = """
    UPDATE pay_outbox SET leased_until = clock_timestamp()
    WHERE leased_until > clock_timestamp() AND claims < 3
"""
CHARGES_RUNNING = """
    SELECT 1 FROM pay_outbox WHERE queue = 'charges' AND leased_until > clock_timestamp() LIMIT 1
"""
NOTICES_DUE = """
    UPDATE pay_outbox SET available_at = clock_timestamp()
    WHERE command = 'notices.payment_failed' AND done_at IS NULL AND dead_at IS NULL
"""
# Half an hour goes by for buyers who left the bank's check.
CHECKS_ABANDONED = (
    f"""
    UPDATE pay_transactions SET phase_at = phase_at - interval '{UNCONFIRMED_SECONDS} seconds',
                            created_at = created_at - interval '{UNCONFIRMED_SECONDS} seconds'
    WHERE phase = 'requires_action'
    """,  # noqa: S608 - a constant of ours
    """
    UPDATE pay_outbox SET available_at = clock_timestamp()
    WHERE command = 'expire_action' AND done_at IS NULL AND dead_at IS NULL
    """,
)
END_OF_DAY = (
    f"""
    UPDATE pay_settlement_batches
    SET ends_at = clock_timestamp() - interval '{GRACE_SECONDS} seconds',
        starts_at = least(starts_at, clock_timestamp() - interval '1 day')
    WHERE closed_at IS NULL
    """,  # noqa: S608 - a constant of ours
    """
    UPDATE pay_outbox SET available_at = clock_timestamp()
    WHERE command = 'settlement.close' AND done_at IS NULL AND dead_at IS NULL
    """,
)
# A test's finish: waiting is cut short, and so are leases that nobody renews.
HURRY = (
    """
    UPDATE pay_outbox SET available_at = least(available_at, clock_timestamp()),
                      leased_until = CASE WHEN leased_until < clock_timestamp() + interval '15 s'
                                          THEN NULL ELSE leased_until END
    WHERE done_at IS NULL AND dead_at IS NULL AND tries > 0 AND claims < 4
       OR leased_until > clock_timestamp() AND claims < 4
    """,
    "UPDATE pay_breakers SET open_until = clock_timestamp() WHERE open_until > clock_timestamp()",
)
# The waits of what follows a payment, such as a minute for an endpoint that was down; some at a
# time, since all of them at once would only wait for each other.
FOLLOW_UPS_DUE = """
    UPDATE pay_outbox SET available_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM pay_outbox
        WHERE done_at IS NULL AND dead_at IS NULL AND leased_until IS NULL
          AND available_at > clock_timestamp()
          AND queue IN ('payment_critical', 'payment_standard', 'mailers', 'webhooks')
          AND command <> 'settlement.close'
        ORDER BY available_at LIMIT 100
    )
"""
# What is due, leased or put off of the payments and refunds themselves. Deadlines are set long
# ahead, for an abandoned bank's check or goods that are held: nobody waits for those.
_PAYMENTS = """
    SELECT count(*) FROM pay_outbox
    WHERE done_at IS NULL AND dead_at IS NULL
      AND queue IN ('charges', 'payment_critical', 'payment_standard', 'webhooks')
      AND command <> 'notices.deliver_webhook'
      AND (tries > 0 OR leased_until > clock_timestamp()
           OR available_at < clock_timestamp() {soon})
"""
PAYMENTS_BUSY = _PAYMENTS.format(soon="+ interval '10 s'")
PAYMENTS_DUE = _PAYMENTS.format(soon="")  # settlement waits a minute by itself
DUE = """
    SELECT count(*) FROM pay_outbox
    WHERE done_at IS NULL AND dead_at IS NULL AND available_at <= clock_timestamp()
      AND queue IN ('charges', 'payment_critical', 'payment_standard', 'mailers', 'webhooks')
      AND command <> 'notices.deliver_webhook'
"""
ANYTHING_BUSY = """
    SELECT count(*) FROM pay_outbox
    WHERE done_at IS NULL AND dead_at IS NULL AND command <> 'settlement.close'
      AND queue IN ('charges', 'payment_critical', 'payment_standard', 'mailers', 'webhooks')
"""
PAYMENTS_PENDING = """
    SELECT count(*) FROM pay_transactions WHERE state = 'pending' AND phase <> 'requires_action'
"""
ANYTHING_PENDING = "SELECT count(*) FROM pay_transactions WHERE state = 'pending'"
REFUNDS_PENDING = """
    SELECT count(*) FROM pay_refunds WHERE state NOT IN ('succeeded', 'failed', 'canceled')
"""
BATCHES_OPEN = "SELECT count(*) FROM pay_settlement_batches WHERE closed_at IS NULL"
STARTED = """
    SELECT sum(by_job), sum(by_look) FROM pay_job_counters WHERE command = 'charge'
"""
LEFT = """
    SELECT command, count(*) FROM pay_outbox
    WHERE done_at IS NULL AND dead_at IS NULL GROUP BY command ORDER BY command
"""
