"""The clients of cloud stores: fsspec's, with the credentials that each store's own tools find.

Credentials come from the environment and the files that the stores' command lines write. Where
none are found, access is anonymous, which is enough for public data.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dataset_tools.errors import InputError, MissingExtraError

LOGGERS = (
    "s3fs",
    "gcsfs",
    "adlfs",
    "fsspec",
    "botocore",
    "aiobotocore",
    "aiohttp",
    "azure",
    "google",
    "asyncio",
)
AZURE_FIRST_PAUSE_SECONDS = 1
"""Azure's client waits that long at first, then longer; gcsfs and s3fs have pauses of their own."""
AZURE_ATTEMPTS = 5
_S3_ATTEMPTS = 3
"""Of botocore, for each of the five that s3fs makes itself."""
_CONNECT_TIMEOUT_SECONDS = 10
_READ_TIMEOUT_SECONDS = 60
_FRESH: Mapping[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
"""Nothing is remembered from one look to the next: an object that changed must be noticed."""


@dataclass(frozen=True, slots=True)
class Client:
    """A store's client, and how to read its failures."""

    scheme: str
    filesystem: Any
    anonymous: bool
    credentials: str
    """Where credentials are looked for, for messages."""
    credential_errors: tuple[type[Exception], ...]
    connection_errors: tuple[type[Exception], ...]

    def location(self, path: str) -> str:
        """`path` as the user would write it."""
        return f"{self.scheme}://{path}"


def open_client(scheme: str, name: str) -> Client:
    """Make the client for a location that starts with `scheme` and is shown as `name`.

    Raises MissingExtraError if it is not installed, InputError if its settings are contradictory.
    """
    try:
        return _CLIENTS[scheme](name)
    except ImportError as error:
        raise MissingExtraError(f"{name}: reading {scheme}://", "cloud") from error


def _s3_client(name: str) -> Client:
    import aiohttp
    import s3fs
    from botocore import exceptions
    from botocore.session import Session

    try:
        anonymous = Session().get_credentials() is None
    except exceptions.BotoCoreError as error:
        raise InputError(
            f"{name}: the AWS credentials cannot be read: {_first_line(error)}"
        ) from error
    retries = {"mode": "standard", "max_attempts": _S3_ATTEMPTS}
    return Client(
        scheme="s3",
        filesystem=s3fs.S3FileSystem(anon=anonymous, config_kwargs={"retries": retries}, **_FRESH),
        anonymous=anonymous,
        credentials="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        credential_errors=(
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.TokenRetrievalError,
            exceptions.SSOError,
        ),
        connection_errors=(
            exceptions.ConnectionError,
            exceptions.HTTPClientError,
            aiohttp.ClientError,
            TimeoutError,
        ),
    )


def _google_client(name: str) -> Client:
    import aiohttp
    import requests

    # Not the class that the package chooses: it asks over gRPC what only writers need to know.
    from gcsfs.core import GCSFileSystem
    from google.auth import exceptions

    has_file = bool(os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"))
    # An emulator wants no credentials, and looking for them takes seconds off Google's machines.
    anonymous = bool(os.environ.get("STORAGE_EMULATOR_HOST")) and not has_file
    if not anonymous:
        try:
            filesystem = GCSFileSystem(token="google_default", **_FRESH)
        except exceptions.GoogleAuthError as error:
            if has_file:
                raise InputError(
                    f"{name}: GOOGLE_APPLICATION_CREDENTIALS: {_first_line(error)}"
                ) from error
            anonymous = True
    if anonymous:
        filesystem = GCSFileSystem(token="anon", **_FRESH)
    return Client(
        scheme="gs",
        filesystem=filesystem,
        anonymous=anonymous,
        credentials="GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
        credential_errors=(exceptions.GoogleAuthError,),
        connection_errors=(
            aiohttp.ClientError,
            requests.exceptions.RequestException,
            exceptions.TransportError,
            TimeoutError,
        ),
    )


def _azure_client(name: str) -> Client:
    from adlfs import AzureBlobFileSystem
    from azure.core import exceptions
    from azure.storage.blob.aio import BlobServiceClient, ExponentialRetry

    class PatientFileSystem(AzureBlobFileSystem):  # type: ignore[misc]  # has no type hints
        """adlfs's file system, whose own client waits a minute before it gives up."""

        def do_connect(self) -> None:
            options = {
                "retry_policy": ExponentialRetry(
                    initial_backoff=AZURE_FIRST_PAUSE_SECONDS,
                    increment_base=2 * AZURE_FIRST_PAUSE_SECONDS,
                    retry_total=AZURE_ATTEMPTS - 1,
                    random_jitter_range=AZURE_FIRST_PAUSE_SECONDS,
                ),
                "connection_timeout": _CONNECT_TIMEOUT_SECONDS,
                "read_timeout": _READ_TIMEOUT_SECONDS,
            }
            if self.connection_string is not None:
                self.service_client = BlobServiceClient.from_connection_string(
                    self.connection_string, **options
                )
            else:
                self.service_client = BlobServiceClient(
                    f"https://{self.account_name}.blob.core.windows.net",
                    credential=self.credential or self.account_key or self.sas_token,
                    **options,
                )

    # The second name of each is the one that Azure's own command line reads.
    account = _first_set("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
    key = _first_set("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_KEY")
    if not account and not os.environ.get("AZURE_STORAGE_CONNECTION_STRING"):
        raise InputError(
            f"{name}: no storage account is named; set AZURE_STORAGE_ACCOUNT_NAME or "
            "AZURE_STORAGE_CONNECTION_STRING"
        )
    wants_login = os.environ.get("AZURE_STORAGE_ANON", "true").lower() in ("false", "0", "f")
    try:
        filesystem = PatientFileSystem(
            account_name=account, account_key=key, anon=not wants_login, **_FRESH
        )
    except ValueError as error:
        raise InputError(f"{name}: the AZURE_STORAGE_* settings: {_first_line(error)}") from error
    settings = (filesystem.connection_string, filesystem.account_key, filesystem.sas_token)
    return Client(
        scheme="az",
        filesystem=filesystem,
        anonymous=not any(settings) and filesystem.credential is None,
        credentials=(
            "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, "
            "or AZURE_STORAGE_ANON=false after az login"
        ),
        credential_errors=(exceptions.ClientAuthenticationError,),
        connection_errors=(exceptions.ServiceRequestError, exceptions.ServiceResponseError),
    )


_CLIENTS: dict[str, Callable[[str], Client]] = {
    "s3": _s3_client,
    "gs": _google_client,
    "az": _azure_client,
}


def _first_set(*variables: str) -> str | None:
    return next(filter(None, map(os.environ.get, variables)), None)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".")
