"""CSV and TSV: delimiters, line numbers, and what is wrong with a row."""

from pathlib import Path

import pytest
from tables import head_of, outline, refusal, rows_of, write

from dataset_tools.convert.readers.delimited_text import LONGEST_CELL

QUOTED_LINE_BREAK = "a cell with a line break must stand in quotes"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.csv", "a,b\n1;2,3\n", ()),
        ("x.csv", "a;b\n1,5;2\n", ("the cells are parted by ';'",)),
        ("x.csv", "a\tb\n1\t2\n", ("the cells are parted by '\\t'",)),
        ("x.csv", "a|b\n1|2\n", ("the cells are parted by '|'",)),
        ("x.csv", 'a;b\n"1,5\n,";2\n3;4\n', ("the cells are parted by ';'",)),
        ("x.csv", "a;b\n1;2\n1;2;3\n3;4\n", ("the cells are parted by ';'",)),
        ("x.csv", "text\none; two\nthree\n", ()),
        ("x.tsv", "a\tb\n1\t2\n", ()),
        ("x.tsv", "a,b\n1,2\n", ("the cells are parted by ','",)),
    ],
)
def test_the_delimiter_is_detected_and_named(
    name: str, content: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    """The one that gives all rows as many cells; noted where it is not the format's usual one."""
    table = head_of(write(tmp_path, name, content))

    assert expected == table.notes
    assert len(table.columns) == (1 if content.startswith("text") else 2)


def test_delimiter_and_quotes_can_be_given(tmp_path: Path) -> None:
    """What is given is used as it is."""
    path = write(tmp_path, "x.csv", "a:b\n'1:5':2\n")

    assert rows_of(path, delimiter=":", quote_character="'") == [{"a": "1:5", "b": "2"}]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"delimiter": "::"}, "--delimiter is '::'; expected one character"),
        ({"quote_character": "\n"}, "--quote-char is '\\n'; expected one character"),
        ({"delimiter": '"'}, "--delimiter and --quote-char are both '\"'"),
    ],
)
def test_a_dialect_that_cannot_be_is_refused(options: dict, expected: str, tmp_path: Path) -> None:
    """One character each, and two different ones."""
    assert expected in refusal(write(tmp_path, "x.csv", "a,b\n1,2\n"), **options)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_rows_have_the_number_of_the_line_they_start_on(ending: str, tmp_path: Path) -> None:
    """Line breaks within quotes and blank lines count."""
    lines = ["a,b", '1,"x', 'y"', "", "2,z"]
    path = write(tmp_path, "x.csv", ending.join(lines) + ending)

    expected = [(2, {"a": "1", "b": f"x{ending}y"}), (5, {"a": "2", "b": "z"})]
    assert expected == outline(path)
    assert head_of(path).place(5, 2) == "x.csv:5: row 2"


def test_a_lone_carriage_return_in_quotes_is_no_line(tmp_path: Path) -> None:
    """Lines are counted as editors count them."""
    path = write(tmp_path, "x.csv", 'a,b\n1,"x\ry"\n2,z\n')

    assert outline(path) == [(2, {"a": "1", "b": "x\ry"}), (3, {"a": "2", "b": "z"})]


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    """The first row is data."""
    path = write(tmp_path, "x.csv", "1,2\n3,4\n")

    assert outline(path, has_header=False) == [(1, {"1": "1", "2": "2"}), (2, {"1": "3", "2": "4"})]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("1,2,3,4", "4 cells, expected 3; a cell that holds ',' must stand in quotes (\")"),
        ("1,2,3,", "4 cells, expected 3; the row ends with a delimiter (',') that the header does"),
        ("1,2", f'2 cells, expected 3; {QUOTED_LINE_BREAK} (")'),
        ("1", f'1 cell, expected 3; {QUOTED_LINE_BREAK} (")'),
        ('1,"say "hi" now",3', 'text follows a closing quote (")'),
        ('1,"2"x,3', 'text follows a closing quote (")'),
        ("1,2\r,3", "a carriage return stands outside quotes"),
    ],
)
def test_a_faulty_row_is_an_error_in_its_place(row: str, expected: str, tmp_path: Path) -> None:
    """The rows around it are read, and the text says what is wrong and how to mend it."""
    path = write(tmp_path, "x.csv", f"a,b,c\n1,2,3\n{row}\n4,5,6\n")

    before, (line, error), after = outline(path)
    assert before == (2, {"a": "1", "b": "2", "c": "3"})
    assert (line, error.startswith(expected)) == (3, True)
    assert after == (4, {"a": "4", "b": "5", "c": "6"})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "x.csv: the file is empty; expected a header"),
        ("\n\n", "x.csv: the file is empty; expected a header"),
        ("a,b\n", "x.csv: the file holds only the columns 'a', 'b' and no row"),
        ("a,b,a\n1,2,3\n", "x.csv:1: columns 1, 3 are all named 'a', expected a name for each"),
        ("\na,,c,\n1,2,3,4\n", "x.csv:2: columns 2, 4 of 4 have no name; name each in that row"),
        (",a,b\n0,1,2\n", "x.csv:1: column 1 of 3 has no name (pandas writes its index so"),
        ('a,b\n1,2\n3,"x\n4,y\n', 'x.csv:3: a quote (") opens in the row that starts here and'),
        ('a,"b\n1,2\n', "x.csv:1: a quote"),
        ('a,"b"c\n1,2\n', "x.csv:1: the first row: text follows a closing quote"),
    ],
)
def test_what_cannot_be_read_is_refused(content: str, expected: str, tmp_path: Path) -> None:
    """One line with the place, the cause and the remedy."""
    message = refusal(write(tmp_path, "x.csv", content))

    assert message.startswith(expected)


def test_a_header_that_is_data_can_be_said_to_be(tmp_path: Path) -> None:
    """The remedy that the refusal names works."""
    path = write(tmp_path, "x.csv", "a,,a\n1,2,3\n")

    assert "--no-header" in refusal(path)
    assert len(rows_of(path, has_header=False)) == 2


def test_an_open_quote_does_not_fill_the_memory(tmp_path: Path) -> None:
    """It is refused before the end of a large file, and so is a cell that is truly as long."""
    path = write(tmp_path, "x.csv", 'a,b\n1,"x\n' + "word, word\n" * (LONGEST_CELL // 10))

    assert refusal(path).startswith(
        "x.csv:2: a cell of the row that starts here is longer than 67,108,864 characters, the "
        'most that are read; shorten it, or, where a quote (") opens by mistake, close it'
    )


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    """A book is; nothing is cut off."""
    book = "word, word\n" * 2_000_000

    assert rows_of(write(tmp_path, "x.csv", f'a,b\n1,"{book}"\n')) == [{"a": "1", "b": book}]


@pytest.mark.parametrize("line", ["sep=;\n", "SEP=;\r\n", "\ufeffsep=;\n"])
@pytest.mark.parametrize("name", ["x.csv", "x"])
def test_a_first_line_may_name_the_delimiter(line: str, name: str, tmp_path: Path) -> None:
    """As Excel has it, even where another would fit; lines are counted with it."""
    path = write(tmp_path, name, f"{line}a,c;b\n1,2;3\n4,5\n")

    (row, error) = outline(path)
    assert row == (3, {"a,c": "1,2", "b": "3"})
    assert (error[0], error[1].startswith("1 cell, expected 2")) == (4, True)
    assert "the cells are parted by ';'" in head_of(path).notes


def test_a_delimiter_that_is_given_wins_over_the_named(tmp_path: Path) -> None:
    """The line that names one is still no row."""
    path = write(tmp_path, "x.csv", "sep=;\na,b\n1,2\n")

    assert rows_of(path, delimiter=",") == [{"a": "1", "b": "2"}]
