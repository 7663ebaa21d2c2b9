"""How properties are searched (the same examples each time, or many in a soak), and options."""

import pytest
from hypothesis import settings

# A test that fails on one machine must fail on all: no random examples and no deadline.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=2000, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write what the runs of tests/golden come to now, instead of comparing with it",
    )
