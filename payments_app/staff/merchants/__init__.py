"""staff.merchants: merchants, their onboarding, and what a sale left on both sides.

Owns:       no table.
Imports:    accounts, core, merchants, payments, staff.
Publishes:  nothing.
Subscribes: nothing.
"""
