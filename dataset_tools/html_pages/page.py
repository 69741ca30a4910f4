"""A page: a template, the style and the scripts in one file that asks for nothing else.

The Content-Security-Policy admits the page's own style and scripts by their SHA-256 hashes
(https://www.w3.org/TR/CSP3/#framework-directive-source-list) and nothing else, so that whatever the
data holds runs nothing and loads nothing. All that a template prints passes `_printed`: control,
bidirectional and zero-width characters and lone surrogates are spelt, and markup is escaped.
"""

import logging
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from dataset_tools import __version__
from dataset_tools.errors import MissingExtraError
from dataset_tools.preview.signs import UNICODE_SIGNS

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "dataset_tools.html_pages"
_WHAT = "an HTML report"
_EXTRA = "report"


def render(template: str, style: str, scripts: tuple[str, ...], **content: Any) -> bytes:
    """The page that a template makes of its content, in UTF-8.

    `style` and `scripts` name files beside the templates. Raises MissingExtraError without jinja2.
    """
    style_text, script_texts = _asset(style), list(map(_asset, scripts))
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(style_text)}",
            f"script-src {' '.join(map(_hash, script_texts))}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    text: str = (
        _environment()
        .get_template(template)
        .render(
            policy=policy,
            style=_trusted(style_text),
            scripts=list(map(_trusted, script_texts)),
            version=__version__,
            **content,
        )
    )
    return text.encode("utf-8")


def check_installed(*, draws: bool) -> None:
    """Raise MissingExtraError where a page could not be made; `draws` where it has charts."""
    try:
        import jinja2  # noqa: F401

        if draws:
            # where it keeps its cache is nothing that whoever wants a report asked for
            logging.getLogger("matplotlib").setLevel(logging.ERROR)
            import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(_WHAT, _EXTRA) from error


@cache
def _environment() -> "Environment":
    check_installed(draws=False)
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # in a template a newline behind a tag is none, and one that is printed would be spelt
    environment.globals["line_end"] = _trusted("\n")
    return environment


def _printed(value: Any) -> Any:
    """The value as it may stand on a page; only text that this package wrote is left as it is."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        if value.isascii() and value.isprintable():
            return value
        return UNICODE_SIGNS.shown_text(value)
    return value


def _trusted(text: str) -> Any:
    """Text of this package, which templates must not escape."""
    from markupsafe import Markup

    return Markup(text)


@cache
def _asset(name: str) -> str:
    return files(_PACKAGE).joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
