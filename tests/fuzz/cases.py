"""How many odd requests are tried, and how."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROPERTIES = 12

# Shared by the properties. `make fuzz` tries others each time; the tests try the same ones.
CASES = int(os.environ.get("FUZZ_CASES", "2000"))

fuzzed = settings(
    max_examples=-(-CASES // PROPERTIES),
    derandomize="FUZZ_CASES" not in os.environ,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    # One app for all examples of a property: what must not change is compared after each.
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
)
