"""`dataset-tools split` as people and programs run it."""

import gzip
import json
import resource
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run

ROWS = [
    json.dumps({"prompt": f"question {i // 2}\n##\n", "completion": f" {'no' if i % 3 else 'yes'}"})
    for i in range(40)
]
LINES = [f"{row}\n".encode() for row in ROWS]
TEXT = b'{"text": "%d"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_bytes(b"".join(LINES))
    return tmp_path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_summary_says_what_is_where(folder: Path) -> None:
    """Records and groups of each part, what was asked where it differs, paths; all on stderr."""
    done = run("split", "data.jsonl", "--validation", "10%", "--test", "7", cwd=folder)

    assert done.returncode == 0
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        "data.jsonl: 40 records in 20 groups with the same prompt, seed 0",
        "train: 30 records, 15 groups: data.train.jsonl",
        "validation: 4 records, 2 groups: data.validation.jsonl",
        "test: 6 records (7 asked for), 3 groups: data.test.jsonl",
    ]
    parts = [folder / f"data.{part}.jsonl" for part in ("train", "validation", "test")]
    found = [line for part in parts for line in part.read_bytes().splitlines(keepends=True)]
    assert sorted(found) == sorted(LINES)


def test_the_summary_counts_classes(folder: Path) -> None:
    """With --stratify it names each class and its records."""
    labels = ["ham"] * 30 + ["spam \x1b"] * 10
    rows = [{"prompt": str(i), "completion": label} for i, label in enumerate(labels)]
    (folder / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))

    done = run("split", "data.jsonl", "--validation", "0.2", "--stratify", cwd=folder)

    assert done.stderr.decode().splitlines()[-3:] == [
        "validation: 8 records, 8 groups: data.validation.jsonl",
        "  6 records of 'ham'",
        "  2 records of 'spam \\x1b'",
    ]


def test_parts_lint_clean_of_each_other(folder: Path) -> None:
    """What lint compares finds no record of one part in another."""
    run("split", "data.jsonl", "--validation", "0.25", "--test", "0.25", cwd=folder)

    for train, held_out in (("train", "validation"), ("train", "test"), ("validation", "test")):
        done = run("lint", f"data.{train}.jsonl", "--validation-data", f"data.{held_out}.jsonl",
                   "--select", "DT408", cwd=folder)  # fmt: skip
        assert (done.returncode, done.stdout.count(b"DT408")) == (0, 0)


def test_the_same_seed_gives_the_same_files(folder: Path) -> None:
    """Whatever Python's own hashes are; another seed gives others."""
    found = []
    for seed, hash_seed in (("3", "1"), ("3", "2"), ("4", "1")):
        done = run("split", "data.jsonl", "--validation", "8", "--seed", seed, "--force", "--quiet",
                   cwd=folder, PYTHONHASHSEED=hash_seed)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        found.append((folder / "data.validation.jsonl").read_bytes())

    assert found[0] == found[1]
    assert found[0] != found[2]


def test_standard_input_is_split_into_the_current_folder(folder: Path) -> None:
    """A dash reads standard input, packed or not; the parts are called after it."""
    packed = gzip.compress(b"".join(LINES))

    done = run("split", "-", "--validation", "4", cwd=folder, stdin=packed)

    assert done.returncode == 0
    assert names_in(folder) == ["data.jsonl", "stdin.train.jsonl", "stdin.validation.jsonl"]
    assert (folder / "stdin.train.jsonl").read_bytes().startswith(b'{"prompt"')


def test_parts_stand_beside_the_file_or_where_asked(folder: Path) -> None:
    """Compressed data gives plain parts named without its endings; -o makes its folder."""
    (folder / "in").mkdir()
    (folder / "in" / "my.data.jsonl.gz").write_bytes(gzip.compress(b"".join(LINES)))

    for options in ([], ["-o", "out/parts"]):
        done = run("split", "in/my.data.jsonl.gz", "--validation", "4", *options, cwd=folder)
        assert done.returncode == 0

    parts = ["my.data.train.jsonl", "my.data.validation.jsonl"]
    assert names_in(folder / "in") == ["my.data.jsonl.gz", *parts]
    assert names_in(folder / "out" / "parts") == parts


def test_a_recipe_gives_data_and_marks(folder: Path) -> None:
    """Prompts that differ in the recipe's separator alone stay together; a flag wins over it."""
    rows = [{"prompt": f"q {i // 2}{' Answer:' * (i % 2)}", "completion": f"{i}"} for i in range(8)]
    (folder / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "recipe.yaml").write_text('train_data: data.jsonl\nseparator: " Answer:"\n')

    by_recipe = run("split", "--recipe", "recipe.yaml", "--validation", "4", cwd=folder)
    by_flag = run("split", "--recipe", "recipe.yaml", "--validation", "4", "--separator", "",
                  "--force", cwd=folder)  # fmt: skip

    assert b"8 records in 4 groups" in by_recipe.stderr
    assert b"8 records in 8 groups" in by_flag.stderr


def test_what_is_there_is_replaced_only_by_force(folder: Path) -> None:
    """Existing parts are named and kept; with --force a test file of an earlier split is noted."""
    run("split", "data.jsonl", "--validation", "4", "--test", "4", cwd=folder)
    before = (folder / "data.train.jsonl").read_bytes()

    refused = run("split", "data.jsonl", "--validation", "8", cwd=folder)
    kept = (folder / "data.train.jsonl").read_bytes()
    forced = run("split", "data.jsonl", "--validation", "8", "--force", cwd=folder)

    assert refused.returncode == 2
    assert refused.stderr == (
        b"error: data.train.jsonl, data.validation.jsonl: exist already; "
        b"--force replaces what is there\n"
    )
    assert kept == before
    assert forced.returncode == 0
    assert b"note: data.test.jsonl: is no part of this split" in forced.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--validation", "0"], "--validation: found '0', expected a number of records (200) or a"),
        (["--validation", "1.0"], "--validation: found '1.0', expected"),
        (["--validation", "100%"], "--validation: found '100%', expected"),
        (["--validation", "-3"], "--validation: found '-3', expected"),
        (["--validation", "5", "--test", "few"], "--test: found 'few', expected"),
        (["--validation", "50%", "--test", "0.5"], "leave nothing for training"),
        (["--validation", "39"], "has 40 records, too few for 39 for validation; at least 2 must"),
        (["--validation", "0.9", "--test", "3"], "too few for 36 for validation and 3 for test"),
        (["--validation", "1"], "no group of records with the same prompt is left that fits"),
        (["--validation", "4", "-o", "data.jsonl/x"], "data.jsonl/x: cannot be made: Not a dir"),
    ],
)
def test_misuse_is_one_line(arguments: list[str], message: str, folder: Path) -> None:
    """What cannot be done is said in a line, exit code 2, and nothing is written."""
    done = run("split", "data.jsonl", *arguments, cwd=folder)

    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert names_in(folder) == ["data.jsonl"]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (b"", [], "data.jsonl: holds no record"),
        (b"\n\n", [], "data.jsonl: holds no record"),
        (TEXT % 1, [], "cannot be split: has a single record"),
        (TEXT % 1 * 3, [], "cannot be split: all 3 records have the same prompt"),
        (TEXT % 1 + b'{"text": "a\n', [], "data.jsonl:2:12: malformed JSON: the string that"),
        (TEXT % 1 + b'{"text": 1}\n', [], "data.jsonl:2:10: the value of 'text' is a number"),
        (TEXT % 1 + TEXT % 2 + b'{"prompt": "a", "completion": "b"}\n', [], "data.jsonl:3:"),
        (b'{"text": "a\xff"}', [], "data.jsonl:1:12: invalid UTF-8 byte"),
        (b'[\n{"text": "a"}\n]', [], "data.jsonl:1:1: not JSON Lines: the file is"),
        (TEXT % 1 + TEXT % 2, ["--stratify"], "not classification data: text records have no"),
        (b"".join(LINES).replace(b"no", b"yes"), ["--stratify"], "the only class is 'yes'"),
        (LINES[0] + LINES[1].replace(b"no", b"n" * 51), ["--stratify"], "line 2 has 51 characters"),
        (
            b"".join(b'{"prompt": "a%d", "completion": "b%d"}\n' % (i, i) for i in range(300)),
            ["--stratify"],
            "line 257 has a completion of a new kind after 256 others, 'b256'; split it without",
        ),
    ],
)
def test_data_that_cannot_be_split_is_said_so(
    data: bytes, options: list[str], message: str, folder: Path
) -> None:
    """Where the data is at fault the line says where, as lint does, and nothing is written."""
    (folder / "data.jsonl").write_bytes(data)

    done = run("split", "data.jsonl", "--validation", "1", *options, cwd=folder)

    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert names_in(folder) == ["data.jsonl"]


def test_several_files_are_refused(folder: Path) -> None:
    """A glob that matches more than one file is not split: duplicates could straddle."""
    (folder / "more.jsonl").write_bytes(LINES[0])

    done = run("split", "*.jsonl", "--validation", "1", cwd=folder)

    assert done.returncode == 2
    assert b"found 2 files, 'data.jsonl' the first; expected one" in done.stderr


def test_the_input_is_never_written_over(folder: Path) -> None:
    """Not even by force, and not through a link."""
    (folder / "out").mkdir()
    (folder / "out" / "data.train.jsonl").symlink_to("../data.jsonl")

    done = run("split", "data.jsonl", "--validation", "4", "-o", "out", "--force", cwd=folder)

    assert done.returncode == 2
    assert b"out/data.train.jsonl: is the input of this run" in done.stderr
    assert (folder / "data.jsonl").read_bytes() == b"".join(LINES)


def test_two_parts_are_never_one_file(folder: Path) -> None:
    """Links that lead to the same place are refused."""
    (folder / "data.train.jsonl").symlink_to("same.jsonl")
    (folder / "data.validation.jsonl").symlink_to("same.jsonl")

    done = run("split", "data.jsonl", "--validation", "4", cwd=folder)

    assert done.returncode == 2
    assert b"data.train.jsonl, data.validation.jsonl: lead to the same file" in done.stderr
    assert not (folder / "same.jsonl").exists()


@pytest.mark.parametrize("times", [10, 100, 2000])
def test_no_space_left_leaves_no_part(times: int, folder: Path) -> None:
    """A part that cannot be completed is named, and none of them is left."""
    lines = [TEXT % number for number in range(20 * times)]
    (folder / "data.jsonl").write_bytes(b"".join(lines))
    limit = sum(map(len, lines)) // 2

    done = subprocess.run(
        [*COMMAND, "split", "data.jsonl", "--validation", "10%"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )

    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "error: data.train.jsonl: cannot be written: File too large; "
        "raise the limit on file sizes (ulimit -f) or name another output"
    ]
    assert names_in(folder) == ["data.jsonl"]
