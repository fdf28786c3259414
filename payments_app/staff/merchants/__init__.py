"""staff.merchants: merchants, their onboarding, and what a sale left on both sides.

Owns:       no table.
Imports:    staff.
Publishes:  nothing.
Subscribes: nothing.
"""
