r"""Data with planted faults: what lint must find, at which line, and nothing besides.

`python tests/planted_faults.py OUT --records 200000` writes the file; with `--check` it then runs
`dataset-tools lint --format json` over it once for each number of jobs, and says what was missed
and what was reported without being there. The faults and their places follow from the seed.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from training_data import SEPARATOR, STOP_SEQUENCE, TrainingRecord, training_records

Expected = frozenset[tuple[int, str]]  # (line, code)

RECORD_BYTES = 1000
LONG_LINE_BYTES = 5_000_000
UTF8_BOM = b"\xef\xbb\xbf"
JOBS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: its code, how often it is planted, and how a record comes to have it."""

    code: str | None  # None: no finding may come of it
    count: int
    plant: Callable[[TrainingRecord, random.Random], bytes]


def _with(
    record: TrainingRecord, prompt: str | None = None, completion: str | None = None
) -> bytes:
    return TrainingRecord(
        record.prompt if prompt is None else prompt,
        record.completion if completion is None else completion,
        record.is_escaped,
    ).line()


def _malformed(record: TrainingRecord, chance: random.Random) -> bytes:
    line = record.line().rstrip(b"\n")
    broken = chance.choice(
        [
            line[: len(line) // 3],  # ends inside a string
            line[:-1],
            line[:-1] + b",}",
            line + b"}",
            line + b" " + line,
            line.replace(b'": "', b'" "', 1),
            line.replace(b'", "', b'" "', 1),
            line.replace(b'"prompt"', b"'prompt'", 1),
            line.replace(b'{"prompt": "', b'{"prompt": "\t', 1),
            line.replace(b'{"prompt": "', b'{"prompt": "\\x', 1),
            line.replace(b'"completion"', b"completion", 1),
        ]
    )
    return broken + b"\n"


def _empty_completion(record: TrainingRecord, chance: random.Random) -> bytes:
    return _with(record, completion=chance.choice(["", " ", "\n", STOP_SEQUENCE]))


def _separator_inside(record: TrainingRecord, chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return _with(record, completion=record.completion.replace(" ", SEPARATOR, 1))
    return _with(record, prompt=record.prompt.replace(" ", SEPARATOR, 1))


def _invalid_utf8(record: TrainingRecord, chance: random.Random) -> bytes:
    # never UTF-8, Latin-1, cut short, a surrogate, longer than it need be
    wrong = chance.choice([b"\xff", b"caf\xe9 ", b"\xe6\x9d ", b"\xed\xa0\x80", b"\xc0\xaf"])
    return record.line().replace(b'"completion": "', b'"completion": "' + wrong)


def _wrong_type(record: TrainingRecord, chance: random.Random) -> bytes:
    value = chance.choice([None, 12, ["a list"], {"text": "an object"}, True])
    fields = {"prompt": record.prompt, "completion": record.completion}
    fields[chance.choice(list(fields))] = value  # type: ignore[assignment]  # the fault
    return json.dumps(fields).encode() + b"\n"


def _long_line(record: TrainingRecord, chance: random.Random) -> bytes:
    body = record.completion.removesuffix(STOP_SEQUENCE)
    repeats = LONG_LINE_BYTES // len(body.encode()) + 1
    return _with(record, completion=body * repeats + STOP_SEQUENCE)


FAULTS = {
    "malformed line": Fault("DT005", 50, _malformed),
    "empty completion": Fault("DT201", 30, _empty_completion),
    "missing separator": Fault(
        "DT301", 20, lambda record, chance: _with(record, record.prompt.removesuffix(SEPARATOR))
    ),
    "missing stop sequence": Fault(
        "DT303",
        20,
        lambda record, chance: _with(
            record, completion=record.completion.removesuffix(STOP_SEQUENCE)
        ),
    ),
    "separator inside": Fault("DT302", 10, _separator_inside),
    "invalid UTF-8": Fault("DT002", 5, _invalid_utf8),
    "wrong type": Fault("DT102", 3, _wrong_type),
    "NaN": Fault(
        "DT106",
        1,
        lambda record, chance: record.line().replace(b'{"prompt"', b'{"weight": NaN, "prompt"'),
    ),
    "duplicate key": Fault(
        "DT104",
        1,
        lambda record, chance: record.line().replace(b"{", b'{"prompt": "Said before.", ', 1),
    ),
    "lone surrogate": Fault(
        "DT107",
        1,
        lambda record, chance: record.line().replace(
            b'"completion": "', b'"completion": " \\ud83d'
        ),
    ),
    "5 MB line": Fault(None, 1, _long_line),
}
# these need more than their own record, so they are planted by `_lines` itself
DUPLICATE_RECORD, WINDOWS_LINE_ENDING, BYTE_ORDER_MARK = "duplicate", "CRLF", "BOM"
DUPLICATES, WINDOWS_LINES = 200, 40
ALL_KINDS = frozenset([*FAULTS, DUPLICATE_RECORD, WINDOWS_LINE_ENDING, BYTE_ORDER_MARK])


@dataclass(slots=True)
class _Plan:
    """Which line (1-based) gets what; no line gets two faults, nor has line 1 one but its BOM."""

    faults: dict[int, Fault] = field(default_factory=dict)
    sources: dict[int, int] = field(default_factory=dict)  # duplicate's line → line it repeats
    windows: set[int] = field(default_factory=set)
    has_mark: bool = False

    @property
    def expected(self) -> Expected:
        found = {(line, fault.code) for line, fault in self.faults.items() if fault.code}
        found |= {(line, "DT401") for line in self.sources}
        if self.windows:
            found.add((min(self.windows), "DT008"))
        if self.has_mark:
            found.add((1, "DT003"))
        return frozenset(found)


def _plan(records: int, chance: random.Random, kinds: Collection[str]) -> _Plan:
    free = list(range(2, records + 1))
    chance.shuffle(free)
    plan = _Plan(has_mark=BYTE_ORDER_MARK in kinds)
    for kind, fault in FAULTS.items():
        if kind in kinds:
            plan.faults |= {free.pop(): fault for _ in range(fault.count)}
    if DUPLICATE_RECORD in kinds:
        pairs = (sorted((free.pop(), free.pop())) for _ in range(DUPLICATES))
        plan.sources = {later: earlier for earlier, later in pairs}
    if WINDOWS_LINE_ENDING in kinds:
        plan.windows = {free.pop() for _ in range(WINDOWS_LINES)}
    return plan


def _lines(records: int, plan: _Plan, chance: random.Random, seed: int) -> Iterator[bytes]:
    repeated = set(plan.sources.values())
    kept: dict[int, TrainingRecord] = {}
    for number, record in enumerate(islice(training_records(RECORD_BYTES, seed), records), 1):
        if number in repeated:
            kept[number] = record
        if number in plan.faults:
            fault = plan.faults[number]
            yield fault.plant(record, chance)
        elif number in plan.sources:
            yield _spelt_anew(kept.pop(plan.sources[number]), chance)
        elif number in plan.windows:
            yield record.line().replace(b"\n", b"\r\n")
        else:
            yield record.line()


def _spelt_anew(record: TrainingRecord, chance: random.Random) -> bytes:
    """The same record in one of the ways JSON has to write it."""
    fields = {"prompt": record.prompt, "completion": record.completion}
    if chance.random() < 0.3:
        fields = dict(reversed(fields.items()))
    separators = (",", ":") if chance.random() < 0.3 else (", ", ": ")
    text = json.dumps(fields, ensure_ascii=chance.random() < 0.5, separators=separators)
    return f"{text}\n".encode()


def write_planted_faults(
    path: Path, records: int, seed: int = 0, kinds: Collection[str] = ALL_KINDS
) -> Expected:
    """Write the file (a line a record, 1 KB on average) and return what lint must find in it."""
    chance = random.Random(seed)
    plan = _plan(records, chance, kinds)
    with path.open("wb") as stream:
        if plan.has_mark:
            stream.write(UTF8_BOM)
        stream.writelines(_lines(records, plan, chance, seed))
    return plan.expected


def differences(
    expected: Expected, found: Iterable[tuple[int, str, str]]
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """What was missed, and what was reported above info without being there.

    `found` are (line, code, severity) of every finding.
    """
    triples = list(found)
    places = {(line, code) for line, code, _ in triples}
    above_info = {(line, code) for line, code, severity in triples if severity != "info"}
    return sorted(expected - places), sorted(above_info - expected)


def main() -> None:
    """Write the file and, if asked to, judge the command line by it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="lint the file and compare")
    options = parser.parse_args()
    expected = write_planted_faults(options.out, options.records, options.seed)
    print(f"{options.out}: {options.records} lines, {len(expected)} findings planted")
    if options.check:
        agreed = [_check(options.out, expected, jobs) for jobs in JOBS]
        if not all(agreed):
            raise SystemExit(1)


def _check(path: Path, expected: Expected, jobs: int) -> bool:
    command = [sys.executable, "-m", "dataset_tools", "lint", str(path), "--format", "json"]
    done = subprocess.run([*command, "--jobs", str(jobs)], stdout=subprocess.PIPE, check=False)
    if done.returncode != 1:
        raise SystemExit(f"lint exited with {done.returncode}, expected 1")
    findings = json.loads(done.stdout)["findings"]
    missed, surplus = differences(
        expected, ((each["line"], each["code"], each["severity"]) for each in findings)
    )
    print(
        f"--jobs {jobs}: {len(missed)} missed {missed[:10]}, {len(surplus)} too many {surplus[:10]}"
    )
    return not missed and not surplus


if __name__ == "__main__":
    main()
