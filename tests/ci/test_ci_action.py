"""The GitHub action: its shape, and its scripts, run as a runner would."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ci.conftest import BAD_ROW, REPOSITORY
from ci.markdown_blocks import blocks

ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
INSTALL, LINT = (step for step in STEPS if "run" in step)
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
INPUT = re.compile(r"\binputs\.([\w-]+)")
# how a runner starts the script of a step with `shell: bash`
BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]

Done = subprocess.CompletedProcess[str]
RunLint = Callable[..., Done]


def run_script(
    step: dict[str, Any], folder: Path, cwd: Path, environment: Mapping[str, str]
) -> Done:
    script = folder / "step.sh"
    script.write_text(step["run"])
    return subprocess.run(
        [*BASH, script], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def runner(
    published: Path, environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """The environment of a runner on which the action's install step has run."""
    temporary = tmp_path_factory.mktemp("runner")
    runner = {
        **environment,
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(published),
        "RUNNER_TEMP": str(temporary),
    }
    step_environment = {**runner, "PYTHON": sys.executable}
    done = run_script(INSTALL, temporary, temporary, step_environment)
    assert done.returncode == 0, done.stderr
    return runner


@pytest.fixture
def lint(runner: Mapping[str, str], data: Path, tmp_path: Path) -> RunLint:
    """Run the lint step in the workspace, with inputs by the names the action gives them."""

    def run_lint(**inputs: str) -> Done:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        values = {name: ACTION["inputs"][name]["default"] for name in ACTION["inputs"]} | given
        variables = {
            variable: EXPRESSION.sub(lambda match: values[INPUT.findall(match[0])[0]], value)
            for variable, value in LINT["env"].items()
        }
        return run_script(LINT, tmp_path, data, {**runner, **variables})

    return run_lint


def test_the_action_has_the_required_keys() -> None:
    """Name, description, composite steps with a shell each, inputs with description and default."""
    assert set(ACTION) == {"name", "description", "inputs", "runs"}
    assert ACTION["runs"]["using"] == "composite"
    assert [set(step) & {"run", "uses"} for step in STEPS] == [{"uses"}, {"run"}, {"run"}]
    assert [step["shell"] for step in STEPS if "run" in step] == ["bash", "bash"]
    assert {frozenset(value) for value in ACTION["inputs"].values()} == {
        frozenset({"description", "default"})
    }


def test_every_input_is_used() -> None:
    """Each input reaches a step, and no step asks for another."""
    assert set(INPUT.findall(json.dumps(STEPS))) == set(ACTION["inputs"])


def test_no_script_contains_an_expression() -> None:
    """What an input says reaches a script by its environment only, where it cannot be run."""
    assert [EXPRESSION.findall(step["run"]) for step in (INSTALL, LINT)] == [[], []]
    assert [step["run"].count("inputs.") for step in (INSTALL, LINT)] == [0, 0]


def test_every_variable_of_a_step_is_used_by_its_script() -> None:
    """No step is given a variable that its script does not read."""
    unused = [
        name for step in (INSTALL, LINT) for name in step["env"] if f'"${name}"' not in step["run"]
    ]
    assert unused == []


def test_the_page_names_every_input() -> None:
    """The table of docs/ci.md has a line for each input, and the workflows give no others."""
    page = (REPOSITORY / "docs" / "ci.md").read_text()
    table = page.partition("| input |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(ACTION["inputs"])
    steps = [
        step
        for text in blocks("yaml")
        if "jobs:" in text
        for step in yaml.safe_load(text)["jobs"]["lint"]["steps"]
    ]
    given = [
        step.get("with", {})
        for step in steps
        if step["uses"].startswith("OWNER/axolotl-replicate@")
    ]
    assert len(given) == 2
    assert {name for inputs in given for name in inputs} <= set(ACTION["inputs"])


def test_only_the_base_is_installed(runner: Mapping[str, str]) -> None:
    """The install step brings the linter, and neither torch nor the trainer."""
    python = Path(runner["RUNNER_TEMP"]) / "dataset-tools" / "bin" / "python"
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], capture_output=True, check=True
    ).stdout
    names = {package["name"] for package in json.loads(listed)}
    heavy = {"torch", "axolotl", "transformers", "datasets", "pytest"}
    assert "axolotl-replicate" in names
    assert names & heavy == set()


def test_good_data_passes(lint: RunLint) -> None:
    """Clean data gives exit code 0 and no annotation."""
    done = lint(paths="data/*.jsonl")
    assert done.returncode == 0, done.stderr
    assert "::" not in done.stdout
    assert "0 errors, 0 warnings" in done.stdout


def test_bad_data_is_annotated(lint: RunLint, data: Path) -> None:
    """A finding gives exit code 1 and an annotation at its file and line."""
    with (data / "data" / "train.jsonl").open("a") as stream:
        stream.write(BAD_ROW)
    done = lint(paths="data/*.jsonl")
    assert done.returncode == 1
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert [line.partition("::the")[0] for line in commands] == [
        "::error file=data/train.jsonl,line=121,col=20,title=DT301"
    ]


def test_unreadable_data_is_no_finding(lint: RunLint) -> None:
    """A missing file gives exit code 2 and a line that names it."""
    done = lint(paths="data/none.jsonl")
    assert done.returncode == 2
    assert "data/none.jsonl" in done.stderr


def test_inputs_choose_options(lint: RunLint, data: Path) -> None:
    """`fail-on` and `args` do what the flags do, `args` being split as a shell splits words."""
    with (data / "data" / "train.jsonl").open("a") as stream:
        stream.write(BAD_ROW)
    few = data / "data" / "few.jsonl"
    few.write_text('{"prompt": "a ->", "completion": " b END"}\n')
    marks = r"--separator ' ->' --stop-sequence "
    assert lint(paths="data/train.jsonl", fail_on="never").returncode == 0
    assert lint(paths="data/train.jsonl", args="--ignore DT301").returncode == 0
    assert lint(paths="data/few.jsonl", args=marks + '" END"').returncode == 0
    assert lint(paths="data/few.jsonl", args=marks + '" END"', fail_on="warning").returncode == 1
    assert lint(paths="data/few.jsonl", args=marks + '" FIN"').returncode == 1


def test_paths_may_be_many_and_hold_blanks(lint: RunLint, data: Path) -> None:
    """Paths stand on one line or on several, and a quoted one may have a blank in it."""
    rows = (data / "data" / "train.jsonl").read_text()
    for name in ("a b.jsonl", "--help.jsonl"):
        (data / name).write_text(rows)
    done = lint(paths="data/train.jsonl 'a b.jsonl'\n--help.jsonl\n")
    assert done.returncode == 0, done.stderr
    assert "in 3 files, 360 records" in done.stdout


@pytest.mark.parametrize("name", ["paths", "args", "fail-on", "sarif-file"])
def test_nothing_in_an_input_is_run(lint: RunLint, data: Path, name: str) -> None:
    """Shell syntax in an input is taken as text, and the step fails for it."""
    done = lint(
        **{
            "paths": "data/*.jsonl",
            name: 'none/$(touch ran) `touch ran` ; touch ran ; "$(touch ran)" && touch ran #',
        }
    )
    assert done.returncode == 2
    assert not (data / "ran").exists()


@pytest.mark.parametrize("name", ["paths", "args"])
def test_an_open_quote_is_named(lint: RunLint, name: str) -> None:
    """A quote that is not closed gives exit code 2 and an annotation that names the input."""
    done = lint(**{"paths": "data/train.jsonl", name: "--separator '->"})
    assert done.returncode == 2
    assert f"::error::input '{name}' cannot be split" in done.stdout


def test_a_sarif_report_is_written_too(lint: RunLint, data: Path) -> None:
    """With `sarif-file` a report is left for the upload, though the findings fail the step."""
    with (data / "data" / "train.jsonl").open("a") as stream:
        stream.write(BAD_ROW)
    done = lint(paths="data/*.jsonl", sarif_file="dataset-tools.sarif")
    assert done.returncode == 1, done.stderr
    assert "::error file=data/train.jsonl,line=121" in done.stdout
    report = json.loads((data / "dataset-tools.sarif").read_text())
    assert report["version"] == "2.1.0"
    assert [result["ruleId"] for result in report["runs"][0]["results"]] == ["DT301"]
