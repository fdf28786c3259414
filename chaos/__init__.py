"""The fault laboratory: buyers pay while everything around them breaks, and the books must agree.

It drives the product from outside, as processes on private parts, and reads the results from its
database and from the Stripe sandbox. It imports nothing from `payments_app`.
"""
