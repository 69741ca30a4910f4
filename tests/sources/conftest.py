import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from http_bodies import RefusedBy
from loopback_server import LoopbackServer

from dataset_tools.errors import InputError
from dataset_tools.sources import fetch


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing of this machine's network settings."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    folder = tmp_path / "cache"
    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset_tools.sources.attempts.FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted_authority(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[LoopbackServer]:
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(certificate)
    server = LoopbackServer(certificate)
    yield server
    server.stop()


@pytest.fixture
def message_for(cache: Path) -> RefusedBy:
    """Fetch what must fail; returns the message, which is checked for what all have in common."""

    def refuse(location: str) -> str:
        with pytest.raises(InputError) as caught:
            fetch(location)
        message = str(caught.value)
        assert "\n" not in message
        assert "secret" not in message
        left = {path.name for path in cache.rglob("*") if path.is_file()}
        assert left <= {"lock", "download.part", "part.json"}
        return message

    return refuse
