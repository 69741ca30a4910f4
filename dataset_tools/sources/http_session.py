"""One HTTP client for one location: its credentials, its redirects, its timeouts."""

from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3.exceptions

import dataset_tools
from dataset_tools.errors import InputError
from dataset_tools.sources.http_failures import explain_exception
from dataset_tools.sources.location import display_name

CONNECT_TIMEOUT_SECONDS = 10.0
READ_TIMEOUT_SECONDS = 60.0
MAX_REDIRECTS = 10


class HttpSession(requests.Session):
    """Requests one location, with the credentials it carries, and follows only safe redirects."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.name = display_name(location)
        self.max_redirects = MAX_REDIRECTS
        # Kept out of the URL, so that no message and no redirect can carry them on.
        self._url, self.auth = _without_credentials(location)
        self.headers["User-Agent"] = f"axolotl-replicate/{dataset_tools.__version__}"
        # Compression on the way would make Content-Length and byte ranges mean something else.
        self.headers["Accept-Encoding"] = "identity"

    def open(self, conditions: dict[str, str]) -> requests.Response:
        """Send a GET with the headers `conditions`; the body is left to be read.

        Raises InputError or UnavailableError if no answer comes; any status is an answer.
        """
        timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        try:
            return self.get(self._url, headers=conditions, stream=True, timeout=timeout)
        except requests.TooManyRedirects as error:
            if error.response is not None:
                error.response.close()
            raise InputError(
                f"{self.name}: redirects in a circle; open the link in a browser to see why"
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise explain_exception(error, self.name) from error

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where `resp` redirects to.

        Raises InputError if that is not http(s), or would give up encryption.
        """
        target = super().get_redirect_target(resp)
        if target is not None:
            try:
                self._refuse_unsafe_redirect(resp.url, urljoin(resp.url, target))
            except InputError:
                resp.close()
                raise
        return target

    def _refuse_unsafe_redirect(self, source: str, target: str) -> None:
        scheme = urlsplit(target).scheme
        if scheme not in ("http", "https"):
            raise InputError(
                f"{self.name}: redirects to {scheme}://, expected http(s); "
                "give the link to the file itself"
            )
        if scheme == "http" and urlsplit(source).scheme == "https":
            raise InputError(
                f"{self.name}: redirects from https to unencrypted {display_name(target)}; "
                "give that link itself if you trust it"
            )


def _without_credentials(location: str) -> tuple[str, tuple[str, str] | None]:
    scheme, _, rest = location.partition("://")
    end_of_authority = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    authority, path = rest[:end_of_authority], rest[end_of_authority:]
    credentials, at, host_and_port = authority.rpartition("@")
    if not at:
        return location, None
    user, _, password = credentials.partition(":")
    return f"{scheme}://{host_and_port}{path}", (unquote(user), unquote(password))
