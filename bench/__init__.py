"""Measurements that a person runs: `python -m bench.queues`."""
