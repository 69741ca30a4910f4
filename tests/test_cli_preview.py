"""`dataset-tools preview` as people and programs run it."""

import json
from pathlib import Path

import pytest
from cli_runs import run

ROWS = [
    '{"prompt": "Why?\\n##\\n", "completion": " So."}',
    "{",
    '{"prompt": "How?", "completion": " Thus.", "weight": 2}',
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_text("\n".join(ROWS) + "\n")
    (tmp_path / "recipe.yaml").write_text(
        'train_data: data.jsonl\nseparator: "\\n##\\n"\nstop_sequence: " END"\n'
    )
    return tmp_path


def rows_of(output: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_json_shows_the_segments(folder: Path) -> None:
    """One object a record: place, format, segments with their bounds, what inference sends."""
    done = run("preview", "data.jsonl", "--separator", r"\n##\n", "--format", "json", cwd=folder)

    assert done.returncode == 0
    assert rows_of(done.stdout) == [
        {
            "path": "data.jsonl",
            "line": 1,
            "format": "prompt-completion",
            "segments": [
                {"role": "prompt", "text": "Why?", "start": 0, "end": 4},
                {"role": "separator", "text": "\n##\n", "start": 4, "end": 8},
                {"role": "completion", "text": " So.", "start": 8, "end": 12},
            ],
            "inference_prompt": "Why?\n##\n",
            "stop_sequence": None,
        }
    ]


def test_recipe_gives_data_and_marks(folder: Path) -> None:
    """The recipe's marks are put in where a record lacks them; malformed lines are passed over."""
    done = run("preview", "--recipe", "recipe.yaml", "--rows", "5", "--format", "json", cwd=folder)

    rows = rows_of(done.stdout)
    assert [row["line"] for row in rows] == [1, 3]
    for row in rows:
        roles = [segment["role"] for segment in row["segments"]]  # type: ignore[attr-defined]
        assert roles == ["prompt", "separator", "completion", "stop_sequence"]
    assert [row["inference_prompt"] for row in rows] == ["Why?\n##\n", "How?\n##\n"]


def test_row_is_a_line_number(folder: Path) -> None:
    """The row asked for is the line that lint would name."""
    done = run("preview", "data.jsonl", "--row", "3", "--format", "json", cwd=folder)

    assert [row["line"] for row in rows_of(done.stdout)] == [3]


def test_standard_input(folder: Path) -> None:
    """A dash reads standard input."""
    done = run("preview", "-", "--format", "json", cwd=folder, stdin=b'{"text": "a"}')

    (row,) = rows_of(done.stdout)
    assert (row["path"], row["format"], row["inference_prompt"]) == ("<stdin>", "text", None)


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"LC_ALL": "C"}])
def test_text_is_plain_in_a_pipe(variables: dict[str, str], folder: Path) -> None:
    """Segments are named and marks visible; no control code of data or ours reaches a pipe."""
    (folder / "odd.jsonl").write_text(
        '{"prompt": "[bold]\\u001b[31m caf\u00e9", "completion": "b"}\n', "utf-8"
    )

    done = run("preview", "odd.jsonl", cwd=folder, **variables)

    text = done.stdout.decode()
    assert done.returncode == 0
    assert "\x1b" not in text
    for words in ("prompt", "separator", "completion", "[bold]", "send at inference", "EOS"):
        assert words in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no data given"),
        (["data.jsonl", "--row", "2"], "data.jsonl:2: the line holds no record"),
        (["data.jsonl", "--row", "9"], "there is no row 9; the file has 3 lines"),
        (["data.jsonl", "--row", "0"], "--row"),
        (["missing.jsonl"], "no such file"),
        (["."], "is a folder"),
        (["recipe.yaml"], "holds no record"),
        (["--recipe", "misspelt.yaml"], "did you mean 'separator'"),
    ],
)
def test_misuse_exits_with_2(arguments: list[str], words: str, folder: Path) -> None:
    """What cannot be shown is said on standard error, and how to go on."""
    (folder / "misspelt.yaml").write_text("seperator: a\n")

    done = run("preview", *arguments, cwd=folder)

    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert done.stdout == b""
