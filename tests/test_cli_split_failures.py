"""What `dataset-tools split` says, and leaves behind, where it falls short of what was asked."""

import json
import resource
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run


def write(folder: Path, rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"prompt": prompt, "completion": text}) for prompt, text in rows]
    (folder / "data.jsonl").write_text("\n".join(lines))


@pytest.mark.parametrize("made_before", ["", "new", "new/parts"])
def test_a_failed_split_leaves_no_new_folder(made_before: str, tmp_path: Path) -> None:
    """Folders that were made for the parts go again; one that was there stays."""
    write(tmp_path, [(f"question {i}", "a" * 100) for i in range(400)])
    (tmp_path / made_before).mkdir(parents=True, exist_ok=True)

    done = subprocess.run(
        [*COMMAND, "split", "data.jsonl", "--validation", "10%", "-o", "new/parts"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )

    assert done.returncode == 2
    assert b"cannot be written: File too large" in done.stderr
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"data.jsonl", *filter(None, ["new" if made_before else "", made_before])}


@pytest.mark.parametrize("options", [[], ["-q"]])
def test_a_part_that_is_far_too_small_is_warned_of(options: list[str], tmp_path: Path) -> None:
    """Also where nothing else is told; a record or a tenth less is no news."""
    write(tmp_path, [(f"question {i // 30}", str(i)) for i in range(150)])

    done = run("split", "data.jsonl", "--validation", "59", "--test", "32", *options, cwd=tmp_path)

    warnings = [line for line in done.stderr.decode().splitlines() if "warning" in line]
    assert done.returncode == 0
    assert warnings == [
        "warning: validation: 30 of 59 records: no other group of records with the same prompt fits"
    ]
    if options:
        assert done.stderr.count(b"\n") == 1


def test_completions_of_their_own_are_no_classes(tmp_path: Path) -> None:
    """Where most records have a completion that no other has, --stratify says what is wrong."""
    write(tmp_path, [(f"question {i}", f"answer {min(i, 190)}") for i in range(200)])

    done = run("split", "data.jsonl", "--validation", "20", "--stratify", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.decode() == (
        "error: data.jsonl: not classification data: 190 of 200 records have a completion that no "
        "other has, expected classes of several records; split it without --stratify\n"
    )


def test_prompts_of_a_separator_alone_are_split_where_it_is_given(tmp_path: Path) -> None:
    """Without the flag they are one prompt, and the refusal names the flag."""
    write(tmp_path, [("\n\n###\n\n", f"text {i}") for i in range(40)])
    command = ["split", "data.jsonl", "--validation", "8"]

    refused = run(*command, cwd=tmp_path)
    done = run(*command, "--separator", "\\n\\n###\\n\\n", cwd=tmp_path)

    assert b"same prompt" in refused.stderr
    assert refused.stderr.endswith(b"nothing but a separator, give that with --separator\n")
    assert b"40 records in 40 groups" in done.stderr
