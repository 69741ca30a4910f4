"""hf://, against a hub on the loopback interface, by the hub's own clients.

They read HF_ENDPOINT and HF_HUB_OFFLINE when they are imported, which takes seconds: one process
fetches what all tests of the module ask it for.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub

ROW = b'{"prompt": "a", "completion": "b"}\n'
PREFIX = "hf://datasets/"
FETCHER = """\
import contextlib, io, json, os, sys
from dataset_tools.errors import InputError
from dataset_tools.sources import attempts, fetch
attempts.FIRST_PAUSE_SECONDS = 0.001
for line in sys.stdin:
    location, cache, limit = json.loads(line)
    os.environ["AXOLOTL_REPLICATE_CACHE"] = cache
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown):
        try:
            files = fetch(location, limit=limit)
            answer = {"files": [(file.name, str(file.path)) for file in files]}
        except InputError as error:
            answer = {"error": str(error)}
    print(json.dumps({**answer, "stderr": shown.getvalue()}), flush=True)
"""
CONFIGS = b"""\
---
configs:
- config_name: one
  data_files: one.jsonl
- config_name: two
  data_files: two.jsonl
---
"""
CLASSES = b"""\
---
dataset_info:
  features:
  - name: text
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': negative
          '1': positive
  splits:
  - name: train
    num_examples: 2
---
"""


class Fetcher:
    """A process that fetches."""

    def __init__(self, hub: LoopbackHub, home: Path, **environment: str) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", FETCHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**inherited, "HF_ENDPOINT": hub.url, "HF_HOME": str(home), **environment},
        )
        self.cache = home / "cache"
        self.shown = ""

    def ask(self, location: str, limit: int | None = None) -> dict:
        self._process.stdin.write(json.dumps([PREFIX + location, str(self.cache), limit]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.shown = answer["stderr"]
        return answer

    def contents(self, location: str, limit: int | None = None) -> list[bytes]:
        answer = self.ask(location, limit)
        assert "error" not in answer, answer["error"]
        return [Path(path).read_bytes() for _, path in answer["files"]]

    def names(self, location: str) -> list[str]:
        return [name for name, _ in self.ask(location)["files"]]

    def message(self, location: str) -> str:
        message = self.ask(location)["error"]
        assert "\n" not in message
        assert message.startswith(PREFIX)
        assert "secret" not in message
        return message

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    hub = LoopbackHub()
    table = {"prompt": ["a", "b"], "completion": ["x", "é"], "weight": [0.5, None], "id": [1, 2]}
    parquet = as_parquet(table)
    hub.commit(
        "me/tables",
        {"data/train-00000-of-00001.parquet": parquet, "data/test-00000-of-00001.parquet": parquet},
    )
    hub.commit("me/lines", {"rows.jsonl": ROW, "more/y.jsonl": ROW * 2, "more/x.jsonl": ROW * 3})
    classes = as_parquet({"text": ["a", "b"], "label": [1, -1]})
    hub.commit("me/classes", {"README.md": CLASSES, "train.parquet": classes})
    hub.commit("me/splits", {"test.jsonl": ROW, "validation.jsonl": ROW * 2})
    hub.commit("me/configs", {"README.md": CONFIGS, "one.jsonl": ROW, "two.jsonl": ROW * 2})
    hub.commit("me/private", {"train.jsonl": ROW}, private=True)
    hub.commit("me/gated", {"train.jsonl": ROW}, gated=True)
    hub.commit("me/script", {"script.py": b"open('ran', 'w')"})
    hub.commit("me/nothing", {"README.md": b"nothing"})
    hub.commit("me/broken", {"train.jsonl": ROW + b"{oops\n"})
    hub.commit("me/page", {"a.jsonl": b"<!doctype html>", "empty.jsonl": b""})
    yield hub
    hub.stop()


def as_parquet(columns: dict[str, list]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def fetcher(hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetcher]:
    fetcher = Fetcher(hub, tmp_path_factory.mktemp("hub"))
    yield fetcher
    fetcher.end()


# Rows


def test_rows_of_a_table_become_json_lines(fetcher: Fetcher) -> None:
    """Columns and absent values stay as they are; of two splits train is the default."""
    expected = [
        {"prompt": "a", "completion": "x", "weight": 0.5, "id": 1},
        {"prompt": "b", "completion": "é", "id": 2},
    ]

    (content,) = fetcher.contents("me/tables")

    assert expected == [json.loads(line) for line in content.splitlines()]
    assert fetcher.names("me/tables") == [f"{PREFIX}me/tables"]


def test_numbers_of_classes_become_their_names(fetcher: Fetcher) -> None:
    """Names are what a model should learn to write; a row without a class has none."""
    (content,) = fetcher.contents("me/classes")

    expected = [{"text": "a", "label": "positive"}, {"text": "b"}]
    assert expected == [json.loads(line) for line in content.splitlines()]


def test_the_first_rows_can_be_had_without_the_rest(fetcher: Fetcher) -> None:
    """They are kept apart from all rows, whichever come first."""
    counts = [
        len(fetcher.contents("me/splits#validation", limit)[0].splitlines())
        for limit in (1, None, 1, 5)
    ]

    assert counts == [1, 2, 1, 2]
    assert fetcher.contents("me/lines/rows.jsonl", 1) == [ROW]


@pytest.mark.parametrize(
    ("location", "rows"),
    [
        ("me/configs/two", 2),
        ("me/configs/one#train", 1),
        ("me/splits#validation", 2),
        ("me/splits@main#test", 1),
    ],
)
def test_a_configuration_and_a_split_can_be_named(
    fetcher: Fetcher, location: str, rows: int
) -> None:
    """What is named is what is read."""
    assert fetcher.contents(location) == [ROW * rows]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("me/configs", "no configuration is named, and the dataset has 'one', 'two'; add /CONFIG"),
        ("me/configs/three", "no configuration 'three'; the dataset has 'one', 'two'"),
        ("me/splits", "no split is named, and the dataset has 'validation', 'test'; add #SPLIT"),
        ("me/splits#train", "no split 'train'; the dataset has 'validation', 'test'"),
        ("me/lines@nowhere", "the dataset has no revision 'nowhere'"),
        ("me/absent", "no such dataset, or a private one; check the spelling"),
        ("me/private", "for a private one set HF_TOKEN"),
        ("me/gated", "the dataset is gated: "),
        ("me/nothing", "doesn't contain any data files"),
        ("me/broken", "JSON parse error"),
        ("me/..", "cannot be a dataset's name"),
        ("me/lines/row.jsonl", "no file 'row.jsonl'; did you mean 'rows.jsonl'?"),
        ("me/lines/q*.csv", "no file 'q*.csv'; there is 'more/x.jsonl', 'more/y.jsonl', 'rows"),
        ("me/nothing/a.jsonl", "no file 'a.jsonl'; it has no data files"),
        ("me/lines/rows.jsonl@nowhere", "the dataset has no revision 'nowhere'"),
        ("me/absent/a.jsonl", "no such dataset, or a private one"),
        ("me/private/train.jsonl", "for a private one set HF_TOKEN"),
        ("me/gated/train.jsonl", "the dataset is gated: "),
        ("me/page/a.jsonl", "this is a web page"),
        ("me/page/empty.jsonl", "the file is empty (0 bytes)"),
    ],
)
def test_what_cannot_be_had_is_one_line(fetcher: Fetcher, location: str, expected: str) -> None:
    """The message starts with the location, and says what there is where something is missing."""
    assert expected in fetcher.message(location)


def test_a_script_is_never_run(fetcher: Fetcher) -> None:
    """Code in a repository is refused, by name."""
    assert "script.py" in fetcher.message("me/script")
    assert not Path("ran").exists()


def test_a_later_commit_is_noticed_and_nothing_else_is_downloaded(
    hub: LoopbackHub, fetcher: Fetcher
) -> None:
    """A second run asks for the commit only; after another commit its rows are read."""
    hub.commit("me/growing", {"train.jsonl": ROW})
    first = fetcher.contents("me/growing")
    hub.requests.clear()
    again = fetcher.contents("me/growing")
    asked = list(hub.requests)
    hub.commit("me/growing", {"train.jsonl": ROW * 2})

    assert [first, again] == [[ROW], [ROW]]
    assert asked == ["GET /api/datasets/me/growing"]
    assert fetcher.contents("me/growing") == [ROW * 2]


def test_a_commit_can_be_held_on_to(hub: LoopbackHub, fetcher: Fetcher) -> None:
    """A revision named by its hash stays what it was."""
    commit = hub.commit("me/kept", {"train.jsonl": ROW})
    hub.commit("me/kept", {"train.jsonl": ROW * 2})

    assert fetcher.contents(f"me/kept@{commit}") == [ROW]


# Files


@pytest.mark.parametrize("location", ["me/lines/rows.jsonl", "me/lines@main/rows.jsonl"])
def test_a_file_of_the_repository_is_brought_as_it_is(fetcher: Fetcher, location: str) -> None:
    """Its bytes are not touched, malformed lines included, which lint is to find."""
    assert fetcher.contents(location) == [ROW]
    assert fetcher.contents("me/broken/train.jsonl") == [ROW + b"{oops\n"]


def test_a_glob_brings_its_files_in_order(fetcher: Fetcher) -> None:
    """A star stays within a folder, and the names decide the order."""
    assert fetcher.contents("me/lines/more/*.jsonl") == [ROW * 3, ROW * 2]
    assert fetcher.names("me/lines/**/*.jsonl") == [
        f"{PREFIX}me/lines/{path}" for path in ("more/x.jsonl", "more/y.jsonl", "rows.jsonl")
    ]


def test_a_changed_file_is_noticed(hub: LoopbackHub, fetcher: Fetcher) -> None:
    """A later commit brings the file's new content."""
    hub.commit("me/edited", {"a.jsonl": ROW})
    before = fetcher.contents("me/edited/a.jsonl")
    hub.commit("me/edited", {"a.jsonl": ROW * 2})

    assert [before, fetcher.contents("me/edited/a.jsonl")] == [[ROW], [ROW * 2]]


# Without the hub


def test_a_broken_hub_is_named_unless_there_is_a_copy(hub: LoopbackHub, fetcher: Fetcher) -> None:
    """Rows of an earlier run stand in with one line of warning."""
    fetcher.contents("me/configs/one")
    hub.status = 500
    try:
        assert fetcher.contents("me/configs/one") == [ROW]
        assert fetcher.shown == (
            f"warning: {PREFIX}me/configs/one: the hub answered 500; using the copy downloaded "
            "before\n"
        )
        assert "the hub answered 500, 5 times in a row" in fetcher.message("me/configs/two@main")
    finally:
        hub.status = None


def test_offline_only_what_is_here_can_be_used(hub: LoopbackHub, tmp_path: Path) -> None:
    """HF_HUB_OFFLINE is respected: not one request, and the message names the variable."""
    online = Fetcher(hub, tmp_path)
    online.contents("me/lines/rows.jsonl")
    online.contents("me/splits#test")
    online.end()
    hub.requests.clear()
    offline = Fetcher(hub, tmp_path, HF_HUB_OFFLINE="1")
    try:
        assert offline.contents("me/lines/rows.jsonl") == [ROW]
        assert offline.contents("me/splits#test") == [ROW]
        assert "HF_HUB_OFFLINE is set, which forbids asking the hub; using" in offline.shown
        for location in ("me/splits#validation", "me/lines/more/x.jsonl", "me/lines/*.jsonl"):
            expected = "HF_HUB_OFFLINE is set, which forbids asking the hub; unset it once"
            assert expected in offline.message(location)
        assert hub.requests == []
    finally:
        offline.end()


def test_a_hub_that_is_gone_is_named(tmp_path: Path) -> None:
    """A refused connection is an address to check."""
    gone = LoopbackHub()
    gone.stop()
    fetcher = Fetcher(gone, tmp_path)
    try:
        assert "cannot connect: Connection refused, 5 times" in fetcher.message("me/lines")
    finally:
        fetcher.end()


@pytest.mark.parametrize("library", ["huggingface_hub", "datasets"])
def test_a_missing_library_names_the_extra(hub: LoopbackHub, tmp_path: Path, library: str) -> None:
    """Without the extra the command line says how to install it, and exits with 2."""
    program = (
        "import sys; sys.modules[sys.argv.pop(1)] = None;from dataset_tools.cli import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, library, "lint", f"{PREFIX}me/lines"],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": ""},
    )

    assert run.returncode == 2
    assert len(run.stderr.splitlines()) == 1
    assert "pip install 'axolotl-replicate[hf]'" in run.stderr


def test_convert_reads_a_split_that_is_named_apart(hub: LoopbackHub, tmp_path: Path) -> None:
    """`--split` and `--limit` reach the hub; no row beyond the limit is asked for."""
    rows = b"".join(b'{"question": "%d?", "answer": "%d."}\n' % (n, n) for n in range(5))
    hub.commit("me/questions", {"train.jsonl": b'{"question": "no", "answer": "no"}\n',
                             "test.jsonl": rows})  # fmt: skip
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-m", "dataset_tools", "convert", "hf://datasets/me/questions",
         "--split", "test", "--limit", "2", "-o", "-"],
        env={**inherited, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"),
             "AXOLOTL_REPLICATE_CACHE": str(tmp_path / "cache")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        '{"prompt":"0?","completion":"0."}',
        '{"prompt":"1?","completion":"1."}',
    ]
    assert "2 records of 2 rows, recognised as question/answer" in done.stderr
