"""How hf:// locations are read."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.errors import InputError
from dataset_tools.sources.hub_location import HubLocation, parse_hub_location

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True)
CONFIGS = st.text(string.ascii_letters + string.digits + "-_", min_size=1)
REVISIONS = st.one_of(NAMES, st.sampled_from(["refs/pr/1", "refs/convert/parquet", "v1.0"]))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".jsonl")
LOCATIONS = st.one_of(
    st.builds(
        HubLocation,
        repository=st.builds("{}/{}".format, NAMES, NAMES),
        revision=st.none() | REVISIONS,
        config=st.none() | CONFIGS,
        split=st.none() | NAMES,
    ),
    st.builds(
        HubLocation,
        repository=st.builds("{}/{}".format, NAMES, NAMES),
        revision=st.none() | REVISIONS,
        path=PATHS,
    ),
)


@given(LOCATIONS)
def test_what_is_written_is_read_again(location: HubLocation) -> None:
    """A location written out and read has the same parts."""
    assert location == parse_hub_location(str(location))


@given(st.builds("{}/{}".format, NAMES, NAMES), REVISIONS, PATHS)
def test_the_hubs_own_place_for_a_revision_means_the_same(
    repository: str, revision: str, path: str
) -> None:
    """`@REV` may stand after the name, as the hub writes it, or at the end."""
    expected = HubLocation(repository, revision=revision, path=path)

    assert expected == parse_hub_location(f"hf://datasets/{repository}@{revision}/{path}")
    assert expected == parse_hub_location(f"hf://datasets/{repository}/{path}@{revision}")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("o/n", HubLocation("o/n")),
        ("o/n#test", HubLocation("o/n", split="test")),
        ("o/n/c@r#s", HubLocation("o/n", "r", "c", "s")),
        ("o/n@a/branch", HubLocation("o/n", "a/branch")),
        ("o/n/d/*.jsonl.gz", HubLocation("o/n", path="d/*.jsonl.gz")),
    ],
)
def test_each_form_is_understood(location: str, expected: HubLocation) -> None:
    """Configuration, revision, split and path each have their place."""
    assert expected == parse_hub_location(f"hf://datasets/{location}")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("hf://o/n", "expected hf://datasets/OWNER/NAME"),
        ("hf://models/o/n", "expected hf://datasets/OWNER/NAME"),
        ("hf://datasets/n", "expected hf://datasets/OWNER/NAME"),
        ("hf://datasets//n", "expected hf://datasets/OWNER/NAME"),
        ("hf://datasets/o/n#", "nothing follows #"),
        ("hf://datasets/o/n@", "nothing follows @"),
        ("hf://datasets/o/n?token=secret", "no question mark"),
        ("hf://me:secret@datasets/o/n", "expected hf://datasets/OWNER/NAME"),
        ("hf://datasets/o/n/a/b", "'a/b' is neither a configuration nor a data file"),
        ("hf://datasets/o/n/a.jsonl#test", "a file has no splits; leave out '#test'"),
    ],
)
def test_anything_else_is_refused(location: str, expected: str) -> None:
    """The message shows the forms there are, and no secret."""
    with pytest.raises(InputError) as refused:
        parse_hub_location(location)

    assert expected in str(refused.value)
    assert "secret" not in str(refused.value)
