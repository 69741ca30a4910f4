"""What a failed request means: unavailable for now, or one line that says how to mend it."""

import email.utils
import os
import socket
import ssl
import time
from typing import TypeVar

import requests
import urllib3.exceptions
from requests import codes

from dataset_tools.errors import InputError
from dataset_tools.sources.attempts import UnavailableError

_OSError = TypeVar("_OSError", bound=OSError)

_WHAT_MENDS = {
    401: "give credentials as https://USER:PASSWORD@… or in ~/.netrc, or download it by hand",
    403: "give a link that needs no login or has not expired, or download it by hand",
    404: "check the spelling; private files are reported as missing too",
    407: "give the proxy's credentials in HTTPS_PROXY",
    410: "ask its owner for a new link",
}


def explain_exception(error: Exception, name: str) -> InputError | UnavailableError:
    """Turn what the HTTP client raised for `name` into the error to raise in its place.

    The client's own text is never quoted, since it holds the URL with its query string.
    """
    if isinstance(error, requests.exceptions.SSLError):
        return InputError(f"{name}: TLS failure: {_tls_failure(error)}")
    if isinstance(error, requests.exceptions.ProxyError):
        problem = connection_problem(error)
        return UnavailableError(f"the proxy failed ({problem}), see HTTP(S)_PROXY")
    if isinstance(error, requests.exceptions.Timeout):
        return UnavailableError("no answer in time")
    if isinstance(error, requests.exceptions.ConnectionError):
        unresolved = _cause(error, socket.gaierror)
        if unresolved is not None and unresolved.errno == socket.EAI_NONAME:
            return UnavailableError("the host is not known", worth_retrying=False)
        return UnavailableError(connection_problem(error))
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return UnavailableError("the connection was dropped")
    if isinstance(error, (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError)):
        return InputError(f"{name}: not a valid URL; expected https://HOST/PATH")
    return InputError(f"{name}: cannot be requested ({type(error).__name__}); check the link")


def refuse_failed_status(response: requests.Response, name: str) -> None:
    """Let an answer pass that brings the file, or a part of it.

    Raises UnavailableError for what may pass by itself, InputError for every other status.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    found = f"the server answered {status} {response.reason}".rstrip()
    if status == codes.too_many_requests or status >= 500:
        raise UnavailableError(
            found, retry_after=_seconds_to_wait(response.headers.get("Retry-After"))
        )
    raise InputError(f"{name}: {found}; {_WHAT_MENDS.get(status, 'check the link in a browser')}")


def _seconds_to_wait(retry_after: str | None) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())


def _tls_failure(error: Exception) -> str:
    unverified = _cause(error, ssl.SSLCertVerificationError)
    if unverified is not None:
        return (
            f"{unverified.verify_message}; if the certificate is your organisation's own, "
            "set REQUESTS_CA_BUNDLE to the file of its authority"
        )
    cause = _cause(error, ssl.SSLError)
    reason = cause.reason if cause is not None else None
    return f"{(reason or 'no handshake').replace('_', ' ').lower()}; check that it serves https"


def connection_problem(error: BaseException) -> str:
    """Say why no connection came about or lasted, in the system's own words."""
    cause = _cause(error, OSError)
    if cause is None:
        return "the connection was dropped"
    # asyncio has a text of its own for the system's error; a failed look-up has no such number.
    number = cause.errno or 0
    return f"cannot connect: {os.strerror(number) if number > 0 else cause.strerror}"


def _cause(error: BaseException | None, kind: type[_OSError]) -> _OSError | None:
    """Find the system's own error below the layers that the HTTP client wraps around it."""
    while error is not None:
        # The client's own exceptions are OSErrors too, but without the system's text.
        if isinstance(error, kind) and error.strerror:
            return error
        error = error.__cause__ or error.__context__
    return None
