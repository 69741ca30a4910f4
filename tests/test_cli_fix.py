"""`dataset-tools fix` as a user runs it."""

import gzip
import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run

from dataset_tools.rules import RULES

DATA = b"""\
{"prompt": "a\\n##\\n", "completion": "b"}
{"prompt": "c\\n##\\n", "completion": "d"}

{"prompt": "e\\n##\\n", "completion": "f"}
{"completion": "h" , "prompt": "g"}
"""
FIXED = b"""\
{"prompt": "a\\n##\\n", "completion": "b"}
{"prompt": "c\\n##\\n", "completion": "d"}
{"prompt": "e\\n##\\n", "completion": "f"}
{"completion": "h" , "prompt": "g\\n##\\n"}
"""
DIFF = b"""\
--- data.jsonl
+++ data.jsonl
@@ -1,5 +1,4 @@
 {"prompt": "a\\n##\\n", "completion": "b"}
 {"prompt": "c\\n##\\n", "completion": "d"}
-
 {"prompt": "e\\n##\\n", "completion": "f"}
-{"completion": "h" , "prompt": "g"}
+{"completion": "h" , "prompt": "g\\n##\\n"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_bytes(DATA)
    return tmp_path


def refused(*arguments: str, cwd: Path, stdin: bytes = b"") -> str:
    """What a run says that ends with exit code 2, one line; nothing new may lie there."""
    before = sorted(path.name for path in cwd.iterdir())
    done = run("fix", *arguments, cwd=cwd, stdin=stdin)
    assert done.returncode == 2
    assert done.stdout == b""
    assert before == sorted(path.name for path in cwd.iterdir())
    message = done.stderr.decode()
    assert message.count("\n") == 1
    return message


def test_a_fixed_copy_is_written_and_what_was_done_is_told(folder: Path) -> None:
    """OUT holds the mended lines, the input stays, and standard error counts fixes by rule."""
    done = run("fix", "data.jsonl", "-o", "out.jsonl", cwd=folder)

    assert (folder / "out.jsonl").read_bytes() == FIXED
    assert (folder / "data.jsonl").read_bytes() == DATA
    assert done.returncode == 0
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        "data.jsonl: 2 fixes; written to out.jsonl",
        "  DT004 blank line: 1",
        "  DT301 prompt lacks the separator: 1",
        "  separator '\\n##\\n' (which 75.0% of the rows looked at end with)",
    ]


def test_errors_that_are_left_are_counted(folder: Path) -> None:
    """What only a person can mend is counted, with the command that names it."""
    (folder / "data.jsonl").write_bytes(DATA + b"{bad\n")

    done = run("fix", "data.jsonl", "-o", "out.jsonl", cwd=folder)

    assert done.returncode == 0
    left = "left: 1 error; see dataset-tools lint out.jsonl"
    assert done.stderr.decode().splitlines()[-1] == left


def test_errors_that_would_be_left_are_counted(folder: Path) -> None:
    """A diff that writes nothing tells what would be left; for standard output lint reads `-`."""
    (folder / "data.jsonl").write_bytes(DATA + b"{bad\n")

    shown = run("fix", "data.jsonl", "--diff", cwd=folder).stderr.decode().splitlines()
    piped = run("fix", "data.jsonl", "-o", "-", cwd=folder).stderr.decode().splitlines()

    assert shown[-1] == "would be left: 1 error; see dataset-tools lint data.jsonl"
    assert piped[-1] == "left: 1 error; see dataset-tools lint -"


def test_a_mark_that_utf8_cannot_spell_is_not_added(folder: Path) -> None:
    """A flag of bytes that are no UTF-8 leaves the rows as they are."""
    done = subprocess.run(
        [*COMMAND, "fix", "data.jsonl", "-o", "-", "--separator", b"\xff", "--select", "DT3"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout == DATA
    assert b"Traceback" not in done.stderr


def test_quiet_says_nothing(folder: Path) -> None:
    """With --quiet a fix that succeeds writes the file and no word."""
    done = run("fix", "data.jsonl", "-o", "out.jsonl", "--quiet", cwd=folder)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (folder / "out.jsonl").read_bytes() == FIXED


def test_standard_input_to_standard_output(folder: Path) -> None:
    """`-` reads standard input and `-o -` writes standard output."""
    done = run("fix", "-", "-o", "-", cwd=folder, stdin=DATA)

    assert done.stdout == FIXED
    assert done.stderr.startswith(b"<stdin>: 2 fixes; written to <stdout>\n")


def test_packed_input_is_unpacked(folder: Path) -> None:
    """A .gz file is fixed like the file in it, mended or not."""
    (folder / "data.jsonl.gz").write_bytes(gzip.compress(DATA))
    (folder / "good.jsonl.gz").write_bytes(gzip.compress(FIXED))

    assert run("fix", "data.jsonl.gz", "-o", "-", cwd=folder).stdout == FIXED
    assert run("fix", "good.jsonl.gz", "-o", "-", cwd=folder).stdout == FIXED


def test_diff_shows_what_changes_and_writes_nothing(folder: Path) -> None:
    """--diff alone prints a unified diff; lines that stay are its context."""
    done = run("fix", "data.jsonl", "--diff", cwd=folder)

    assert done.stdout == DIFF
    assert done.returncode == 0
    assert [path.name for path in folder.iterdir()] == ["data.jsonl"]
    assert (folder / "data.jsonl").read_bytes() == DATA


def test_diff_beside_an_output_names_both(folder: Path) -> None:
    """--diff with -o does both, and its head names both files."""
    done = run("fix", "data.jsonl", "--diff", "-o", "out.jsonl", cwd=folder)

    assert done.stdout == DIFF.replace(b"+++ data", b"+++ out")
    assert (folder / "out.jsonl").read_bytes() == FIXED


def test_a_diff_on_a_terminal_shows_no_control_characters(folder: Path) -> None:
    """What a terminal would obey is spelt out there, and only there."""
    (folder / "data.jsonl").write_bytes(b'{"text": "a\x1b[2J\xc2\x9b"}\n\n')
    own, terminal = pty.openpty()
    command = [*COMMAND, "fix", "data.jsonl", "--diff", "--quiet"]
    with os.fdopen(terminal, "wb") as stream:
        subprocess.run(command, cwd=folder, stdout=stream, env=environment(), check=True)
    shown = os.read(own, 10_000)
    os.close(own)

    assert b"\\x1b[2J\\x9b" in shown
    assert b"[31m-" in shown  # the dropped line, in red
    assert b"a\x1b[2J" not in shown
    plain = run("fix", "data.jsonl", "--diff", "--quiet", cwd=folder).stdout
    assert b"a\x1b[2J" in plain


def test_in_place_keeps_links_and_mode(folder: Path) -> None:
    """--in-place writes over the file that a link leads to, with the mode it had."""
    (folder / "data.jsonl").chmod(0o640)
    (folder / "link.jsonl").symlink_to("data.jsonl")

    run("fix", "link.jsonl", "--in-place", cwd=folder)

    assert (folder / "link.jsonl").is_symlink()
    assert (folder / "data.jsonl").read_bytes() == FIXED
    assert (folder / "data.jsonl").stat().st_mode & 0o777 == 0o640


def test_in_place_leaves_a_sound_file_alone(folder: Path) -> None:
    """A file with nothing to fix is not even written anew."""
    (folder / "data.jsonl").write_bytes(FIXED)
    before = (folder / "data.jsonl").stat()

    done = run("fix", "data.jsonl", "--in-place", cwd=folder)

    after = (folder / "data.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert done.stderr == b"data.jsonl: nothing to fix; left as it is\n"


def test_selected_and_ignored_rules(folder: Path) -> None:
    """--select fixes by these rules alone, a family by its beginning; --ignore leaves them out."""
    blank_only = DATA.replace(b"\n\n", b"\n")
    mark_only = FIXED.replace(b'{"prompt": "e', b'\n{"prompt": "e')

    for arguments, expected in (
        (["--select", "DT004"], blank_only),
        (["--select", "DT3,DT401"], mark_only),
        (["--ignore", "DT301"], blank_only),
    ):
        assert run("fix", "data.jsonl", "-o", "-", *arguments, cwd=folder).stdout == expected


def test_marks_come_from_flag_recipe_and_configuration_as_for_lint(folder: Path) -> None:
    """A flag's and a configuration's mark goes to every row, a recipe's where most rows have it."""
    bare = b'{"text": "a"}\n'
    (folder / "data.jsonl").write_bytes(bare)
    (folder / "recipe.yaml").write_text('train_data: x\nstop_sequence: "##"\n')

    by_flag = run("fix", "data.jsonl", "-o", "-", "--stop-sequence", "##", cwd=folder)
    by_recipe = run("fix", "data.jsonl", "-o", "-", "--recipe", "recipe.yaml", cwd=folder)
    (folder / "dataset-tools.toml").write_text('stop-sequence = "##"\n')
    by_file = run("fix", "data.jsonl", "-o", "-", cwd=folder)
    by_no_file = run("fix", "data.jsonl", "-o", "-", "--no-config", cwd=folder)

    assert by_flag.stdout == by_file.stdout == b'{"text": "a##"}\n'
    assert by_recipe.stdout == by_no_file.stdout == bare


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["data.jsonl"], "give -o OUT, --in-place or --diff"),
        (["data.jsonl", "-o", "out.jsonl", "--in-place"], "-o and --in-place: give one of them"),
        (["data.jsonl", "-o", "-", "--diff"], "both go to standard output"),
        (["data.jsonl", "-o", "data.jsonl", "--force"], "data.jsonl: is an input of this run"),
        (["data.jsonl", "-o", "link.jsonl", "--force"], "link.jsonl: is an input of this run"),
        (["link.jsonl", "-o", "data.jsonl", "--force"], "data.jsonl: is an input of this run"),
        (["data.jsonl", "-o", "there.jsonl"], "there.jsonl: is there already; --force replaces it"),
        (["data.jsonl", "-o", "."], ".: is a folder"),
        (["data.jsonl", "-o", "no/out.jsonl"], "no/out.jsonl: there is no folder 'no'"),
        (["data.jsonl", "-o", "out.jsonl.gz"], "out.jsonl.gz: is the name of a packed file"),
        (["data.jsonl", "-o", "out.zst"], "give -o out, or -o - and pack that"),
        (["packed.gz", "--in-place"], "packed.gz: is packed"),
        (["-", "--in-place"], "<stdin>: is no file that --in-place could write over"),
        (["*.jsonl", "--diff"], "*.jsonl: means 3 files, expected one"),
        (["nope.jsonl", "--diff"], "no such file: 'nope.jsonl'"),
        (["data.jsonl", "--diff", "--select", "DT999"], "unknown rule code 'DT999'"),
        (["data.jsonl", "--diff", "--ignore", "XY"], "unknown rule code 'XY'"),
        (["data.jsonl", "--diff", "--select", "DT404"], "--select DT404: cannot be mended without"),
        (["data.jsonl", "--diff", "--select", "DT5,DT301"], "--select DT5: cannot be mended"),
        (["array.json", "--diff"], "array.json: not JSON Lines: the file is one JSON array"),
        (["table.csv", "-o", "out.jsonl"], "not JSON Lines: the file is CSV"),
        (["wide.txt", "-o", "-", "--ignore", "DT002"], "the file is UTF-16, expected UTF-8"),
        (["cut.txt", "-o", "out.jsonl"], "cut.txt: starts as UTF-16, but not all of it is"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_one_line(
    folder: Path, arguments: list[str], words: str
) -> None:
    """Misuse and unreadable input end with exit code 2 and one line; no file is touched."""
    (folder / "link.jsonl").symlink_to("data.jsonl")
    (folder / "there.jsonl").write_bytes(b"precious")
    (folder / "packed.gz").write_bytes(gzip.compress(DATA))
    (folder / "array.json").write_bytes(b'[{"text": "a"}]')
    (folder / "table.csv").write_bytes(b"prompt,completion\na,b\n")
    (folder / "wide.txt").write_bytes('{"text": "a"}\n'.encode("utf-16"))
    (folder / "cut.txt").write_bytes('{"text": "a"}\n'.encode("utf-16")[:-1])

    assert words in refused(*arguments, cwd=folder)
    assert (folder / "there.jsonl").read_bytes() == b"precious"
    assert (folder / "data.jsonl").read_bytes() == DATA


def test_a_code_that_cannot_be_mended_is_told_which_can(folder: Path) -> None:
    """The refusal of such a code lists all fixable rules."""
    fixable = ", ".join(code for code, rule in RULES.items() if rule.fixable)
    message = refused("data.jsonl", "--diff", "--select", "DT404", cwd=folder)
    assert message.endswith(f"those that can: {fixable}\n")


def test_force_writes_over_another_file(folder: Path) -> None:
    """With --force an existing OUT is replaced."""
    (folder / "out.jsonl").write_bytes(b"old")
    assert run("fix", "data.jsonl", "-o", "out.jsonl", "--force", cwd=folder).returncode == 0
    assert (folder / "out.jsonl").read_bytes() == FIXED


def test_an_input_of_the_run_is_not_written_over(folder: Path) -> None:
    """Not even --force lets a fix write over its recipe."""
    (folder / "recipe.yaml").write_text("train_data: x\n")
    arguments = ["data.jsonl", "--recipe", "recipe.yaml", "-o", "recipe.yaml", "--force"]
    assert "recipe.yaml: is an input of this run" in refused(*arguments, cwd=folder)


def test_a_full_disk_is_one_line_that_names_the_file(folder: Path) -> None:
    """No space left gives exit code 2 and the file's name, for files and standard output."""
    done = run("fix", "data.jsonl", "-o", "/dev/full", cwd=folder)
    assert done.returncode == 2
    assert done.stderr == (
        b"error: /dev/full: cannot be written: No space left on device; "
        b"free some space or name another output\n"
    )

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "fix", "data.jsonl", "-o", "-", "-q"],
            cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


@pytest.mark.parametrize(
    ("content", "names"),
    [(FIXED * 1000, "out.jsonl: "), (DATA * 1000, "/dataset-tools-")],
    ids=["the output does not fit", "nor does a working copy"],
)
def test_files_that_grow_too_large_leave_nothing_half(
    folder: Path, content: bytes, names: str
) -> None:
    """Where a file does not fit, one line names it, and nothing half lies there."""
    (folder / "data.jsonl").write_bytes(content)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    done = subprocess.run(
        [*COMMAND, "fix", "data.jsonl", "-o", "out.jsonl", "--ignore", "DT401"],
        cwd=folder, preexec_fn=limit, stderr=subprocess.PIPE, check=False,
        env=environment(TMPDIR=str(folder)),
    )  # fmt: skip

    assert done.returncode == 2
    message = done.stderr.decode()
    assert names in message and "cannot be written: File too large" in message
    assert message.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["data.jsonl"]


def test_marks_are_added_to_values_far_into_a_long_line(folder: Path) -> None:
    """A line longer than all blocks that are read at once is mended like any other."""
    text = "x" * 3_000_000
    (folder / "data.jsonl").write_text(f'{{"text": "{text}"}}\n')
    run("fix", "data.jsonl", "--in-place", "--stop-sequence", "##", cwd=folder)
    assert (folder / "data.jsonl").read_text() == f'{{"text": "{text}##"}}\n'


def test_a_file_that_changes_while_it_is_read_is_refused(folder: Path) -> None:
    """A file that grows under the fix is an error, and OUT is not written."""
    program = f"""
import dataset_tools.fix.fixer as fixer
from dataset_tools.cli import main
look = fixer.Look
def and_the_file_grows(*arguments):
    with open({str(folder / "data.jsonl")!r}, "ab") as file:
        file.write(b"more")
    return look(*arguments)
fixer.Look = and_the_file_grows
main(["fix", "data.jsonl", "-o", "out.jsonl"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, check=False
    )

    assert done.returncode == 2
    assert b"data.jsonl: changed while it was read" in done.stderr
    assert not (folder / "out.jsonl").exists()


def test_lint_imports_nothing_of_fix(folder: Path) -> None:
    """What lint imports grows by no engine that mends."""
    program = (
        "import sys, dataset_tools.cli.lint; "
        "print([name for name in sys.modules if name.startswith('dataset_tools.fix') "
        "or name in ('charset_normalizer', 'dataset_tools.rules.alphabets')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, check=True
    )
    assert done.stdout == b"[]\n"
