"""The fenced blocks of docs/ci.md."""

import re

from ci.conftest import REPOSITORY

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    """The text of every block in `language`, in order."""
    page = (REPOSITORY / "docs" / "ci.md").read_text(encoding="utf-8")
    return [text for found, text in _BLOCK.findall(page) if found == language]
