"""How records fall into packs: from the trainer's lengths, told with their lines."""

import json
from pathlib import Path

import pytest
from preview_pictures import terminal
from rich.cells import cell_len
from toy_tokenizers import CharacterTokenizer

from dataset_tools.preview import packs_terminal
from dataset_tools.preview.packs import Packs, as_json_object, make_packs
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.sources import SourceFile
from dataset_tools.tokens import TrainingFormat

TOKENIZER = CharacterTokenizer(bos_id=None)
NO_MARKS = PromptFormat("", "")


def source(folder: Path, *texts: str, name: str = "data.jsonl") -> SourceFile:
    path = folder / name
    path.write_text("".join(f"{text}\n" for text in texts))
    return SourceFile(name, path)


def texts(*lengths: int) -> list[str]:
    """Records of so many tokens, EOS among them."""
    return [json.dumps({"text": "x" * (length - 1)}) for length in lengths]


def spans(made: Packs) -> list[list[tuple[int, int, int, int]]]:
    """Line, part, start and stop of what is in each pack."""
    return [
        [(each["line"], each["part"], each["start"], each["stop"]) for each in pack["spans"]]
        for pack in as_json_object(made, 99)["shown"]
    ]


def test_best_fit(tmp_path: Path) -> None:
    """The longest first, each with those that fit beside it; lines without a record don't count."""
    file = source(tmp_path, *texts(4), "{", *texts(9, 6), "", *texts(1))

    made = make_packs([file], TrainingFormat(NO_MARKS, 10, packing="best_fit"), TOKENIZER)

    assert spans(made) == [[(3, 1, 0, 9), (6, 1, 0, 1)], [(4, 1, 0, 6), (1, 1, 0, 4)]]
    assert (made.density_packed, made.density_unpacked) == (1.0, 0.5)


def test_wrapped(tmp_path: Path) -> None:
    """One stream in the file's order, cut where a chunk is full; a long record is not split."""
    file = source(tmp_path, *texts(4, 13, 6))

    made = make_packs([file], TrainingFormat(NO_MARKS, 10, packing="wrapped"), TOKENIZER)

    assert spans(made) == [
        [(1, 1, 0, 4), (2, 1, 0, 6)],
        [(2, 1, 6, 13), (3, 1, 0, 3)],
        [(3, 1, 3, 6)],
    ]


def test_a_text_in_several_sequences(tmp_path: Path) -> None:
    """Each part is told apart; without packing in the recipe the packs are those of best fit."""
    file = source(tmp_path, *texts(25, 3))

    made = make_packs([file], TrainingFormat(NO_MARKS, 10), TOKENIZER)

    assert made.packing == "best_fit"
    assert spans(made) == [[(1, 1, 0, 10)], [(1, 2, 0, 10)], [(1, 3, 0, 5), (2, 1, 0, 3)]]


@pytest.mark.parametrize("on_too_long", ["truncate_prompt", "drop", "error"])
def test_dropped_records(on_too_long: str, tmp_path: Path) -> None:
    """Those of which nothing is trained are named, and take no room."""
    rows = [{"prompt": "p", "completion": "c" * length} for length in (3, 30, 4)]
    file = source(tmp_path, *map(json.dumps, rows))

    made = make_packs(
        [file],
        TrainingFormat(NO_MARKS, 10, on_too_long=on_too_long),  # type: ignore[arg-type]
        TOKENIZER,
    )

    assert [place.line for place in made.dropped] == [2]
    assert spans(made) == [[(3, 1, 0, 6)], [(1, 1, 0, 5)]]


def test_held_out_records(tmp_path: Path) -> None:
    """The last ones are left out, all parts of them, and those that are dropped; never all."""
    file = source(tmp_path, *texts(3, 4, 25, 6))
    training_format = TrainingFormat(NO_MARKS, 10)

    made = make_packs([file], training_format, TOKENIZER, held_out=2)
    whole = make_packs([file], training_format, TOKENIZER, held_out=4)

    assert (made.held_out, spans(made)) == (2, [[(2, 1, 0, 4), (1, 1, 0, 3)]])
    assert (whole.held_out, whole.sequences.records) == (0, 4)


def test_several_files(tmp_path: Path) -> None:
    """One stream through all of them; each record is named with its file."""
    files = [source(tmp_path, *texts(3, 4), name="a"), source(tmp_path, *texts(5), name="b")]

    made = make_packs(files, TrainingFormat(NO_MARKS, 10, packing="wrapped"), TOKENIZER)

    shown = as_json_object(made, 99)["shown"]
    named = [(each["path"], each["line"]) for pack in shown for each in pack["spans"]]
    assert named == [("a", 1), ("a", 2), ("b", 1), ("b", 1)]


@pytest.mark.parametrize("width", [40, 80])
def test_the_picture(width: int, tmp_path: Path) -> None:
    """Each record's share of the bar is its share of the room; what is not shown is counted."""
    file = source(tmp_path, *texts(*[5] * 7, 3, 20, 12, 1))
    made = make_packs([file], TrainingFormat(NO_MARKS, 20), TOKENIZER)
    console = terminal(width)

    packs_terminal.show(made, 2, console, ["a note"])
    lines = console.file.getvalue().split("\n")  # type: ignore[attr-defined]

    assert max(map(cell_len, lines)) <= width
    assert "note: a note" in lines
    bars = [line for line in lines if set(line) <= {"█", "▒", "·"} and line]
    assert bars[0] == "█" * width
    second = "█" * (width * 12 // 20) + "▒" * (width * 5 // 20) + "█" * (width * 3 // 20)
    assert bars[1] == second
    assert "[… 2 more packs …]" in lines
    assert "line 10 (12), 1 (5), 8 (3)" in lines
