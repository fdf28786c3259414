"""Why the demo does not start."""


class Refusal(Exception):
    """One clear sentence for the person at the terminal."""
