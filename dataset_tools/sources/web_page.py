"""Recognises a web page that came in place of data, and the raw link behind some of them."""

import re

HEAD_BYTES = 1024

_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_PAGE_START = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)", re.IGNORECASE)

# Where the sites below show a file on a page, and where they serve the file itself.
_RAW_LINKS = [
    (r"https?://(?:www\.)?github\.com/([^/]+/[^/]+)/blob/(.+)", r"https://raw.githubusercontent.com/\1/\2"),
    (r"https?://gist\.github\.com/((?:[^/]+/)?[0-9a-f]+)/?", r"https://gist.github.com/\1/raw"),
    (r"(https?://(?:www\.)?(?:huggingface\.co|hf\.co)/.+?)/blob/(.+)", r"\1/resolve/\2"),
]  # fmt: skip


def is_page_type(content_type: str) -> bool:
    """Say whether a Content-Type header announces a web page."""
    return content_type.partition(";")[0].strip().lower() in _PAGE_TYPES


def is_page(head: bytes) -> bool:
    """Say whether content that starts with `head` is a web page."""
    return bool(_PAGE_START.match(head))


def raw_link(page: str) -> str | None:
    """Return the link to the file that `page`, a link without query string, shows."""
    for pattern, link in _RAW_LINKS:
        match = re.fullmatch(pattern, page.partition("#")[0])
        if match:
            return match.expand(link)
    return None
