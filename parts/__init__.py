"""Private real parts on free ports: PostgreSQL, Redis, the Stripe sandbox, the app itself.

The tests, the demo, the benchmark and the chaos campaign start the same ones.
"""
