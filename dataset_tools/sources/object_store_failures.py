"""What the failed request of a store's client means, in one line without URL or credentials."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

from dataset_tools.errors import InputError
from dataset_tools.sources.attempts import UnavailableError
from dataset_tools.sources.http_failures import connection_problem
from dataset_tools.sources.object_store_clients import Client


@contextmanager
def explained(client: Client, path: str) -> Iterator[None]:
    """Turn what the client raises for `path` into InputError or UnavailableError.

    FileNotFoundError passes, since what it means depends on what was asked. The client's own text
    is never quoted: it may hold a URL with its signature.
    """
    try:
        yield
    except Exception as error:
        status = _status(error)
        if isinstance(error, FileNotFoundError) or status == HTTPStatus.NOT_FOUND:
            raise FileNotFoundError(path) from error
        raise _explanation(error, status, client, client.location(path)) from error


def no_such_object(client: Client, path: str, problem: str) -> InputError:
    """The error for an object or a pattern without objects; says so if it is the bucket's fault."""
    bucket = path.partition("/")[0]
    bucket_exists = True
    with suppress(Exception):  # whoever may read one object need not be allowed to see the bucket
        bucket_exists = client.filesystem.exists(bucket)
    name = client.location(path)
    if not bucket_exists:
        return InputError(f"{name}: there is no bucket {bucket!r} to be seen; check the spelling")
    return InputError(f"{name}: {problem}; check the spelling, upper and lower case included")


def _explanation(
    error: Exception, status: int | None, client: Client, name: str
) -> InputError | UnavailableError:
    if isinstance(error, client.credential_errors) and status is None:
        return InputError(
            f"{name}: the credentials cannot be used ({type(error).__name__}); "
            f"see {client.credentials}"
        )
    denied = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if isinstance(error, PermissionError) or status in denied:
        return InputError(f"{name}: {_denial(client)}")
    if isinstance(error, client.connection_errors):
        # The client has asked several times by itself.
        return UnavailableError(connection_problem(error), worth_retrying=False)
    if status is not None and (status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500):
        return UnavailableError(f"the store answered {status}", worth_retrying=False)
    answer = type(error).__name__ if status is None else f"the store answered {status}"
    return InputError(f"{name}: cannot be read ({answer}); check the address and the settings")


def _denial(client: Client) -> str:
    if client.anonymous:
        return (
            "access denied, and no credentials were found, so that only public data can be read; "
            f"set {client.credentials}"
        )
    return (
        "access denied: the object does not exist, or the credentials found may not read it; "
        f"they come from {client.credentials}"
    )


def _status(error: BaseException | None) -> int | None:
    """Find the HTTP status among the attributes in which the three clients keep it."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            return int(response["ResponseMetadata"]["HTTPStatusCode"])
        for attribute in ("status_code", "code", "status"):
            value = getattr(error, attribute, None)
            if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
                return int(value)
        if isinstance(error, OSError) and str(error).startswith("Forbidden"):
            return int(HTTPStatus.FORBIDDEN)  # gcsfs keeps no number there
        error = error.__cause__
    return None
