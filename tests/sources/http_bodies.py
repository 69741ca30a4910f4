"""What the HTTP tests serve and read back."""

from collections.abc import Callable

from dataset_tools.sources import fetch

PATH = "/data/train.jsonl"
BODY = b'{"prompt": "a", "completion": "b"}\n' * 100
OTHER_BODY = BODY.replace(b"a", b"x")
HALF = len(BODY) // 2

RefusedBy = Callable[[str], str]


def content(location: str) -> bytes:
    (file,) = fetch(location)
    return file.path.read_bytes()
