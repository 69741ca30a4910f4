"""Write what follows from the code: rules, command line, recipe keys, the pre-commit manifest.

`python docs/generate.py` writes them; with `--check` nothing is written, the pages that are out of
date are named, and the exit code is 1 if there are any.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from dataset_tools.cli import dataset_tools
from dataset_tools.recipe_keys import RECIPE_KEYS, RecipeKey
from dataset_tools.rules import RULES
from dataset_tools.rules.page import rule_page

DOCS = Path(__file__).parent
WIDTH = 80
NOTICE = "<!-- Written by docs/generate.py; do not edit. -->\n\n"

# Keys without a single Axolotl key of the same meaning: what the plugin makes of them.
BECOMES = {
    "train_data": "`datasets`: fetched, linted, stored",
    "train_data_sha256": "checked after fetching",
    "validation_data": "`test_datasets`: its first `num_validation_samples` records",
    "run_validation": "`eval_strategy: epoch`, unless the recipe says when to evaluate",
    "num_validation_samples": "without `validation_data`: so many records off the end of the "
    "training data, never trained on",
    "validation_prompt": "a response at every evaluation; see [validation](validation.md)",
    "train_batch_size": "`gradient_accumulation_steps`: it divided by "
    "`micro_batch_size` × processes",
    "learning_rate_multiplier": "`learning_rate`: it × the rate that the base model was "
    "pre-trained with; not together with `learning_rate`",
    "pretraining_learning_rate": "that rate, which is known for Llama 2 only",
    "wrap_packed_sequences": "with `pack_sequences`: one stream, cut every `chunk_size` tokens",
    "separator": "the tokens",
    "stop_sequence": "the tokens",
    "on_too_long": "the tokens",
    "prompt_loss_weight": "the weight of prompt tokens in the loss; see "
    "[prompt_loss_weight](prompt-loss-weight.md)",
    "prompt_loss_normalization": "what the loss is divided by",
    "prompt_loss_fusion": "how the loss is computed; never what it is",
}
# Defaults that depend on other keys.
DEFAULTS = {
    "train_data": "required",
    "micro_batch_size": "4, or less where `train_batch_size` is smaller",
    "prompt_loss_weight": "0.1 with the loss plugin; else `train_on_inputs` as 0 or 1",
}
# What a kind and a range do not say.
EXPECTED = {
    "train_data": "a location ([sources](sources.md)), or a list of them",
    "validation_data": "a location, or a list of them",
    "train_data_sha256": "a SHA-256, as 64 hexadecimal digits",
    "prompt_loss_weight": "a number from 0 to 1; other than 0 and 1 with the loss plugin",
}

MANIFEST = ".pre-commit-hooks.yaml"
MANIFEST_MARKER = "# Below this line: written by docs/generate.py; do not edit.\n"
# id, name, description and the options of `dataset-tools lint` of each pre-commit hook
HOOKS = [
    (
        "dataset-tools-lint",
        "lint fine-tuning data",
        "Check JSON Lines training data; errors fail.",
        "",
    ),
    (
        "dataset-tools-lint-strict",
        "lint fine-tuning data, strictly",
        "Check JSON Lines training data; warnings fail too.",
        " --fail-on warning",
    ),
]
# pre-commit knows no type of its own for these names (a packed file is "binary", a plain one is
# not), so the hooks choose by name and leave `types` at the default, any regular file
HOOK_FILES = r"\.jsonl(\.gz|\.zst)?$"


def main() -> None:
    """Write the pages, or name the stale ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, name stale files")
    arguments = parser.parse_args()
    stale = stale_pages()
    for path, text in stale.items():
        name = path.relative_to(DOCS.parent)
        if text is None:
            print(f"{name}: belongs to no rule" if arguments.check else f"removed {name}")
        else:
            print(f"{name}: out of date" if arguments.check else f"wrote {name}")
    if arguments.check:
        if stale:
            print("run python docs/generate.py")
        sys.exit(1 if stale else 0)
    for path, text in stale.items():
        write_page(path, text)


def write_page(path: Path, text: str | None) -> None:
    """Write a page, or remove it where there is to be none."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def stale_pages() -> dict[Path, str | None]:
    """The pages that differ from what the code says, each as it should be, or None for no page."""
    wanted = dict(pages())
    stale: dict[Path, str | None] = {
        path: text
        for path, text in wanted.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    }
    surplus = set((DOCS / "rules").glob("*.md")) - wanted.keys()
    return stale | dict.fromkeys(sorted(surplus))


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated page and its text."""
    yield DOCS / "cli.md", cli_page()
    yield DOCS / "recipe-keys.md", recipe_keys_page()
    yield DOCS / "rules" / "README.md", rules_index()
    for code, rule in RULES.items():
        yield DOCS / "rules" / f"{code}.md", NOTICE + rule_page(rule)
    manifest = DOCS.parent / MANIFEST
    yield manifest, hooks_manifest(manifest.read_text("utf-8") if manifest.is_file() else "")


def rules_index() -> str:
    """The table of all rules."""
    rows = [
        [
            f"[{rule.code}]({rule.code}.md)",
            str(rule.severity),
            "yes" if rule.fixable else "",
            rule.name,
        ]
        for rule in RULES.values()
    ]
    return (
        f"{NOTICE}# Lint rules\n\n"
        "`dataset-tools lint` fails on errors; `--fail-on warning` makes it fail on warnings too.\n"
        "A rule's page is also printed by `dataset-tools rules CODE`. `dataset-tools fix` mends\n"
        "what is fixable where that takes no guess; a rule's page says what is left.\n\n"
        f"{table(['code', 'severity', 'fixable', 'what it reports'], rows)}"
    )


def recipe_keys_page() -> str:
    """The table of recipe keys."""
    rows = [
        [
            f"`{key.name}`",
            EXPECTED.get(key.name, key.expected),
            default_of(key),
            f"`{key.axolotl_name}`" if key.axolotl_name else BECOMES[key.name],
        ]
        for key in RECIPE_KEYS.values()
    ]
    return (
        f"{NOTICE}# Recipe keys\n\n"
        "The keys that `axolotl_replicate.ReplicateInputsPlugin` adds to an Axolotl recipe.\n"
        "Axolotl's own keys may stand beside them. A key given in both names, such as\n"
        "`num_train_epochs` and `num_epochs`, is an error, and so is a misspelling of a key\n"
        "in this table.\n\n"
        f"{table(['key', 'expects', 'default', 'becomes in Axolotl'], rows)}"
    )


def default_of(key: RecipeKey) -> str:
    """A key's default, as a recipe would write it."""
    if key.name in DEFAULTS:
        return DEFAULTS[key.name]
    if key.default is None or key.default == "":
        return "none"
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    if key.kind is str and not key.default.isidentifier():
        escaped = key.default.replace("\n", "\\n")
        return f'`"{escaped}"`'
    return f"`{key.default:g}`" if key.kind is float else f"`{key.default}`"


def cli_page() -> str:
    """The help of the group and of each command, as the terminal shows it."""
    parts = [f"{NOTICE}# Command line\n"]
    for name, text in help_texts().items():
        parts.append(f"\n## {name}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def help_texts() -> dict[str, str]:
    """`--help` of the group and of each command, by the words that call it."""
    program = "dataset-tools"
    group = dataset_tools.make_context(program, [], resilient_parsing=True, terminal_width=WIDTH)
    texts = {program: dataset_tools.get_help(group)}
    for name in dataset_tools.list_commands(group):
        command = dataset_tools.get_command(group, name)
        if command is None:
            raise LookupError(f"{name} is listed but cannot be had")
        context = command.make_context(name, [], parent=group, resilient_parsing=True)
        texts[f"{program} {name}"] = command.get_help(context)
    return texts


def hooks_manifest(written: str) -> str:
    """The pre-commit manifest: what stands above the marker as it was, then the hooks."""
    hooks = [
        {
            "id": identifier,
            "name": name,
            "description": description,
            "entry": f"dataset-tools lint{options}",
            "language": "python",
            "files": HOOK_FILES,
            # one process for all files: lint shares the work out by itself
            "require_serial": True,
        }
        for identifier, name, description, options in HOOKS
    ]
    head = written.partition(MANIFEST_MARKER)[0]
    return f"{head}{MANIFEST_MARKER}{yaml.safe_dump(hooks, sort_keys=False, width=100)}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n"
                   for line in lines)  # fmt: skip


if __name__ == "__main__":
    main()
