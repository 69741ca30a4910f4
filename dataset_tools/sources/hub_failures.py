"""What a failed request to the Hugging Face Hub means, in one line without URL or token."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dataset_tools.errors import InputError
from dataset_tools.sources.attempts import UnavailableError
from dataset_tools.sources.http_failures import connection_problem
from dataset_tools.sources.hub_location import HubLocation

OFFLINE_VARIABLE = "HF_HUB_OFFLINE"
_TOKEN = "set HF_TOKEN, or run hf auth login"
_LISTED = 5


@contextmanager
def explained(place: HubLocation) -> Iterator[None]:
    """Turn what the hub's client raises into InputError or UnavailableError.

    EntryNotFoundError passes, unless it only means that the hub was not asked. The client's own
    text is never quoted: it holds request ids, and sometimes signed addresses.
    """
    from huggingface_hub import errors

    try:
        yield
    except errors.LocalEntryNotFoundError as error:
        raise _not_asked(error) from error
    except errors.EntryNotFoundError:
        raise
    except Exception as error:
        explanation = _explanation(place, error)
        if explanation is None:
            raise
        raise explanation from error


def no_such_file(place: HubLocation, path: str, files: Sequence[str]) -> InputError:
    """The error for a file, or a glob, that matches nothing in the repository."""
    similar = difflib.get_close_matches(path, files, n=1)
    if similar:
        mend = f"did you mean {similar[0]!r}?"
    elif files:
        more = f" and {len(files) - _LISTED} more" if len(files) > _LISTED else ""
        mend = f"there is {', '.join(map(repr, files[:_LISTED]))}{more}"
    else:
        mend = "it has no data files"
    return InputError(f"{place}: the repository has no file {path!r}; {mend}")


def _not_asked(error: BaseException) -> UnavailableError:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        problem = f"{OFFLINE_VARIABLE} is set, which forbids asking the hub"
        return UnavailableError(problem, mend="unset it once", worth_retrying=False)
    # The client has asked by itself, and looked into its own cache.
    return UnavailableError(connection_problem(error), worth_retrying=False)


def _explanation(
    place: HubLocation, error: BaseException | None
) -> InputError | UnavailableError | None:
    """Explain the error, or what the library for datasets raised it from."""
    from huggingface_hub import errors

    if error is None:
        return None
    if isinstance(error, errors.GatedRepoError):
        return InputError(
            f"{place}: the dataset is gated: its page on the hub says who may read it; once you "
            f"may, {_TOKEN}"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return InputError(
            f"{place}: the dataset has no revision {place.revision!r}; "
            "expected a branch, a tag or a whole commit hash"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"{place}: no such dataset, or a private one; check the spelling, and for a private "
            f"one {_TOKEN}"
        )
    if isinstance(error, errors.HFValidationError):
        return InputError(f"{place}: {place.repository!r} cannot be a dataset's name")
    if isinstance(error, errors.OfflineModeIsEnabled):
        return _not_asked(error)
    if isinstance(error, errors.HfHubHTTPError):
        return _http_failure(place, error)
    if _is_of_network(error):
        return UnavailableError(connection_problem(error))
    return _explanation(place, error.__cause__)


def _http_failure(place: HubLocation, error: BaseException) -> InputError | UnavailableError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return InputError(f"{place}: the hub denies access ({status}); {_TOKEN}")
    if status is None or status == 429 or status >= 500:
        return UnavailableError(f"the hub answered {status}")
    return InputError(f"{place}: the hub answered {status}; check the location")


def _is_of_network(error: BaseException) -> bool:
    # The hub's client uses requests, since version 1 httpx, since version 2 httpx2.
    clients = {base.__module__.partition(".")[0] for base in type(error).__mro__}
    return isinstance(error, (ConnectionError, TimeoutError)) or bool(
        clients & {"requests", "httpx", "httpx2"}
    )
