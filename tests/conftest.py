"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
from loopback_server import LoopbackServer


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    server = LoopbackServer()
    yield server
    server.stop()
