"""Make a data set of Python docstrings out of the standard library's own source files.

Prompt: a function's or method's signature with its full name. Completion: the first paragraph of
its docstring. The files are parsed, never imported: importing would run them. The same Python
gives the same data, byte for byte. Modules are held out whole, so that a held-out record has no
sibling from its own module in the training data.
"""

import argparse
import ast
import hashlib
import json
import re
import sys
import sysconfig
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console import DEMO, run, shown
from rich.console import Console
from rich.progress import track

from dataset_tools.errors import InputError
from dataset_tools.output_files import replacing

SKIPPED_FOLDERS = frozenset({"ensurepip", "idlelib", "lib2to3", "test", "tests", "turtledemo"})
HELD_OUT_SHARE = 0.1  # of the records, at most
PROMPT_CHARACTERS = range(1, 181)
COMPLETION_CHARACTERS = range(15, 251)
# Docstrings that say nothing about their function, or that are no prose.
BOILERPLATE = re.compile(
    r"""
      see\b | same\ as\b | like\b | alias\b | deprecated\b | internal\b | private\b
    | todo\b | fixme\b | xxx\b | initiali[sz]e\ (self|an?\ instance)\b
    | (return|implement)\ (self\s?[=!<>+*/%&|^-]|\w+\(self)
    | >>> | [\w.]+\([^)]*\)\.?$
    """,
    re.IGNORECASE | re.VERBOSE,
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class DocumentedFunction:
    """One record and the top-level module it comes from."""

    module: str
    prompt: str
    completion: str


def main() -> None:
    """Write the training and the held-out file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output",
        type=Path,
        default=DEMO / "data",
        help="the folder to write train.jsonl and heldout.jsonl to (default: %(default)s)",
    )
    parser.add_argument(
        "--stdlib",
        type=Path,
        default=Path(sysconfig.get_path("stdlib")),
        help="the folder of Python's standard library (default: this Python's)",
    )
    arguments = parser.parse_args()
    if arguments.output.exists() and not arguments.output.is_dir():
        raise InputError(f"{shown(arguments.output)} is a file, expected a folder to write to")
    records = read_records(arguments.stdlib)
    if not records:
        raise InputError(f"{shown(arguments.stdlib)} holds no documented functions")
    modules = held_out_modules(records)
    held_out = [record for record in records if record.module in modules]
    train = [record for record in records if record.module not in modules]
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, part in (("train.jsonl", train), ("heldout.jsonl", held_out)):
        write_records(arguments.output / name, part)
        print(f"{shown(arguments.output / name)}: {len(part)} records")


def read_records(stdlib: Path) -> list[DocumentedFunction]:
    """All usable records, no prompt and no completion twice, in an order without meaning.

    The order mixes modules, so that the first N records are a fair sample.
    """
    by_prompt: dict[str, DocumentedFunction] = {}
    seen_completions = set()
    files = source_files(stdlib)
    for path in track(
        files,
        "Reading the standard library",
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ):
        for record in documented_functions(path, module_name(path.relative_to(stdlib))):
            words = re.sub(r"\W+", " ", record.completion).casefold()
            if record.prompt not in by_prompt and words not in seen_completions:
                seen_completions.add(words)
                by_prompt[record.prompt] = record
    return sorted(by_prompt.values(), key=lambda record: digest(record.prompt))


def source_files(stdlib: Path) -> list[Path]:
    """The source files of public modules, sorted; what others installed there is left out."""
    return sorted(
        path for path in stdlib.rglob("*.py") if is_public_module(path.relative_to(stdlib))
    )


def is_public_module(path: Path) -> bool:
    """Whether this file below the library's folder is a public, non-test module."""
    parts = module_name(path).split(".")
    return parts[0] in sys.stdlib_module_names and not any(
        part.startswith("_") or part in SKIPPED_FOLDERS for part in parts
    )


def module_name(path: Path) -> str:
    """The module's dotted name: `email/__init__.py` is `email`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def documented_functions(path: Path, module: str) -> Iterator[DocumentedFunction]:
    """The records of one source file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the library's own escapes; nothing to mend here
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError) as error:
            raise InputError(f"{shown(path)}: not this Python's source: {error}") from error
    for name, function in public_functions(tree, module):
        prompt = signature(name, function)
        completion = first_paragraph(ast.get_docstring(function) or "")
        if len(prompt) in PROMPT_CHARACTERS and is_usable(completion):
            yield DocumentedFunction(module.split(".")[0], prompt, completion)


def public_functions(
    parent: ast.Module | ast.ClassDef, qualified_name: str
) -> Iterator[tuple[str, Function]]:
    """Functions and methods with their qualified names; nested functions have no such name."""
    for node in parent.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            name = f"{qualified_name}.{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from public_functions(node, name)
            else:
                yield name, node


def signature(name: str, function: Function) -> str:
    """The `def` line as the source has it, with the qualified name in place of the bare one."""
    keyword = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{keyword} {name}({ast.unparse(function.args)}){returns}:"


def first_paragraph(docstring: str) -> str:
    """The docstring up to its first blank line, as one line."""
    return " ".join(re.split(r"\n\s*\n", docstring.strip(), maxsplit=1)[0].split())


def is_usable(completion: str) -> bool:
    """Whether the text is a whole, plain sentence about its function."""
    return (
        len(completion) in COMPLETION_CHARACTERS
        and completion.endswith((".", "!", "?", ")"))  # a colon announces a list that is cut off
        and "->" not in completion  # a signature, as C functions' docstrings begin with
        and not BOILERPLATE.match(completion)
        and not any(unicodedata.category(character)[0] == "C" for character in completion)
    )


def held_out_modules(records: list[DocumentedFunction]) -> set[str]:
    """The modules kept from training: by their names' hashes, each that the share has room for."""
    sizes = Counter(record.module for record in records)
    room = int(len(records) * HELD_OUT_SHARE)
    chosen = set()
    for module in sorted(sizes, key=digest):
        if sizes[module] <= room:
            chosen.add(module)
            room -= sizes[module]
    return chosen


def digest(text: str) -> str:
    """The text's SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_records(path: Path, records: list[DocumentedFunction]) -> None:
    """Write bare prompt/completion records; separator and stop sequence are the trainer's."""
    rows = ({"prompt": r.prompt, "completion": r.completion} for r in records)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    with replacing(path) as stream:
        stream.write("".join(lines).encode())


if __name__ == "__main__":
    run(main)
