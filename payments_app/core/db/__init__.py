"""core.db: the database session, and what every table is made of.

Owns:       the session and its transactions, column types, the database's clock, ids.
Imports:    core, core.jobs.
Publishes:  nothing.
Subscribes: nothing.
"""
