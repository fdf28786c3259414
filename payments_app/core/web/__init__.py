"""core.web: HTTP as every package speaks it.

Owns:       problems, headers, access rules, idempotency keys, rate limits, caching, static files,
            signed links.
Imports:    core, core.db.
Publishes:  nothing.
Subscribes: nothing.
"""
