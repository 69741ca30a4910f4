"""`dataset-tools lint` with configuration files, validation data, baselines and other settings."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run
from loopback_server import Answer, LoopbackServer

ROWS = [f'{{"prompt": "What is {n}?", "completion": " {n}."}}\n' for n in range(100)]
GOOD = "".join(ROWS)
EMPTY_COMPLETION = '{"prompt": "a", "completion": ""}\n'
LARGE = 17 * 1024 * 1024  # bytes, enough for every progress bar


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.jsonl").write_text(GOOD)
    (tmp_path / "heldout.jsonl").write_text(GOOD.replace("What", "Who"))
    (tmp_path / "bare.jsonl").write_text('{"prompt": "a", "completion": " b"}\n' * 2)
    return tmp_path


def codes(done: subprocess.CompletedProcess[bytes]) -> dict[str, int]:
    """The counts of a JSON report."""
    counts: dict[str, int] = json.loads(done.stdout)["counts"]
    return counts


def test_settings_come_from_the_nearest_file(folder: Path) -> None:
    """A file above the current folder holds, by its own paths, and --no-config goes without."""
    (folder / "pyproject.toml").write_text(
        "[tool.dataset-tools]\n"
        'format = "json"\nignore = ["DT404"]\nseparator = "#"\nrecipe = "recipe.yaml"\n'
    )
    (folder / "recipe.yaml").write_text("separator: '@'\nstop_sequence: END\n")
    (folder / "below").mkdir()

    configured = run("lint", "../bare.jsonl", cwd=folder / "below")
    bare = run("lint", "../bare.jsonl", "--no-config", "--ignore", "DT406", cwd=folder / "below")
    flag = run("lint", "../bare.jsonl", "--separator", "", "--ignore", "", cwd=folder / "below")

    assert configured.returncode == 1
    assert codes(configured) == {"DT301": 2, "DT401": 1, "DT406": 1}
    assert json.loads(configured.stdout)["files"][0]["stop_sequence"] == "END"
    assert b"given in the configuration file" in configured.stdout
    assert bare.returncode == 0
    assert bare.stdout.startswith(b"../bare.jsonl:1:1: DT404 ")
    assert codes(flag) == {"DT401": 1, "DT404": 1, "DT406": 1}


def test_a_named_configuration(folder: Path) -> None:
    """--config names a file; with --no-config it is refused, and so is a wrong key in it."""
    (folder / "conf").mkdir()
    (folder / "conf" / "strict.toml").write_text('fail-on = "warning"\noutput-file = "r.txt"\n')
    (folder / "conf" / "wrong.toml").write_text("fail_on = 1\n")

    strict = run("lint", "bare.jsonl", "--config", "conf/strict.toml", cwd=folder)
    both = run("lint", "bare.jsonl", "--config", "conf/strict.toml", "--no-config", cwd=folder)
    wrong = run("lint", "bare.jsonl", "--config", "conf/wrong.toml", cwd=folder)

    assert strict.returncode == 1
    assert "DT404" in (folder / "conf" / "r.txt").read_text()
    assert (both.returncode, wrong.returncode) == (2, 2)
    assert both.stderr == b"error: --config and --no-config: give one of them\n"
    assert wrong.stderr == (
        b"error: conf/wrong.toml: fail_on: unknown key; did you mean 'fail-on'?\n"
    )


def test_globs_choose_settings_file_by_file(folder: Path) -> None:
    """One run checks files against different marks and rules, and a flag holds for all."""
    (folder / "dataset-tools.toml").write_text(
        'ignore = ["DT4"]\nformat = "json"\n[per-file."bare*"]\nseparator = "#"\nignore = []\n'
    )

    by_glob = run("lint", "good.jsonl", "bare.jsonl", cwd=folder)
    by_flag = run("lint", "good.jsonl", "bare.jsonl", "--ignore", "DT3", cwd=folder)

    assert codes(by_glob) == {"DT301": 2, "DT401": 1, "DT404": 1, "DT406": 1}
    assert [each["separator"] for each in json.loads(by_glob.stdout)["files"]] == [None, "#"]
    assert codes(by_flag) == {"DT401": 1, "DT404": 1, "DT406": 1}


def test_the_configurations_recipe_gives_the_data(folder: Path) -> None:
    """A recipe from the file stands for --recipe: its data is checked, the held-out part too."""
    (folder / "dataset-tools.toml").write_text('recipe = "recipe.yaml"\n')
    (folder / "recipe.yaml").write_text(
        "base_model: ./no-such-model\ntrain_data: good.jsonl\nvalidation_data: heldout.jsonl\n"
    )
    (folder / "other.jsonl").write_text(GOOD)

    by_recipe = run("lint", "--format", "json", cwd=folder)
    other = ["lint", "--format", "json", "--validation-data", "other.jsonl"]
    by_flag = run(*other, cwd=folder)
    with_path = run(*other, "heldout.jsonl", cwd=folder)

    def names(done: subprocess.CompletedProcess[bytes]) -> list[str]:
        return [file["path"] for file in json.loads(done.stdout)["files"]]

    assert names(by_recipe) == ["good.jsonl", "heldout.jsonl"]
    assert names(by_flag) == ["good.jsonl", "other.jsonl"]
    assert names(with_path) == ["heldout.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--validation-data", "missing.jsonl"], "no such file: 'missing.jsonl'"),
        (["--schema", "missing.json"], "missing.json: cannot be read"),
        (["--schema", "bare.jsonl"], "bare.jsonl:2:1: not a JSON Schema: malformed JSON"),
        (["--baseline", "missing.json"], "missing.json: cannot be read"),
        (["--baseline", "bare.jsonl"], "bare.jsonl:2:1: not a baseline: malformed JSON"),
        (["--tokenizer", "./missing"], "./missing: no such file or folder"),
        (["--chunk-size", "64"], "--chunk-size: tokens are counted with a tokenizer only"),
        (["--config", "missing.toml"], "missing.toml: cannot be read"),
        (["--jobs", "0"], "--jobs"),
        (["--write-baseline", "missing/b.json"], "missing/b.json: cannot be written"),
        (["--write-baseline", "good.jsonl"], "--write-baseline good.jsonl: is an input"),
        (["--output-file", "s.json", "--schema", "s.json"], "--output-file s.json: is an input"),
        (["--output-file", "b.json", "--baseline", "b.json"], "--output-file b.json: is an input"),
        (["--output-file", "heldout.jsonl", "--validation-data", "heldout.jsonl"], "is an input"),
        (["--validation-data", "./good.jsonl"], "good.jsonl: is the validation data itself"),
        (["--output-file", "c.toml", "--config", "c.toml"], "--output-file c.toml: is an input"),
        (
            ["--output-file", "x", "--write-baseline", "./x"],
            "--output-file and --write-baseline: both are x; name two files",
        ),
    ],
)
def test_misuse_of_settings_is_one_line(arguments: list[str], words: str, folder: Path) -> None:
    """What cannot be done is said in one line, exits with 2, and writes nothing."""
    (folder / "s.json").write_text("{}")
    (folder / "b.json").write_text('{"version": 1, "findings": {}}')
    (folder / "c.toml").write_text("")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    done = run("lint", "good.jsonl", *arguments, cwd=folder)

    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1 or b"Usage:" in done.stderr
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("validation-data", "missing.jsonl"),
        ("recipe", "missing.yaml"),
        ("schema", "missing.json"),
        ("baseline", "missing.json"),
        ("tokenizer", "./missing"),
        ("output-file", "missing/report"),
    ],
)
def test_what_a_configuration_file_names_is_missing(key: str, value: str, folder: Path) -> None:
    """The message names the configuration file and its key, then what is missing."""
    (folder / "dataset-tools.toml").write_text(f'{key} = "{value}"\n')

    done = run("lint", "good.jsonl", cwd=folder)

    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"error: dataset-tools.toml: {key}: ")
    assert Path(value).name in done.stderr.decode()


@pytest.mark.parametrize("key", ["train_data", "validation_data"])
def test_what_a_recipe_names_is_missing(key: str, folder: Path) -> None:
    """The message names the key."""
    data = {"train_data": "good.jsonl", key: "missing.jsonl"}
    lines = [f"{name}: {value}\n" for name, value in data.items()]
    (folder / "recipe.yaml").write_text("".join(["base_model: x\n", *lines]))

    done = run("lint", "--recipe", "recipe.yaml", cwd=folder)

    assert done.returncode == 2
    assert f"the recipe's {key}: no such file: 'missing.jsonl'" in done.stderr.decode()


def test_validation_data_may_change_alone(folder: Path) -> None:
    """A hook is given the files that a commit changes; that one of them is set apart is a note."""
    (folder / "dataset-tools.toml").write_text('validation-data = "good.jsonl"\n')

    done = run("lint", "good.jsonl", cwd=folder)

    assert done.returncode == 0
    assert b"note: good.jsonl: is validation data, not compared with itself" in done.stderr


def test_a_baseline_leaves_what_is_new(folder: Path) -> None:
    """What was recorded no longer counts, wherever its lines have moved; what is new does."""
    data = folder / "data.jsonl"
    data.write_text(GOOD + EMPTY_COMPLETION)

    written = run("lint", "data.jsonl", "--write-baseline", "b.json", cwd=folder)
    data.write_text(ROWS[-1].replace("What", "Why") + EMPTY_COMPLETION + GOOD)
    accepted = run("lint", "data.jsonl", "--baseline", "b.json", cwd=folder)
    data.write_text(data.read_text() + EMPTY_COMPLETION.replace("a", "b"))
    (folder / "dataset-tools.toml").write_text('baseline = "b.json"\n')
    changed = run("lint", "data.jsonl", "--format", "json", cwd=folder)

    assert written.returncode == 0
    assert b"data.jsonl:101:31: DT201" in written.stdout
    assert written.stderr == b"1 finding recorded in b.json\n"
    assert (accepted.returncode, b"DT" in accepted.stdout) == (0, False)
    assert changed.returncode == 1
    assert codes(changed) == {"DT201": 1}
    assert [each["line"] for each in json.loads(changed.stdout)["findings"]] == [103]


def test_a_baseline_tells_duplicates_apart(folder: Path) -> None:
    """A duplicate that was accepted hides no duplicate of another record."""
    (folder / "data.jsonl").write_text(GOOD + ROWS[3])
    run("lint", "data.jsonl", "--write-baseline", "b.json", cwd=folder)
    (folder / "data.jsonl").write_text(GOOD + ROWS[3] + ROWS[7])

    done = run("lint", "data.jsonl", "--baseline", "b.json", "--format", "json", cwd=folder)

    assert codes(done) == {"DT401": 1}
    assert [each["line"] for each in json.loads(done.stdout)["findings"]] == [102]


def test_a_further_copy_of_what_was_accepted_is_new(folder: Path) -> None:
    """Findings that are alike are accepted as often as they were there, in whichever files."""
    (folder / "data.jsonl").write_text(GOOD + EMPTY_COMPLETION)
    run("lint", "data.jsonl", "--write-baseline", "b.json", cwd=folder)
    (folder / "other.jsonl").write_text(GOOD.replace("What", "Why") + EMPTY_COMPLETION)

    done = run("lint", "data.jsonl", "other.jsonl", "--baseline", "b.json", cwd=folder)

    assert done.returncode == 1
    assert b"other.jsonl:101:31: DT201" in done.stdout
    assert b"1 error, 0 warnings" in done.stdout


def test_a_blank_line_is_the_same_in_a_renamed_file(folder: Path) -> None:
    """It has no content to be known by, and is a line nevertheless."""
    (folder / "data.jsonl").write_text(GOOD + "\n")
    run("lint", "data.jsonl", "--write-baseline", "b.json", cwd=folder)
    (folder / "data.jsonl").rename(folder / "renamed.jsonl")

    done = run("lint", "renamed.jsonl", "--baseline", "b.json", "--fail-on", "warning", cwd=folder)

    assert done.returncode == 0


def test_a_baseline_takes_no_file_for_another(folder: Path) -> None:
    """That one file is no data was accepted; of another one it is new, in whichever folder."""
    (folder / "page.jsonl").write_text("[1]")
    run("lint", "page.jsonl", "--write-baseline", "b.json", cwd=folder)
    (folder / "list.jsonl").write_text("[1]")

    again = run("lint", str(folder / "page.jsonl"), "--baseline", "b.json", cwd=folder)
    other = run("lint", "list.jsonl", "--baseline", "b.json", cwd=folder)

    assert again.returncode == 0
    assert other.returncode == 1


def test_validation_data_among_the_paths(folder: Path) -> None:
    """What a glob takes in of the validation data is linted, not compared, and that is said."""
    done = run("lint", "*.jsonl", "--validation-data", "heldout.jsonl", cwd=folder)

    assert done.stderr == b"note: heldout.jsonl: is validation data, not compared with itself\n"


def test_a_baseline_is_recorded_anew(folder: Path) -> None:
    """With both flags, or a baseline in the file, all findings of today are recorded."""
    (folder / "data.jsonl").write_text(GOOD + EMPTY_COMPLETION)
    run("lint", "data.jsonl", "--write-baseline", "b.json", cwd=folder)
    (folder / "data.jsonl").write_text(GOOD + EMPTY_COMPLETION + EMPTY_COMPLETION.replace("a", "b"))

    again = run("lint", "data.jsonl", "--baseline", "b.json", "--write-baseline", "b.json",
                cwd=folder)  # fmt: skip
    accepted = run("lint", "data.jsonl", "--baseline", "b.json", cwd=folder)

    assert again.returncode == 0
    assert again.stderr == b"2 findings recorded in b.json\n"
    assert accepted.returncode == 0


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_jobs_change_no_finding(jobs: str, folder: Path) -> None:
    """However many processes check, the report is that of the default."""
    (folder / "data.jsonl").write_text(GOOD * 50 + EMPTY_COMPLETION)

    default = run("lint", "data.jsonl", cwd=folder)
    done = run("lint", "data.jsonl", "--jobs", jobs, cwd=folder)

    assert b"DT201" in done.stdout
    assert default.stdout == done.stdout


@pytest.mark.parametrize(("option", "shown"), [([], True), (["--quiet"], False)])
def test_quiet_shows_no_bar(
    option: list[str], shown: bool, tmp_path: Path, server: LoopbackServer
) -> None:
    """On a terminal a long download and a long check show bars; --quiet shows neither."""
    row = json.dumps({"text": "a" * 10_000}).encode() + b"\n"
    url = server.serve("/data.jsonl", Answer(row * (LARGE // len(row))))
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "lint", url, "--select", "DT1", "--jobs", "1", *option],
        cwd=tmp_path,
        env=environment(AXOLOTL_REPLICATE_CACHE=str(tmp_path / "cache"), TERM="xterm"),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    os.close(stderr)
    written = b""
    try:
        while piece := os.read(terminal, 65536):
            written += piece
    except OSError:  # how Linux says that the other end of a terminal is closed
        pass
    os.close(terminal)

    assert process.wait(timeout=60) == 0
    assert (b"MB" in written, written != b"") == (shown, shown)
