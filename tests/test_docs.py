"""The documentation says what the code does, and its links lead somewhere."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from dataset_tools.cli import COMMANDS
from dataset_tools.rules import RULES, Rule

REPOSITORY = Path(__file__).parents[1]
SECTIONS = ["What it does", "Why it hurts", "Example", "Use instead", "Source"]
OPTIONAL_SECTIONS = ["Fix", "Options"]
MARKDOWN = sorted(
    path
    for path in REPOSITORY.rglob("*.md")
    if not any(part.startswith(".") for part in path.relative_to(REPOSITORY).parts)
    and path.relative_to(REPOSITORY).parts[0] not in ("outputs", "build", "dist")
    and path.relative_to(REPOSITORY).parts[:2] not in (("demo", "adapter"), ("demo", "model"))
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def load_generator() -> ModuleType:
    path = REPOSITORY / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()


def test_generated_pages_are_current() -> None:
    """`python docs/generate.py` would change nothing."""
    stale = [str(path.relative_to(REPOSITORY)) for path in GENERATOR.stale_pages()]
    assert stale == []


def test_check_names_stale_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` names a page that differs and one without a rule, writes nothing, and exits 1."""
    docs = tmp_path / "docs"
    monkeypatch.setattr(GENERATOR, "DOCS", docs)
    monkeypatch.setattr("sys.argv", ["generate.py"])
    GENERATOR.main()
    (docs / "cli.md").write_text("old")
    (docs / "rules" / "DT999.md").write_text("a rule that is gone")
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["generate.py", "--check"])

    with pytest.raises(SystemExit) as caught:
        GENERATOR.main()

    assert caught.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        "docs/cli.md: out of date",
        "docs/rules/DT999.md: belongs to no rule",
        "run python docs/generate.py",
    ]
    assert (docs / "cli.md").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "text"), GENERATOR.help_texts().items(), ids=GENERATOR.help_texts()
)
def test_a_command_has_help_and_examples(name: str, text: str) -> None:
    """The help says what the command does, and shows examples of it, each on its own line."""
    description = text.split("\n\n")[1]
    _, found, rest = text.partition("\n  Examples:\n")
    assert description.strip()
    assert not description.lstrip().startswith("Options:")
    assert found, f"{name} --help shows no examples"
    examples = rest.split("\n\n")[0].splitlines()
    assert examples
    assert [line for line in examples if f"{name} " not in f"{line} "] == []


def test_every_listed_command_is_documented() -> None:
    """The command line page has a section for each command."""
    page = (REPOSITORY / "docs" / "cli.md").read_text()
    sections = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert sections == ["dataset-tools", *(f"dataset-tools {name}" for name in COMMANDS)]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rules_page_has_all_sections(rule: type[Rule]) -> None:
    """A rule says, in this order, what it does, why, an example, the remedy and its source.

    One that is fixable says what a fix does and what it leaves.
    """
    sections = re.split(r"^ *## (.+)$", rule.__doc__ or "", flags=re.MULTILINE)[1:]
    names, bodies = sections[::2], sections[1::2]
    assert [name for name in names if name not in OPTIONAL_SECTIONS] == SECTIONS
    assert all(body.strip() for body in bodies)
    assert ("Fix" in names) == rule.fixable


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_relative_links_lead_to_files(page: Path) -> None:
    """Every link within the repository points at something that exists."""
    text = CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))
    targets = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_every_recipe_is_in_the_table() -> None:
    """The tables of recipes and sweeps link each once."""
    links = LINK.findall((REPOSITORY / "recipes" / "README.md").read_text())
    folder = REPOSITORY / "recipes"
    recipes = {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")}
    assert sorted(link for link in links if link.endswith(".yaml")) == sorted(recipes)


def test_the_readme_opens_with_the_two_commands() -> None:
    """`make demo` and `make test` stand within the first 20 lines, and the Makefile has them."""
    head = (REPOSITORY / "README.md").read_text().splitlines()[:20]
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in ("demo", "test"):
        assert any(line.startswith(f"make {target}") for line in head)
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
