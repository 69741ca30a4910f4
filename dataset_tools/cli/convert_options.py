"""The options of `dataset-tools convert`, in groups."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dataset_tools.cli.options import mark_text
from dataset_tools.convert.chat.template import PLAIN
from dataset_tools.convert.readers import READERS
from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home

Command = TypeVar("Command", bound=Callable[..., Any])

FILE_SIGN = "@"  # before the path of a file that holds a template
GROUPS = {
    "Input": ("format_name", "split", "configuration", "sheet", "delimiter", "quote_character",
              "encoding", "has_header", "sample_by", "limit"),
    "Records": ("target", "prompt", "completion", "text", "weight", "separator", "stop_sequence",
                "missing", "is_strict"),
    "Chats and preference pairs": ("turns", "chat_template", "chosen_only"),
    "Output": ("output", "bom", "force", "quiet"),
    }  # fmt: skip


def convert_options(command: Command) -> Command:
    """Add all options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def template_text(value: str) -> str:
    r"""A template: the text, or after an @ the file that holds it.

    In the text a line break may be spelt `\n`, as in other options; a file is taken as it is, less
    the line break at its end. Raises InputError where the file cannot be read.
    """
    if not value.startswith(FILE_SIGN):
        return mark_text(value)
    path = with_home(value.removeprefix(FILE_SIGN))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{value}: the template cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{value}: the template is not UTF-8 (byte {error.start + 1}); save it as UTF-8"
        ) from error
    return re.sub(r"\r?\n\Z", "", text)


def _one_character(value: str) -> str:
    character = mark_text(value)
    if len(character) != 1:
        raise click.BadParameter(f"found {value!r}, expected one character, such as ; or \\t")
    return character


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--output", "-o", required=True, metavar="FILE",
        help="Where the records go; - for standard output. Packed if it ends in .gz or .zst.",
    ),
    click.option(
        "--from", "format_name", type=click.Choice(list(READERS)),
        help="What the input is. Default: told by its name and content.",
    ),
    click.option(
        "--to", "target", type=click.Choice(["prompt-completion", "text"]),
        help="The records to make. Default: text where templates or data make texts.",
    ),
    click.option("--prompt", type=template_text, metavar="T", help="What makes a prompt."),
    click.option("--completion", type=template_text, metavar="T", help="What makes a completion."),
    click.option("--text", type=template_text, metavar="T", help="What makes a text record."),
    click.option("--weight", metavar="COLUMN", help="The column that holds records' weights."),
    click.option(
        "--separator", type=mark_text, metavar="TEXT",
        help="End every prompt with this. Default: nothing; a newline in text records.",
    ),
    click.option(
        "--stop-sequence", type=mark_text, metavar="TEXT", default="",
        help="End every completion with this. Default: nothing.",
    ),
    click.option(
        "--missing", type=click.Choice(["error", "empty"]), default="error", show_default=True,
        help="What a missing value is (null, None, NaN): an error, or an empty text.",
    ),
    click.option(
        "--strict/--no-strict", "is_strict", default=True,
        help="A row that cannot be a record ends the run (default), or is left out and counted.",
    ),
    click.option(
        "--turns", type=click.Choice(["last", "each"]), default="last", show_default=True,
        help="A record for a chat's last answer, or for each.",
    ),
    click.option(
        "--chat-template", default=PLAIN, show_default=True, metavar="NAME",
        help="How chats are written out: plain, or a tokenizer whose template it is "
        "(folder, file or hub name).",
    ),
    click.option(
        "--chosen-only", is_flag=True, help="Of preference pairs, take the answer that was chosen.",
    ),
    click.option("--split", metavar="NAME", help="The split of a dataset. Default: train."),
    click.option(
        "--name", "configuration", metavar="NAME", help="The configuration of a dataset."
    ),
    click.option(
        "--sheet", metavar="NAME", help="The sheet of a workbook. Default: the first."
    ),
    click.option(
        "--delimiter", type=_one_character, metavar="CHAR",
        help="What parts the cells of CSV. Default: told by the data.",
    ),
    click.option(
        "--quote-char", "quote_character", type=_one_character, metavar="CHAR",
        help='What encloses the cells of CSV. Default: ".',
    ),
    click.option(
        "--encoding", metavar="NAME",
        help="Of a text file. Default: UTF-8, or told by the data.",
    ),
    click.option(
        "--header/--no-header", "has_header", default=True,
        help="Whether the first row names the columns; without, they are 1, 2, 3 …",
    ),
    click.option(
        "--sample-by", type=click.Choice(["line", "paragraph", "document"]), default="line",
        show_default=True, help="What a row of a TXT file is.",
    ),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N rows."),
    click.option("--bom", is_flag=True, help="Begin with a byte order mark, as Azure asks for."),
    click.option("--force", is_flag=True, help="Replace the output if it is there already."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors."),
)  # fmt: skip
