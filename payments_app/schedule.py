"""All that happens by the clock, on one page: what, which command does it, how often.

Each period's job is staged once across any number of sweepers. The command's queue, retries and
death are those of `job_commands.py`.
"""

from __future__ import annotations

from payments_app.core.jobs.scheduler import Periodic

MINUTE, HOUR = 60, 3600

SCHEDULE = (
    Periodic("watch", "ops.watch", 15),
    Periodic("revive", "reconcile.revive", 30),
    Periodic("match what was set aside", "payments.match", MINUTE),
    Periodic("fetch missed events", "inbound.fetch_missed", 5 * MINUTE),
    Periodic("aggregate reports", "reports.aggregate", MINUTE),
    Periodic("reconcile", "reconcile.stage_rounds", 5 * MINUTE),
    Periodic("renew subscriptions", "subscriptions.sweep", 5 * MINUTE),
    Periodic("tell of disputes' deadlines", "disputes.tell_of_deadlines", MINUTE),
    Periodic("remind of alerts", "ops.remind", MINUTE),
    Periodic("read accounts again", "merchants.read_due_accounts", 10 * MINUTE),
    Periodic("end holds that became large", "orders.end_grown_holds", MINUTE),
    Periodic("card testing", "ops.card_testing", MINUTE),
    Periodic("look for the money of won disputes", "disputes.look_for_money", HOUR),
    Periodic("clean up", "ops.clean_up", HOUR),
    Periodic("erase customers", "keeping.erase_due", HOUR),
)
