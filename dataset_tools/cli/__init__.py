"""The command line: `dataset-tools COMMAND`; each command is a module here and a line below."""

import gc
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn, TextIO

import click

from dataset_tools import __version__
from dataset_tools.errors import InputError

COMMANDS = {
    "convert": "Make training data of tables and datasets.",
    "fix": "Mend what lint finds and can be mended without guessing.",
    "lint": "Check data files; exit 1 on findings.",
    "preview": "Show records as the trainer will see them.",
    "rules": "List the lint rules, or explain one.",
    "split": "Split a data file into training, validation and test data.",
    "stats": "Count records, tokens and steps; lengths as bars.",
}

_OBJECTS_BETWEEN_SEARCHES = 50_000  # for garbage in circles, of which there is next to none

EXIT_FINDINGS = 1
EXIT_MISUSE = 2


class _ReaderGoneError(Exception):
    """Whoever reads our output has had enough, as `| head` does."""


@contextmanager
def _reader_may_go() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:  # click would exit with 1, as for findings
        raise _ReaderGoneError from error


class _LazyGroup(click.Group):
    """Imports a command's module when it is called: a lint must not pay for the others."""

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        with _reader_may_go():
            return super().make_context(*arguments, **extra)  # shows the help, too

    def invoke(self, ctx: click.Context) -> Any:
        with _reader_may_go():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        # what is imported stays: looking through it for garbage again and again takes a tenth of
        # a small run's time, and makes forked processes copy it; nor is what a run makes garbage
        # that only a search would find
        gc.disable()
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
        gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="dataset-tools")
def dataset_tools() -> None:
    """Lint and preview fine-tuning data: what you see here is what you train.

    \b
    Examples:
      dataset-tools lint data.jsonl
      dataset-tools preview data.jsonl --row 3
      dataset-tools rules DT301
    """


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 for success, 1 for findings, 2 for misuse or unreadable input.

    Raises KeyboardInterrupt on Ctrl-C.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) == signal.SIG_DFL:  # nohup has it ignored
            signal.signal(ending, _end)
    sys.stdout, sys.stderr = map(_buffered, (sys.stdout, sys.stderr))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # LC_ALL=C knows no letter but ASCII
    try:
        dataset_tools.main(args=arguments, prog_name="dataset-tools", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        code = error.exit_code
    except InputError as error:
        code = _ended(f"error: {error}", EXIT_MISUSE)
    except click.Abort as abort:  # what click makes of Ctrl-C
        raise KeyboardInterrupt from abort
    except (_ReaderGoneError, BrokenPipeError):
        # what is lost of errors and notes may be lost before anything was done
        code = 0 if _takes_all(sys.stderr) else EXIT_MISUSE
    except OSError as error:
        code = _ended(f"error: cannot write: {error.strerror or error}", EXIT_MISUSE)
    else:
        return
    drop_unwritable_output()
    sys.exit(code)


def drop_unwritable_output() -> None:
    """Let what a standard stream cannot take go nowhere, so that nothing complains at exit."""
    for stream in (sys.stdout, sys.stderr):
        if not _takes_all(stream):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _takes_all(stream: TextIO | None) -> bool:
    """Whether all that was written to a standard stream gets where it is to go."""
    try:
        if stream is not None:  # it is where the program was started without one
            stream.flush()
    except OSError:
        return False
    return True


def _buffered(stream: TextIO) -> TextIO:
    """The standard stream with a buffer, which PYTHONUNBUFFERED and -u take away.

    What has none writes but a part where a disk is nearly full, and says nothing.
    """
    if isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, io.RawIOBase):
        buffer = io.BufferedWriter(stream.buffer)
        return io.TextIOWrapper(buffer, stream.encoding, line_buffering=True)
    return stream


def _ended(message: str, code: int) -> int:
    """The exit code of a run that ends with this message, which may be lost on its way."""
    with suppress(OSError):
        click.echo(message, err=True)
    return code


def _end(number: int, _: FrameType | None) -> NoReturn:
    """End as on an error, so that temporary files go; a signal by itself would leave them."""
    sys.exit(128 + number)
