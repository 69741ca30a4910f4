"""The object stores that the tests read from: servers that speak the protocol of each."""

import contextlib
import logging
import socket
import warnings
from collections.abc import Iterator

import pytest
import requests
from loopback_azure import LoopbackAzure

BUCKET = "bucket"


class S3Store:
    """moto's server, over HTTP."""

    scheme = "s3"

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from moto.server import ThreadedMotoServer

        self.log: list[str] = []
        logger = logging.getLogger("werkzeug")
        logger.handlers = [_ListHandler(self.log)]
        logger.setLevel(logging.INFO)
        logger.propagate = False
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.clear()

    def clear(self) -> None:
        self.check_credentials(False)
        requests.post(f"{self.url}/moto-api/reset").raise_for_status()
        requests.put(f"{self.url}/{BUCKET}", auth=_signed).raise_for_status()
        self.log.clear()

    def put(self, name: str, body: bytes, *, access: str = "private") -> None:
        answer = requests.put(
            f"{self.url}/{BUCKET}/{name}", data=body, auth=_signed, headers={"x-amz-acl": access}
        )
        answer.raise_for_status()

    def check_credentials(self, on: bool) -> None:
        """Whether to look at who asks."""
        free = "0" if on else "inf"
        requests.post(f"{self.url}/moto-api/reset-auth", data=free).raise_for_status()

    def use(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("AWS_ENDPOINT_URL", self.url)
        environment.setenv("AWS_ACCESS_KEY_ID", "id")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def stop(self) -> None:
        self._server.stop()


class GoogleStore:
    """gcp-storage-emulator, over HTTP."""

    scheme = "gs"

    def __init__(self) -> None:
        from gcp_storage_emulator.server import create_server

        logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._server = create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
        self._server.start()

    def clear(self) -> None:
        requests.get(f"{self.url}/wipe?keep-buckets=true").raise_for_status()

    def put(self, name: str, body: bytes) -> None:
        address = f"{self.url}/upload/storage/v1/b/{BUCKET}/o"
        # as a resumable upload, since the emulator takes no empty body in one request
        begun = requests.post(
            address, params={"uploadType": "resumable", "name": name}, json={"name": name}
        )
        begun.raise_for_status()
        requests.put(begun.headers["Location"], data=body).raise_for_status()

    def use(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("STORAGE_EMULATOR_HOST", self.url)

    def stop(self) -> None:
        self._server.stop()


class AzureStore:
    """Our own server, which answers as Azure's reference says."""

    scheme = "az"

    def __init__(self) -> None:
        self.server = LoopbackAzure()
        self.clear()

    def clear(self) -> None:
        self.server.containers = {BUCKET: {}}

    def put(self, name: str, body: bytes) -> None:
        self.server.put(BUCKET, name, body)

    def use(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("AZURE_STORAGE_CONNECTION_STRING", self.server.connection_string())

    def stop(self) -> None:
        self.server.stop()


Store = S3Store | GoogleStore | AzureStore


@contextlib.contextmanager
def running(kind: type[Store]) -> Iterator[Store]:
    store = kind()
    try:
        yield store
    finally:
        store.stop()


class _ListHandler(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # moto tells by the region in it where a request belongs
    scope = "id/20200101/us-east-1/s3/aws4_request"
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}"
    return request
