"""core.web: HTTP as every package speaks it.

Owns:       problems, headers, access rules, idempotency keys, rate limits, caching, static files,
            the shop's logo and colour, signed links, links that sign in once, sessions.
Imports:    config_checks, core, core.db, core.jobs.
Publishes:  nothing.
Subscribes: nothing.
"""
