"""What docs/ci.md tells a reader to type exists, and does what the page says."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from ci.conftest import ADDRESS, BAD_ROW, REPOSITORY
from ci.markdown_blocks import blocks

from dataset_tools.cli import dataset_tools

Done = subprocess.CompletedProcess[str]


def gitlab_job() -> dict[str, Any]:
    [job] = [text for text in blocks("yaml") if text.startswith("lint-data:")]
    read: dict[str, dict[str, Any]] = yaml.safe_load(job)
    return read["lint-data"]


def step_commands() -> list[str]:
    steps = next(step for step in map(yaml.safe_load, blocks("yaml")) if isinstance(step, list))
    return [step["run"] for step in steps]


def commands() -> list[str]:
    """Every command line of the page, from shell blocks, workflow steps and the GitLab job."""
    shell = [line for text in blocks("sh") for line in text.splitlines()]
    job = gitlab_job()
    return [*shell, *step_commands(), *job["before_script"], *job["script"]]


def options(command: click.Command) -> dict[str, click.Option]:
    return {
        spelling: parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for spelling in parameter.opts
    }


def lint_options() -> dict[str, click.Option]:
    command = dataset_tools.get_command(click.Context(dataset_tools), "lint")
    assert command is not None
    return options(command)


def unknown_words(words: list[str]) -> Iterator[str]:
    """The command, flags and choices of a `dataset-tools` line that do not exist."""
    command = dataset_tools.get_command(click.Context(dataset_tools), words[1])
    if command is None:
        yield words[1]
        return
    known = options(command)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--") and word not in known:
            yield word
        elif word in known:
            kind = known[word].type
            if isinstance(kind, click.Choice) and following not in kind.choices:
                yield f"{word} {following}"


def test_the_page_has_the_commands_it_should() -> None:
    """The search for commands finds those of all three kinds of block."""
    programs = [shlex.split(line)[0] for line in commands()]
    assert programs.count("dataset-tools") == 6
    assert set(programs) == {"dataset-tools", "pip", "pre-commit"}


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("dataset-tools")])
def test_a_command_exists(line: str) -> None:
    """The command, its flags and their choices are those of `--help`."""
    assert list(unknown_words(shlex.split(line))) == []


def test_flags_in_prose_exist() -> None:
    """Every flag that the page quotes outside its blocks is one of lint's."""
    page = (REPOSITORY / "docs" / "ci.md").read_text()
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    quoted = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "".join(re.findall(r"`[^`]+`", prose))))
    assert quoted >= {"--fail-on", "--format", "--ignore", "--separator"}
    assert quoted - lint_options().keys() == set()


def test_settings_are_named_as_the_flags() -> None:
    """Every key of the example for pyproject.toml is a flag of lint without its dashes."""
    [text] = blocks("toml")
    keys = tomllib.loads(text)["tool"]["dataset-tools"].keys()
    assert keys - {flag.removeprefix("--") for flag in lint_options()} == set()


def test_the_readme_links_the_page() -> None:
    """The README leads to docs/ci.md."""
    assert "](docs/ci.md)" in (REPOSITORY / "README.md").read_text()


def test_one_address_is_used() -> None:
    """Every repository address on the page is the same placeholder."""
    page = (REPOSITORY / "docs" / "ci.md").read_text()
    assert set(re.findall(r"https://github\.com/[\w.-]+/[\w.-]+", page)) == {ADDRESS}


@pytest.fixture(scope="module")
def job(
    environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[list[str], Path], Done]:
    """Runs script lines as GitLab's runner does, where the job's `before_script` has run."""
    image = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", image / "venv"], check=True)
    variables = {**environment, "PATH": f"{image / 'venv' / 'bin'}:{environment['PATH']}"}

    def run_lines(lines: list[str], cwd: Path) -> Done:
        # one script, which ends at the first line that fails
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=cwd,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )

    installed = run_lines(gitlab_job()["before_script"], image)
    assert installed.returncode == 0, installed.stderr
    return run_lines


RunLines = Callable[[list[str], Path], Done]


def test_the_gitlab_job(job: RunLines, data: Path) -> None:
    """The job passes on good data, fails on bad data, and leaves its report both times."""
    lines = gitlab_job()["script"]
    [artifact] = gitlab_job()["artifacts"]["paths"]
    good = job(lines, data)
    counts = [json.loads((data / artifact).read_text())["counts"]]
    with (data / "data" / "train.jsonl").open("a") as stream:
        stream.write(BAD_ROW)
    bad = job(lines, data)
    counts.append(json.loads((data / artifact).read_text())["counts"])

    assert (good.returncode, bad.returncode) == (0, 1), good.stderr + bad.stderr
    assert counts == [{}, {"DT301": 1}]
    assert "data/train.jsonl:121:20: DT301" in bad.stdout


def test_the_steps_by_hand_install_the_same(job: RunLines, data: Path) -> None:
    """The workflow step installs as the GitLab job does, and its lint line passes good data."""
    install, lint = step_commands()
    assert [install] == gitlab_job()["before_script"]
    assert job([lint], data).returncode == 0


def test_the_settings_hold(job: RunLines, data: Path) -> None:
    """The example for pyproject.toml names the marks, ignores DT404 and fails on warnings."""
    (data / "pyproject.toml").write_text(blocks("toml")[0])
    train = data / "data" / "train.jsonl"
    train.write_text("".join(train.read_text().splitlines(keepends=True)[:1]))
    line = "dataset-tools lint data/train.jsonl --format json"
    good = job([line], data)
    train.write_text(train.read_text() * 2)
    bad = job([line], data)

    assert [json.loads(good.stdout)["files"][0][key] for key in ("separator", "inferred")] == [
        "\n##\n",
        False,
    ]
    assert good.returncode == 0
    assert (bad.returncode, json.loads(bad.stdout)["counts"]) == (1, {"DT401": 1, "DT406": 1})


def test_a_baseline_silences_what_was_there(job: RunLines, data: Path) -> None:
    """Recorded findings no longer count, wherever their row moves, and a new one does."""
    write, use = (line for text in blocks("sh") for line in text.splitlines() if "baseline" in line)
    train = data / "data" / "train.jsonl"
    rows = train.read_text()
    train.write_text(rows + BAD_ROW)
    before = job(["dataset-tools lint data/*.jsonl"], data)
    job([write], data)
    recorded = job([use], data)
    train.write_text(BAD_ROW + rows)
    moved = job([use], data)
    train.write_text(BAD_ROW + rows + BAD_ROW.replace("121", "122"))
    added = job([use], data)

    assert [done.returncode for done in (before, recorded, moved, added)] == [1, 0, 0, 1]
    assert "data/train.jsonl:122:20: DT301" in added.stdout
