"""`dataset-tools preview` as people and programs run it."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, run

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
            "weight": 1.0,
            "findings": [],
            "notes": [],
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
        (["data.jsonl", "--row", "9"], "there is no row 9; the file has 3 lines"),
        (["data.jsonl", "--row", "0"], "--row"),
        (["missing.jsonl"], "no such file"),
        (["."], "is a folder"),
        (["recipe.yaml"], "holds no record"),
        (["--recipe", "misspelt.yaml"], "did you mean 'separator'"),
        (["data.jsonl", "--row", "1", "--rows", "2"], "--row and --rows: each says how many rows"),
        (["data.jsonl", "--row", "1", "--sample", "2"], "--row and --sample: each chooses rows"),
        (["data.jsonl", "--longest", "--shortest"], "--longest and --shortest: each chooses rows"),
        (["data.jsonl", "--sample", "2", "--rows", "2"], "--sample and --rows"),
        (["data.jsonl", "--code", "DT301", "--longest"], "--longest and --code"),
        (["data.jsonl", "--seed", "2"], "--seed: decides which rows --sample draws"),
        (["data.jsonl", "--packs", "--row", "1"], "--packs and --row"),
        (["data.jsonl", "--packs", "--compare", "recipe.yaml"], "--packs and --compare"),
        (["data.jsonl", "--packs"], "--packs: tokens are counted with a tokenizer only"),
        (["data.jsonl", "--code", "DT501"], "--code DT501: tokens are counted with a tokenizer"),
        (["data.jsonl", "--code", "DT999"], "unknown rule code 'DT999'"),
        (["data.jsonl", "--code", "DT302"], "data.jsonl: lint finds no DT302 in it"),
        (["data.jsonl", "--compare", "missing.yaml"], "missing.yaml: cannot be read"),
    ],
)
def test_misuse_exits_with_2(arguments: list[str], words: str, folder: Path) -> None:
    """What cannot be shown is said on standard error, and how to go on."""
    (folder / "misspelt.yaml").write_text("seperator: a\n")

    done = run("preview", *arguments, cwd=folder)

    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert done.stdout == b""


def test_a_line_without_a_record_is_shown_as_it_stands(folder: Path) -> None:
    """Safely, with lint's findings; the exit code is 0, since what was asked for was done."""
    (folder / "odd.jsonl").write_bytes(b'{"prompt": "\x1b[31m", "completion": 3, "x": "\xff"}\n')

    text = run("preview", "odd.jsonl", "--row", "1", cwd=folder)
    rows = rows_of(run("preview", "odd.jsonl", "--row", "1", "--format", "json", cwd=folder).stdout)

    assert text.returncode == 0
    assert b"DT002 error: invalid UTF-8" in text.stdout
    assert b"\\x1b[31m" in text.stdout
    assert b"\x1b" not in text.stdout
    (row,) = rows
    assert (row["line"], row["format"]) == (1, None)
    assert base64.b64decode(str(row["raw_base64"])) == (folder / "odd.jsonl").read_bytes()
    assert [finding["code"] for finding in row["findings"]] == ["DT002"]  # type: ignore[attr-defined]


def test_findings_are_those_of_lint(folder: Path) -> None:
    """For every line what a lint of the whole file says of it alone, in the marks it infers."""
    lines = [
        json.dumps({"prompt": f"What is {n}?\n##\n", "completion": f" {n}."}) for n in range(40)
    ]
    lines[7] = json.dumps({"prompt": "What is 7?", "completion": " 7."})
    lines[9] = json.dumps({"prompt": "What\n##\n is 9?\n##\n", "completion": "  "})
    lines[0] = json.dumps({"prompt": "", "completion": "\u200b 7 of {{name}}", "weight": -1})
    path = folder / "set.jsonl"
    path.write_text("\ufeff" + "\n".join(lines) + "\n", "utf-8")
    report = run(
        "lint", "set.jsonl", "--format", "json", "--ignore", "DT4,DT003", cwd=folder
    ).stdout
    expected = [
        (finding["line"], finding["column"], finding["code"], finding["message"])
        for finding in json.loads(report)["findings"]
    ]

    found = []
    for line in (1, 8, 10, 12):
        shown = run("preview", "set.jsonl", "--row", str(line), "--format", "json", cwd=folder)
        found += [
            (line, each["column"], each["code"], each["message"])
            for row in rows_of(shown.stdout)
            for each in row["findings"]  # type: ignore[attr-defined]
        ]

    assert {code for _, _, code, _ in expected} >= {"DT301", "DT302", "DT201", "DT111"}
    assert expected == found


def test_rows_with_a_finding(folder: Path) -> None:
    """The first rows in which lint finds the code, whole-file rules among them."""
    rows = [{"prompt": f"What is {n}?\n##\n", "completion": f" {n}."} for n in range(40)]
    for place in (3, 5, 20):
        rows[place] = {"prompt": f"What is {place}?", "completion": " 1."}
    rows[30] = rows[2]
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def lines_with(*arguments: str) -> list[object]:
        done = run("preview", "set.jsonl", "--format", "json", *arguments, cwd=folder)
        assert done.returncode == 0
        return [row["line"] for row in rows_of(done.stdout)]

    assert lines_with("--code", "DT301") == [4]
    assert lines_with("--code", "dt301", "--rows", "2") == [4, 6]
    assert lines_with("--code", "DT301", "--rows", "9") == [4, 6, 21]
    assert lines_with("--code", "DT401") == [31]
    duplicate = run("preview", "set.jsonl", "--code", "DT401", cwd=folder).stdout.decode()
    assert "DT401 warning" in duplicate


def test_rows_passed_over_are_told(folder: Path) -> None:
    """Which line was left out of the first rows, unless told to be quiet."""
    told, quiet = (
        run("preview", "data.jsonl", "--rows", "2", *flags, cwd=folder).stderr.decode()
        for flags in ((), ("--quiet",))
    )

    assert "1 line without a record passed over, line 2 the first: --row 2 shows it" in told
    assert quiet == ""


def test_a_mark_that_is_not_given_is_told(folder: Path) -> None:
    """Most rows carry a separator, and the preview, like training without it, takes it for text."""
    rows = [{"prompt": f"What is {n}?\n##\n", "completion": f" {n}."} for n in range(20)]
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    without = run("preview", "set.jsonl", cwd=folder).stderr.decode()
    given = run("preview", "set.jsonl", "--separator", r"\n##\n", cwd=folder).stderr.decode()

    assert r"carry the separator '\n##\n' (--separator), not given here" in without
    assert given == ""


def test_a_weight_that_training_refuses_is_told(folder: Path) -> None:
    """Without the loss plugin a recipe does not take weights other than 1."""
    shown = run("preview", "--recipe", "recipe.yaml", "--row", "3", cwd=folder).stdout.decode()

    assert "note: training refuses this record: weight 2 needs the plugin" in shown

    with (folder / "recipe.yaml").open("a") as recipe:
        recipe.write("plugins: [axolotl_replicate.PromptLossWeightPlugin]\n")
    shown = run("preview", "--recipe", "recipe.yaml", "--row", "3", cwd=folder).stdout.decode()
    assert "weight 2" in shown
    assert "refuses" not in shown


def test_a_row_that_the_recipe_holds_out_is_told(folder: Path) -> None:
    """The last records validate, blank and malformed lines not counted; of too few, none do."""
    rows = [f'{{"prompt": "{n}\\n##\\n", "completion": " {n}"}}' for n in range(6)]
    (folder / "data.jsonl").write_text("\n".join([*rows[:4], "{", "", *rows[4:]]) + "\n")
    recipe = (folder / "recipe.yaml").read_text()

    def notes(held_out: int) -> dict[int, list[str]]:
        (folder / "recipe.yaml").write_text(f"{recipe}num_validation_samples: {held_out}\n")
        done = run("preview", "--recipe", "recipe.yaml", "--rows", "9", "--format", "json",
                   cwd=folder)  # fmt: skip
        return {row["line"]: row["notes"] for row in rows_of(done.stdout)}  # type: ignore[misc]

    told = "held out for validation, never trained on: one of the last 3 records "
    assert notes(3) == {
        line: [f"{told}(num_validation_samples)"] if line in (4, 7, 8) else []
        for line in (1, 2, 3, 4, 7, 8)
    }
    assert not any(notes(6).values())


def test_two_recipes_on_texts(folder: Path) -> None:
    """What differs is told of both, in JSON too."""
    (folder / "other.yaml").write_text("train_data: data.jsonl\nchunk_size: 64\n")
    arguments = ("preview", "--recipe", "recipe.yaml", "--compare", "other.yaml")

    text = run(*arguments, cwd=folder).stdout.decode()
    (row,) = rows_of(run(*arguments, "--format", "json", cwd=folder).stdout)

    assert "what differs" in text
    assert row["recipes"] == ["recipe.yaml", "other.yaml"]
    assert row["differences"] == [
        {"what": "separator", "first": r"'\n##\n'", "second": r"'\n'"},
        {"what": "stop sequence", "first": "' END'", "second": "none"},
        {"what": "chunk_size", "first": "2,048", "second": "64"},
    ]


def test_output_in_a_pipe_is_as_wide_as_asked(folder: Path) -> None:
    """80 columns, or COLUMNS."""
    (folder / "long.jsonl").write_text(json.dumps({"text": "word " * 100}) + "\n")
    widths = []
    for variables in ({}, {"COLUMNS": "40"}):
        lines = run("preview", "long.jsonl", cwd=folder, **variables).stdout.decode().split("\n")
        widths.append(max(map(len, lines)))

    assert widths == [80, 40]


def test_ascii_output(folder: Path) -> None:
    """LC_ALL=C gets no other character, whatever is in the data."""
    (folder / "odd.jsonl").write_text('{"prompt": "café 日本", "completion": " ↵"}\n', "utf-8")

    done = run("preview", "odd.jsonl", cwd=folder, LC_ALL="C")

    assert done.returncode == 0
    assert done.stdout.isascii()
    assert rb"caf\xe9 \u65e5\u672c" in done.stdout


def test_a_reader_that_has_had_enough(folder: Path) -> None:
    """`| head -1` ends the preview without a word."""
    (folder / "many.jsonl").write_text('{"text": "a b c"}\n' * 5000)
    command = subprocess.Popen(
        [*COMMAND, "preview", "many.jsonl", "--rows", "5000", "--quiet"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    with command.stdout, command.stderr:
        command.stdout.readline()
        command.stdout.close()
        errors = command.stderr.read()

    assert (command.wait(60), errors) == (0, b"")
