"""`dataset-tools lint` as people and programs run it."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run

from dataset_tools.rules import RULES

GOOD = "".join(f'{{"prompt": "What is {n}?", "completion": " {n}."}}\n' for n in range(100))
BAD = '{"prompt": "a", "completion": "b"}\n{"prompt": "a", "completion": null}\n'
TEXT_LINE = re.compile(r"(?P<path>.+?):(?P<line>\d+):(?P<column>\d+): (?P<code>DT\d{3}) \S.*")
HEAVY = ["torch", "transformers", "axolotl", "datasets", "rich", "requests"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.jsonl").write_text(GOOD)
    (tmp_path / "bad.jsonl").write_text(BAD)
    return tmp_path


def test_sound_data_exits_with_0(folder: Path) -> None:
    """A file about which nothing is to be said gets its summary and exit code 0."""
    done = run("lint", "good.jsonl", cwd=folder)

    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        "good.jsonl: 100 prompt-completion records",
        "0 errors, 0 warnings, 0 notes in 1 file, 100 records",
    ]
    assert done.stderr == b""


def test_findings_exit_with_1_and_end_with_the_summary(folder: Path) -> None:
    """Findings are `PATH:LINE:COL: CODE message` lines; the summary comes last."""
    done = run("lint", "bad.jsonl", cwd=folder)

    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1
    places = [match.groups() for line in lines if (match := TEXT_LINE.fullmatch(line))]
    assert places == [("bad.jsonl", "1", "1", "DT404"), ("bad.jsonl", "2", "31", "DT102")]
    assert lines[-1] == "1 error, 1 warning, 0 notes in 1 file, 1 record"


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("never", 0)])
def test_fail_on(fail_on: str, code: int, folder: Path) -> None:
    """Which severity makes the run fail is the user's choice."""
    (folder / "few.jsonl").write_text('{"text": "a"}\n')

    assert code == run("lint", "few.jsonl", "--fail-on", fail_on, cwd=folder).returncode


def test_json_contract(folder: Path) -> None:
    """Every field of the JSON report, its type and its value."""
    done = run("lint", "bad.jsonl", "--format", "json", cwd=folder)

    assert done.returncode == 1
    document = json.loads(done.stdout)
    messages = [finding.pop("message") for finding in document["findings"]]
    assert all(messages)
    assert document == {
        "version": 1,
        "files": [
            {
                "path": "bad.jsonl",
                "format": "prompt-completion",
                "records": 1,
                "bytes": len(BAD),
                "separator": None,
                "stop_sequence": None,
                "inferred": False,
            }
        ],
        "summary": {"error": 1, "warning": 1, "info": 0},
        "counts": {"DT102": 1, "DT404": 1},
        "truncated": False,
        "findings": [
            {
                "code": "DT404",
                "severity": "warning",
                "path": "bad.jsonl",
                "line": 1,
                "column": 1,
                "fixable": False,
            },
            {
                "code": "DT102",
                "severity": "error",
                "path": "bad.jsonl",
                "line": 2,
                "column": 31,
                "fixable": False,
            },
        ],
    }


def test_json_counts_are_complete_where_findings_are_cut(folder: Path) -> None:
    """With --max-findings the list is short, the counts are not, and the report says so."""
    (folder / "blank.jsonl").write_text(GOOD + "\n" * 7)

    done = run("lint", "blank.jsonl", "--format", "json", "--max-findings", "2", cwd=folder)

    document = json.loads(done.stdout)
    assert document["counts"] == {"DT004": 7}
    assert [finding["line"] for finding in document["findings"]] == [101, 102]
    assert document["truncated"] is True
    assert document["findings"][0]["fixable"] is True


def test_inferred_marks_are_reported(folder: Path) -> None:
    """Marks read off the data stand in the report, and the row without them is named."""
    rows = [{"prompt": f"{n}\n##\n", "completion": f" {n}\nEND"} for n in range(9)]
    rows.append({"prompt": "9", "completion": " 9\nEND"})
    (folder / "marked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    document = json.loads(run("lint", "marked.jsonl", "--format", "json", cwd=folder).stdout)

    (file,) = document["files"]
    assert (file["separator"], file["stop_sequence"], file["inferred"]) == ("\n##\n", "\nEND", True)
    (finding,) = [each for each in document["findings"] if each["code"] == "DT301"]
    assert finding["line"] == 10


def test_standard_input(folder: Path) -> None:
    """A dash reads standard input, packed or not."""
    plain = run("lint", "-", cwd=folder, stdin=BAD.encode())
    packed = run("lint", "-", cwd=folder, stdin=gzip.compress(BAD.encode()))

    assert plain.returncode == packed.returncode == 1
    assert b"<stdin>:2:31: DT102" in plain.stdout
    assert plain.stdout == packed.stdout


def test_recipe_gives_data_and_marks(folder: Path) -> None:
    """The recipe's data is read and its marks are looked for; a flag wins."""
    (folder / "marks.jsonl").write_text('{"prompt": "a ## b", "completion": "c"}\n')
    (folder / "recipe.yaml").write_text("train_data: marks.jsonl\nseparator: '##'\nlora_r: 8\n")

    by_recipe = run("lint", "--recipe", "recipe.yaml", cwd=folder)
    by_flag = run("lint", "--recipe", "recipe.yaml", "--separator", r"\n", cwd=folder)

    assert b"marks.jsonl:1:15: DT302" in by_recipe.stdout
    assert b"DT302" not in by_flag.stdout
    assert b"DT301" in by_flag.stdout


def test_a_recipe_may_list_several_locations(folder: Path) -> None:
    """All files of the list are read, in its order; validation data may be a list as well."""
    (folder / "recipe.yaml").write_text(
        "train_data: [good.jsonl, bad.jsonl]\nvalidation_data: [good.jsonl]\n"
    )

    result = run("lint", "--recipe", "recipe.yaml", "--format", "json", cwd=folder)
    shown = run("preview", "--recipe", "recipe.yaml", cwd=folder)

    files = [file["path"] for file in json.loads(result.stdout)["files"]]
    assert files == ["good.jsonl", "bad.jsonl", "good.jsonl"]
    assert b"good.jsonl:1" in shown.stdout


def test_select_and_ignore(folder: Path) -> None:
    """Codes and their beginnings choose the rules, in any case, with commas or repeated."""
    only = run("lint", "bad.jsonl", "--select", "dt4,DT1", "--ignore", "DT102", cwd=folder)

    assert only.returncode == 0
    assert b"DT404" in only.stdout
    assert b"DT102" not in only.stdout


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_an_unknown_code_is_misuse(option: str, folder: Path) -> None:
    """A mistyped code is refused with the nearest one."""
    done = run("lint", "bad.jsonl", option, "DT1O2", cwd=folder)

    assert done.returncode == 2
    assert b"unknown rule code 'DT1O2'; did you mean 'DT102'?" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lint"], "no data given"),
        (["lint", "missing.jsonl"], "no such file: 'missing.jsonl'"),
        (["lint", "~no-such-user/a"], "no such file: '~no-such-user/a'"),
        (["lint", "god.jsonl"], "did you mean 'good.jsonl'"),
        (["lint", "."], "is a folder"),
        (["lint", "*.nothing"], "no file matches"),
        (["lint", "good.jsonl", "--recipe", "missing.yaml"], "missing.yaml: cannot be read"),
        (["lint", "good.jsonl", "--format", "xml"], "'xml'"),
        (["lint", "good.jsonl", "--output-file", "missing/report"], "cannot be written"),
        (["lint", "cut.jsonl.gz"], "damaged or cut short"),
        (["rules", "DT30"], "unknown rule code 'DT30'; did you mean"),
    ],
)
def test_misuse_is_one_line_and_exits_with_2(
    arguments: list[str], words: str, folder: Path
) -> None:
    """What cannot be done is said on standard error, what to do next included."""
    (folder / "cut.jsonl.gz").write_bytes(gzip.compress(GOOD.encode())[:-20])

    done = run(*arguments, cwd=folder)

    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert done.stdout == b""
    assert len(done.stderr.decode().strip().splitlines()) == 1 or b"Usage:" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("prompt,completion\na,b\n", "the file is CSV"),
        ("<!DOCTYPE html><html></html>", "a web page"),
        ('[{"prompt": "a", "completion": "b"}]', "one JSON array"),
        ("", "is empty"),
    ],
)
def test_other_formats_are_one_finding(content: str, words: str, folder: Path) -> None:
    """A file that is something else altogether is named as what it is, once."""
    (folder / "other.jsonl").write_text(content)

    done = run("lint", "other.jsonl", cwd=folder)

    assert done.returncode == 1
    assert words in done.stdout.decode()
    assert done.stdout.count(b": DT") == 1


def test_output_file_is_replaced_whole(folder: Path) -> None:
    """The report goes to the file, a summary to standard error, and nothing is left beside it."""
    (folder / "report.json").write_text("old")

    done = run("lint", "bad.jsonl", "--format", "json", "--output-file", "report.json", cwd=folder)

    assert done.returncode == 1
    assert done.stdout == b""
    assert b"written to report.json" in done.stderr
    assert json.loads((folder / "report.json").read_text())["version"] == 1
    assert sorted(p.name for p in folder.iterdir()) == ["bad.jsonl", "good.jsonl", "report.json"]


def test_a_failed_run_keeps_the_old_output_file(folder: Path) -> None:
    """A run that cannot read its data leaves the last report as it was."""
    (folder / "report.txt").write_text("old")

    done = run("lint", "missing.jsonl", "--output-file", "report.txt", cwd=folder)

    assert done.returncode == 2
    assert (folder / "report.txt").read_text() == "old"


def test_a_reader_that_leaves_early_sees_no_traceback(folder: Path) -> None:
    """Closing standard output, as `head -1` does, ends the run quietly."""
    (folder / "many.jsonl").write_text("{\n" * 20_000)
    lint = [*COMMAND, "lint", "many.jsonl", "--max-findings", "20000"]
    process = subprocess.Popen(
        lint, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None

    first = process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)

    assert first.startswith(b"many.jsonl:1:")
    assert errors == b""


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"LC_ALL": "C"}])
def test_piped_output_is_plain(variables: dict[str, str], folder: Path) -> None:
    """No colour codes reach a pipe, and a locale that knows only ASCII breaks nothing."""
    (folder / "odd.jsonl").write_text('{"text": "a", "caf\u00e9\\u001b[31m": 1}\n', "utf-8")

    done = run("lint", "odd.jsonl", cwd=folder, **variables)

    assert b"DT103" in done.stdout
    assert b"\x1b" not in done.stdout


def test_a_lint_imports_nothing_heavy(folder: Path) -> None:
    """A lint of a local file pays for no library it does not need."""
    script = (
        "import sys\nfrom dataset_tools.cli import main\n"
        "try:\n    main(['lint', 'good.jsonl'])\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, check=True
    )

    assert done.stderr.strip() == b"[]"


def test_rules_lists_every_rule(folder: Path) -> None:
    """The list names every code; a code alone shows its page."""
    listed = run("rules", cwd=folder).stdout.decode().splitlines()
    page = run("rules", "dt301", cwd=folder).stdout.decode()

    assert list(RULES) == [line.split()[0] for line in listed]
    assert page.startswith("# DT301: ")
    assert "## Why it hurts" in page


def test_github_commands_escape_what_github_takes_apart(tmp_path: Path) -> None:
    """In a GitHub workflow findings are commands, with names and texts escaped."""
    (tmp_path / "50%, a:b.jsonl").write_text(GOOD + '{"prompt": "a", "completion": "b" "%"}\n')

    done = run("lint", "50%, a:b.jsonl", cwd=tmp_path, GITHUB_ACTIONS="true")

    assert done.returncode == 1
    assert done.stdout.decode().splitlines()[0] == (
        "::error file=50%25%2C a%3Ab.jsonl,line=101,col=35,title=DT005"
        "::malformed JSON: expected ',' or '}', found '\"'"
    )


def test_a_format_asked_for_wins_in_a_github_workflow(folder: Path) -> None:
    """`--format` decides, wherever the command runs."""
    done = run("lint", "bad.jsonl", "--format", "json", cwd=folder, GITHUB_ACTIONS="true")

    assert json.loads(done.stdout)["version"] == 1


def test_the_report_never_replaces_the_data(folder: Path) -> None:
    """An --output-file that is an input of the run is refused, and the input stays."""
    before = (folder / "bad.jsonl").read_bytes()

    done = run("lint", "bad.jsonl", "--output-file", "bad.jsonl", cwd=folder)

    assert done.returncode == 2
    assert b"is an input of this run" in done.stderr
    assert (folder / "bad.jsonl").read_bytes() == before


def test_one_cause_is_one_finding(tmp_path: Path) -> None:
    """Prompts and completions that all end with the same mark give one DT305."""
    rows = [{"prompt": f"{n}\n###\n", "completion": f" {n}\n###\n"} for n in range(100)]
    (tmp_path / "same.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    done = run("lint", "same.jsonl", "--format", "json", cwd=tmp_path)

    assert json.loads(done.stdout)["counts"] == {"DT305": 1}


def test_chat_turns_are_no_findings(tmp_path: Path) -> None:
    """Chat data lints clean, whether its end of turn is named in a recipe or not."""
    rows = [
        {
            "prompt": f"<|im_start|>user\n{n}<|im_end|>\n<|im_start|>assistant\n",
            "completion": f"{n}<|im_end|>\n",
        }
        for n in range(100)
    ]
    (tmp_path / "chat.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.yaml").write_text(
        'train_data: chat.jsonl\nstop_sequence: "<|im_end|>\\n"\n'
    )

    for arguments in (("chat.jsonl",), ("--recipe", "recipe.yaml")):
        done = run("lint", *arguments, "--format", "json", cwd=tmp_path)
        assert json.loads(done.stdout)["counts"] == {}


def test_a_full_disk_is_one_line(folder: Path) -> None:
    """Output that cannot be written ends with one line and exit code 2."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "lint", "bad.jsonl"],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == ["error: cannot write: No space left on device"]
