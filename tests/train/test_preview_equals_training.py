"""Preview's JSON is the data Axolotl prepares: each recipe, each format, packed or not."""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from train.conftest import REPOSITORY, Lab
from train.test_prepared_data import prepared_rows

from dataset_tools.cli import dataset_tools

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

IGNORED = -100
COLUMNS = ("input_ids", "labels", "loss_weights")
PLUGINS = ["axolotl_replicate.ReplicateInputsPlugin", "axolotl_replicate.PromptLossWeightPlugin"]
RECIPES = {path.stem: path for path in sorted((REPOSITORY / "recipes").glob("*.yaml"))}
WEIGHTED = "no recipe, weighted by default"
PACKING = {
    "unpacked": {"pack_sequences": False},
    "best fit": {"pack_sequences": True},
    "wrapped": {"pack_sequences": True, "wrap_packed_sequences": True},
}
CHUNK_SIZE = 40


def words(count: int, seed: int) -> str:
    """Words that no other row has in this order."""
    return " ".join(f"{chr(97 + (seed * 7 + place * 5) % 26)}{place}" for place in range(count))


# of many lengths: some prompts are cut, one completion is dropped, some texts are split
ROWS = {
    "prompt-completion": [
        {
            "prompt": f"Say {n}: {words(n * 4 % 13, n)}",
            "completion": f" {words(30 if n == 7 else n * 5 % 9 + 1, n)}.",
        }
        for n in range(1, 24)
    ],
    "text": [{"text": f"{n} {words(n * 7 % 31 + 1, n)}"} for n in range(1, 24)],
}


def preview(recipe: Path, *arguments: str) -> list[dict[str, Any]]:
    """The objects that the command prints; in this process, which has imported what it needs."""
    flags = ["--recipe", str(recipe), "--rows", "999", "--format", "json", "--quiet", *arguments]
    done = CliRunner().invoke(dataset_tools, ["preview", *flags], catch_exceptions=False)
    assert done.exit_code == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def previewed_packs(recipe: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The packs' rows put together from previews of records and of packs, and the latter."""
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in preview(recipe):
        if not row["dropped"]:
            parts[row["line"]].append(row)
    (packs,) = preview(recipe, "--packs")
    rows = []
    for pack in packs["shown"]:
        joined: dict[str, Any] = {name: [] for name in (*COLUMNS, "record_lengths")}
        for span in pack["spans"]:
            sequence = parts[span["line"]][span["part"] - 1]
            for name in COLUMNS:
                piece = sequence[name][span["start"] : span["stop"]]
                if name == "labels":  # what a chunk begins with follows nothing
                    piece = [IGNORED, *piece[1:]]
                joined[name] += piece
            joined["record_lengths"].append(span["stop"] - span["start"])
        rows.append(joined)
    return rows, packs


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns that are compared, sorted: Axolotl shuffles rows.

    Without rows in which nothing is a target, which Axolotl leaves out: a chunk of a wrapped
    stream may lie in a masked prompt.
    """
    names = [name for name in (*COLUMNS, "record_lengths") if name in rows[0]]
    return sorted(
        ({name: row[name] for name in names} for row in rows if {*row["labels"]} != {IGNORED}),
        key=lambda row: [row[name] for name in names],
    )


@pytest.mark.parametrize("packing", PACKING)
@pytest.mark.parametrize("record_format", ROWS)
@pytest.mark.parametrize("base", [*RECIPES, WEIGHTED])
def test_preview_is_what_is_trained(
    base: str, record_format: str, packing: str, lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Ids, labels and weights of every row that Axolotl prepares, and no row more."""
    rows = ROWS[record_format]
    changes: dict[str, Any] = {"plugins": PLUGINS} if base == WEIGHTED else {}
    recipe = lab.write_recipe(
        RECIPES.get(base),
        train_data=str(write_rows(rows)),
        validation_data=None,
        run_validation=False,
        chunk_size=CHUNK_SIZE,
        **changes,
        **PACKING[packing],
    )
    if "PromptLossWeightPlugin" in recipe.read_text():
        write_rows([{**row, "weight": [0, 0.5, 1, 3][n % 4]} for n, row in enumerate(rows)])

    finished = lab.axolotl("preprocess", str(recipe))

    assert finished.exit_code == 0, finished.output
    prepared = prepared_rows(lab.folder)
    if packing == "unpacked":
        rows_shown = preview(recipe)
        if record_format == "prompt-completion":
            assert {7} == {row["line"] for row in rows_shown if row["dropped"]}
            assert any(row["truncated"] for row in rows_shown)
        else:
            assert len(rows_shown) > len(rows)
        previewed = [row for row in rows_shown if not row["dropped"]]
    else:
        previewed, packs = previewed_packs(recipe)
        assert packs["packs"] == len(packs["shown"])
    assert in_order(previewed) == in_order(prepared)


def test_packs_leave_out_what_is_held_out(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """Records at the end of the data that training validates on are in no pack."""
    recipe = lab.write_recipe(
        train_data=str(write_rows(ROWS["prompt-completion"])),
        num_validation_samples=5,
        chunk_size=CHUNK_SIZE,
        pack_sequences=True,
    )

    assert lab.axolotl("preprocess", str(recipe)).exit_code == 0
    previewed, packs = previewed_packs(recipe)

    assert packs["held_out"] == 5
    trained = packed_rows(lab.folder)
    assert in_order(previewed) == in_order(trained)


def packed_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of the prepared dataset that holds packs."""
    from datasets import load_from_disk

    rows: list[dict[str, Any]] = []
    for path in sorted({info.parent for info in folder.glob("prepared/**/dataset_info.json")}):
        dataset = load_from_disk(str(path))
        if "record_lengths" in dataset.column_names:
            rows += dataset.to_list()
    return rows
