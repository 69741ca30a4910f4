"""Fixtures and settings for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from loopback_server import LoopbackServer

# no test fails for being slow: machines differ, and speed has its place in benchmarks/
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    server = LoopbackServer()
    yield server
    server.stop()
