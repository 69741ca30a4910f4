"""`dataset-tools stats` as people and programs run it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli_runs import run
from rich.cells import cell_len

EXPECTED = Path(__file__).parent / "data" / "stats"
RECIPE = """\
train_data: data.jsonl
separator: "\\n##\\n"
chunk_size: 32
prompt_loss_weight: 0.1
train_batch_size: 8
num_validation_samples: 10
pack_sequences: true
plugins:
  - axolotl_replicate.ReplicateInputsPlugin
  - axolotl_replicate.PromptLossWeightPlugin
"""
ODD_LABELS = ["[red]a[/red]", "\x1b[31mb", "\u202ecba", "日本語"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """180 readable lines, two that hold no record, and a recipe."""
    rows = [
        json.dumps(
            {
                "prompt": f"Review {number % 150}: {'fine ' * (number % 37)}\n##\n",
                "completion": (" positive", " negative", " neutral")[number % 7 % 3],
            }
        )
        for number in range(180)
    ]
    (tmp_path / "data.jsonl").write_text("\n".join([*rows, "{", "[]", ""]))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    odd = [
        json.dumps({"prompt": f"{number}", "completion": label})
        for number in range(12)
        for label in ODD_LABELS
    ]
    (tmp_path / "odd.jsonl").write_text("\n".join(odd) + "\n")
    return tmp_path


def text_of(folder: Path, *arguments: str, **variables: str) -> str:
    done = run("stats", *arguments, cwd=folder, **variables)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def json_of(folder: Path, *arguments: str) -> Any:
    return json.loads(text_of(folder, *arguments, "--format", "json"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("plain.txt", ["data.jsonl"]), ("recipe.txt", ["--recipe", "recipe.yaml"])],
)
def test_the_text_is_as_recorded(name: str, arguments: list[str], folder: Path) -> None:
    """At 80 columns without colour, every line is the golden file's."""
    text = text_of(folder, *arguments, PYTHONIOENCODING="utf-8")

    assert (EXPECTED / name).read_text("utf-8") == text


def test_the_json_has_the_documented_fields(folder: Path) -> None:
    """One object with a version; docs/stats.md names every field in it."""
    report = json_of(folder, "--recipe", "recipe.yaml")

    def fields(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(fields, value))
        return set(value).union(*map(fields, value.values())) if isinstance(value, dict) else set()

    page = (Path(__file__).parents[1] / "docs" / "stats.md").read_text("utf-8")
    assert set() == {name for name in fields(report) if f"`{name}`" not in page}
    assert report["version"] == 1
    assert (report["records"], report["unreadable"], report["blank_lines"]) == (180, 2, 0)
    assert (report["training"]["records"], report["training"]["held_out"]) == (170, 10)
    assert report["training"]["estimated"] and report["tokens"]["estimated"]
    assert {each["unit"]: each["estimated"] for each in report["lengths"]} == {
        "characters": False,
        "tokens": True,
    }
    steps = report["training"]["steps"]
    packs = report["training"]["densities"][1]["rows"]
    assert (8, -(-packs // 8), 3) == (steps["step_rows"], steps["per_epoch"], steps["epochs"])


def test_flags_win_over_the_recipe(folder: Path) -> None:
    """Chunk size and marks of flags replace the recipe's, and say that they are given so."""
    report = json_of(
        folder, "data.jsonl", "--recipe", "recipe.yaml", "--chunk-size", "64", "--separator", r"#\n"
    )

    assert report["training"]["chunk_size"] == 64
    assert report["files"][0]["separator"] == {"text": "#\n", "origin": "flag", "share": 1.0}


def test_several_files_are_one_set(folder: Path) -> None:
    """Each file is told apart, and everything else is told of all of them."""
    report = json_of(folder, "data.jsonl", "odd.jsonl")
    text = text_of(folder, "data.jsonl", "odd.jsonl")

    assert [each["records"] for each in report["files"]] == [180, 48]
    assert report["records"] == 228
    assert [line for line in text.splitlines() if re.match(r"(data|odd|all)\b", line)] == [
        "data.jsonl",
        "odd.jsonl",
        "all files",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int, encoding: str, folder: Path) -> None:
    """Down to 40 columns, with and without Unicode, lines fit, and bars are still bars."""
    from dataset_tools.sources import SourceFile
    from dataset_tools.stats import DataPartial, StatsSettings, gather, summarize
    from dataset_tools.stats.formats import text_format

    data, settings = DataPartial(), StatsSettings()
    file = gather(SourceFile("data.jsonl", folder / "data.jsonl"), settings, data)
    report = summarize([file], data, settings)

    text = text_format.render(report, width, has_unicode=encoding == "utf-8")

    assert max(map(cell_len, text.splitlines())) <= width
    assert ("█" if encoding == "utf-8" else "#") in text
    text.encode(encoding)
    for words in ("Lengths in characters", "p99", "Classes", "best fit"):
        assert words in text


def test_bars_without_unicode(folder: Path) -> None:
    """Where the terminal knows ASCII only, so are bars and dashes."""
    text = text_of(folder, "odd.jsonl", LC_ALL="C", PYTHONIOENCODING="ascii")

    assert text.isascii()
    assert "####" in text
    assert r"'\u65e5\u672c\u8a9e'" in text


@pytest.mark.parametrize("color", [True, False])
def test_texts_of_the_data_are_shown_never_interpreted(color: bool, folder: Path) -> None:
    """Markup, terminal codes and direction marks in labels and names are spelt."""
    from dataset_tools.sources import SourceFile
    from dataset_tools.stats import DataPartial, StatsSettings, gather, summarize
    from dataset_tools.stats.formats import text_format

    data, settings = DataPartial(), StatsSettings()
    file = gather(SourceFile("[b]\x1b[2J.jsonl", folder / "odd.jsonl"), settings, data)

    text = text_format.render(summarize([file], data, settings), 120, color=color)

    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert color == ("\x1b[" in text)
    assert "\x1b" not in plain and "\u202e" not in plain
    for words in ("[b]\\x1b[2J.jsonl", "'[red]a[/red]'", r"'\x1b[31mb'", r"'\u202ecba'", "日本語"):
        assert words in plain
    assert "\x1b[31mb" not in text


def test_json_keeps_labels_as_they_are(folder: Path) -> None:
    """JSON escapes what is not ASCII, so that labels arrive whole."""
    report = json_of(folder, "odd.jsonl")

    assert sorted(ODD_LABELS) == sorted(each["label"] for each in report["classes"])


def test_standard_input_and_output_file(folder: Path) -> None:
    """A dash reads standard input; a report that goes to a file is plain, and said to be there."""
    content = (folder / "data.jsonl").read_bytes()
    done = run("stats", "-", "--output-file", "stats.txt", cwd=folder, stdin=content)

    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr == b"180 records: written to stats.txt\n"
    written = (folder / "stats.txt").read_text("utf-8")
    expected = (EXPECTED / "plain.txt").read_text("utf-8")
    assert expected.replace("data.jsonl", "<stdin>", 1) == written


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no data given"),
        (["missing.jsonl"], "no such file"),
        (["."], "is a folder"),
        (["empty.jsonl"], "empty.jsonl: the file is empty"),
        (["recipe.yaml"], "none of its 10 lines holds a record"),
        (["--recipe", "misspelt.yaml"], "misspelt.yaml: seperator: unknown key"),
        (["--recipe", "uneven.yaml"], "uneven.yaml: train_batch_size: 3 is not divisible"),
        (["data.jsonl", "--tokenizer", "./nothing"], "./nothing: no such file or folder"),
        (["data.jsonl", "--chunk-size", "1"], "--chunk-size"),
        (["data.jsonl", "--output-file", "data.jsonl"], "is an input of this run"),
        (["data.jsonl", "--output-file", "gone/stats.txt"], "cannot be written"),
    ],
)
def test_misuse_exits_with_2(arguments: list[str], words: str, folder: Path) -> None:
    """What cannot be counted is said in one line on standard error."""
    (folder / "empty.jsonl").touch()
    (folder / "misspelt.yaml").write_text("seperator: a\n")
    (folder / "uneven.yaml").write_text("train_batch_size: 3\nmicro_batch_size: 2\n")

    done = run("stats", *arguments, cwd=folder)

    assert (done.returncode, done.stdout) == (2, b"")
    assert words in done.stderr.decode()


def test_a_tokenizer_that_cannot_be_loaded_is_one_line(folder: Path) -> None:
    """The one asked for ends the run; without the recipe's, tokens are estimated."""
    (folder / "model").mkdir()
    (folder / "base.yaml").write_text(f"{RECIPE}base_model: ./model\n")

    asked_for = run("stats", "data.jsonl", "--tokenizer", "./model", cwd=folder)
    from_recipe = run("stats", "--recipe", "base.yaml", cwd=folder)

    assert (asked_for.returncode, asked_for.stderr.count(b"\n")) == (2, 1)
    assert (from_recipe.returncode, from_recipe.stderr.count(b"\n")) == (0, 1)
    assert from_recipe.stderr.startswith(b"note: tokens are estimated: ")


def test_the_page_shows_true_output() -> None:
    """What docs/stats.md shows is the golden file."""
    page = (Path(__file__).parents[1] / "docs" / "stats.md").read_text("utf-8")

    assert f"```text\n{(EXPECTED / 'recipe.txt').read_text('utf-8')}```" in page
