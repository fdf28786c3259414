"""core.jobs: messages in the database that jobs carry out, each until its effect has committed.

Owns:       the outbox, leases, the runner, wake-ups by RQ, the worker, the scheduler, job counters.
Imports:    core, core.db.
Publishes:  nothing.
Subscribes: nothing.
"""
