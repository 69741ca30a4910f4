r"""Clean prompt/completion data of any size, by seed: `python benchmarks/training_data.py OUT`.

Every prompt ends with the separator `\n\n###\n\n`, every completion with the stop sequence ` END`.
30 % of the records hold quotes, tabs, backslashes, line ends and characters outside ASCII, which
half of those records spell as escapes and half as UTF-8. No two records and no two prompts are
alike. Records are made one by one, so that memory does not grow with the file.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SEPARATOR = "\n\n###\n\n"
STOP_SEQUENCE = " END"
RECORD_BYTES = (300, 1000, 3000)  # the sizes that benchmarks/lint.py measures
SPECIAL_SHARE = 0.3  # of the records, that hold escapes and characters outside ASCII
PROMPT_SHARE = 0.6  # of a record's text
SENTENCES = (
    4000  # in the pool that records are drawn from; making words anew takes ten times longer
)

_VOCABULARY = (
    "the a this every one our their some many few old new early late small large quiet bright "
    "river market engine letter teacher winter garden window captain doctor village bridge "
    "machine question answer morning evening kitchen library station mountain harbour journey "
    "carries follows explains repairs measures opens closes describes finds leaves reaches turns "
    "slowly quickly again often rarely together before after under behind between without during "
    "water paper glass stone copper bread music light number reason result method signal weather"
)
_WORDS = _VOCABULARY.split()
_SPECIAL_SENTENCES = (
    'She said "not before noon" and left.',
    "The café in Zürich opens at seven.",
    "Smörgåsbord, naïveté and façade are all in the list.",
    "First line\nsecond line\n\tan indented third.",
    "The file lies in C:\\data\\letters on that machine.",
    "東京の天気は晴れです。",
    "Привет, как прошла поездка?",
    "The price rose by 5 € – again 🙂.",
)
_OPENINGS = ("In", "Near", "From", "About", "Outside", "Before", "Beyond", "Around")
_raw_json = json.JSONEncoder(ensure_ascii=False).encode
_escaped_json = json.JSONEncoder(ensure_ascii=True).encode


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """One record, and whether its line spells characters outside ASCII as escapes."""

    prompt: str
    completion: str
    is_escaped: bool = False

    def line(self) -> bytes:
        """The record as a line of the file, its newline included."""
        encode: Callable[[object], str] = _escaped_json if self.is_escaped else _raw_json
        fields = {"prompt": self.prompt, "completion": self.completion}
        return f"{encode(fields)}\n".encode()


def training_records(record_bytes: int, seed: int = 0) -> Iterator[TrainingRecord]:
    """Records without end whose lines are `record_bytes` long on average, within 10 %."""
    chance = random.Random(seed)
    pool = [_sentence(chance) for _ in range(SENTENCES)]
    average = sum(map(len, pool)) / len(pool) + 1
    overhead = len(TrainingRecord(SEPARATOR, STOP_SEQUENCE).line()) + 30  # 30: the opening
    wanted = max(record_bytes - overhead, 2 * average) / average  # sentences
    number = 0
    while True:
        number += 1
        length = wanted * chance.uniform(0.6, 1.4)
        in_prompt = max(1, _round(length * PROMPT_SHARE, chance))
        in_completion = max(1, _round(length * (1 - PROMPT_SHARE), chance))
        sentences = chance.choices(pool, k=in_prompt + in_completion)
        is_special = chance.random() < SPECIAL_SHARE
        if is_special:
            for at in (0, -1):  # one in the prompt, one in the completion
                sentences[at] = chance.choice(_SPECIAL_SENTENCES)
        opening = f"{chance.choice(_OPENINGS)} {chance.choice(_WORDS)} {number}:"
        yield TrainingRecord(
            f"{opening} {' '.join(sentences[:in_prompt])}{SEPARATOR}",
            f" {' '.join(sentences[in_prompt:])}{STOP_SEQUENCE}",
            is_special and chance.random() < 0.5,
        )


def _sentence(chance: random.Random) -> str:
    return f"{' '.join(chance.choices(_WORDS, k=chance.randint(5, 14)))}.".capitalize()


def _round(number: float, chance: random.Random) -> int:
    """Up or down by chance, so that the average stays."""
    return int(number + chance.random())


def write_training_data(path: Path, total_bytes: int, record_bytes: int, seed: int = 0) -> int:
    """Write at least `total_bytes` of whole lines, and return how many records they are."""
    written = count = 0
    with path.open("wb") as stream:
        records = training_records(record_bytes, seed)
        while written < total_bytes:
            block = b"".join(record.line() for record in islice(records, 100))
            stream.write(block)
            written += len(block)
            count += 100
    return count


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--record-bytes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    count = write_training_data(
        options.out, int(options.megabytes * 1e6), options.record_bytes, options.seed
    )
    print(f"{options.out}: {count} records, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
