"""A night: buyers pay all the while, six faults come in turn, and whoever is on call reads mails.

`python -m chaos.night [--scale S]`. The site is that of `chaos`, with a standby of its database, a
small disk, and releases that are replaced as a deployment replaces them.
"""
