"""Small faults, put into the product one at a time, each of which a test should notice.

`python -m mutate` takes a hundred of them at random, the same ones each time, and prints those that
no test noticed. Which tests run a line is recorded once, with coverage.py.

mutmut and cosmic-ray were weighed: neither drops a single condition of a query, chooses by a seed
that holds while other code changes, or runs two copies on parts of their own.
"""
