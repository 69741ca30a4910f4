"""s3://, gs:// and az://, each against a server of its kind."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zstandard
from http_bodies import BODY, HALF, OTHER_BODY, RefusedBy, content
from object_stores import BUCKET, AzureStore, GoogleStore, S3Store, Store, running

from dataset_tools.download_cache import hold_slot
from dataset_tools.errors import MissingExtraError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.sources import fetch, object_store

KINDS = {"s3": S3Store, "gs": GoogleStore, "az": AzureStore}
LIBRARIES = {"s3": "s3fs", "gs": "gcsfs.core", "az": "adlfs"}

pytestmark = [
    # the clients' own: closed by finalizers, which run when they run
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Store]]:
    with running(S3Store) as s3, running(GoogleStore) as google, running(AzureStore) as azure:
        yield {"s3": s3, "gs": google, "az": azure}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials of this machine's, and no machine of a cloud to ask for some."""
    for variable in os.environ:
        if variable.startswith(("AWS_", "AZURE_", "GOOGLE_", "STORAGE_EMULATOR")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setattr("dataset_tools.sources.object_store_clients.AZURE_FIRST_PAUSE_SECONDS", 0)


@pytest.fixture(params=KINDS)
def store(
    request: pytest.FixtureRequest, servers: dict[str, Store], monkeypatch: pytest.MonkeyPatch
) -> Store:
    """Each of the stores, with an empty bucket, and credentials for it in the environment."""
    chosen = servers[request.param]
    chosen.clear()
    chosen.use(monkeypatch)
    return chosen


@pytest.fixture
def s3(servers: dict[str, Store], monkeypatch: pytest.MonkeyPatch) -> S3Store:
    chosen = servers["s3"]
    chosen.clear()
    chosen.use(monkeypatch)
    return chosen


def at(store: Store, name: str) -> str:
    return f"{store.scheme}://{BUCKET}/{name}"


# What comes into the cache


def test_an_object_is_brought_whole_and_named(store: Store) -> None:
    """The file has the object's bytes, its location as name, and its suffix."""
    store.put("data/a.jsonl", BODY)

    (file,) = fetch(at(store, "data/a.jsonl"))

    assert file.path.read_bytes() == BODY
    assert file.name == at(store, "data/a.jsonl")
    assert file.path.name.endswith("-a.jsonl")


def test_a_glob_brings_its_objects_in_order(store: Store) -> None:
    """A star stays within a folder, and the names decide the order."""
    for name in ("data/2.jsonl", "data/1.jsonl", "data/1.csv", "data/deeper/0.jsonl", "0.jsonl"):
        store.put(name, name.encode())

    files = fetch(at(store, "data/*.jsonl"))

    assert [file.name for file in files] == [at(store, f"data/{n}.jsonl") for n in (1, 2)]
    assert [file.path.read_bytes() for file in files] == [b"data/1.jsonl", b"data/2.jsonl"]


def test_brackets_in_a_name_are_a_name_first(store: Store) -> None:
    """An object called like a glob is found as it is called."""
    store.put("a[1].jsonl", BODY)
    store.put("a1.jsonl", OTHER_BODY)

    assert content(at(store, "a[1].jsonl")) == BODY
    assert content(at(store, "a[12].jsonl")) == OTHER_BODY


def test_an_object_larger_than_a_request_is_put_together(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ranges meet without gap or overlap."""
    monkeypatch.setattr(object_store, "RANGE_BYTES", 999)
    store.put("a.jsonl", BODY)

    assert content(at(store, "a.jsonl")) == BODY


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_packed_members_are_read_one_after_the_other(
    s3: S3Store, pack: Callable[[bytes], bytes]
) -> None:
    """Compressed parts that were joined are one file."""
    s3.put("a.jsonl.packed", pack(BODY) + pack(BODY))
    report = LintReport()

    (file,) = fetch(at(s3, "a.jsonl.packed"))
    check_source(file, LintSettings(), report)

    assert report.files[0].records == 200


# Later runs


def test_an_unchanged_object_is_not_downloaded_again(store: Store) -> None:
    """The copy that is there is used, as marks that were made in it show."""
    store.put("a.jsonl", BODY)
    (file,) = fetch(at(store, "a.jsonl"))
    file.path.write_bytes(OTHER_BODY)

    assert content(at(store, "a.jsonl")) == OTHER_BODY


def test_a_changed_object_is_noticed(store: Store) -> None:
    """Content of the same length under the same name is another version all the same."""
    store.put("a.jsonl", BODY)
    (old,) = fetch(at(store, "a.jsonl"))
    store.put("a.jsonl", OTHER_BODY)

    assert content(at(store, "a.jsonl")) == OTHER_BODY
    assert old.path.read_bytes() == BODY


def test_an_interrupted_download_resumes(s3: S3Store) -> None:
    """Bytes of the same version are kept, and only those after them are asked for."""
    s3.put("a.jsonl", BODY)
    version = current_version(s3, "a.jsonl")
    with hold_slot(at(s3, "a.jsonl")) as slot, slot.new_part(version) as part:
        part.write(OTHER_BODY[:HALF])

    assert content(at(s3, "a.jsonl")) == OTHER_BODY[:HALF] + BODY[HALF:]


def test_a_part_of_another_version_is_thrown_away(s3: S3Store) -> None:
    """Two versions are never joined."""
    s3.put("a.jsonl", BODY)
    with hold_slot(at(s3, "a.jsonl")) as slot, slot.new_part("another") as part:
        part.write(OTHER_BODY[:HALF])

    assert content(at(s3, "a.jsonl")) == BODY


def current_version(s3: S3Store, name: str) -> str:
    (file,) = fetch(at(s3, name))
    with hold_slot(at(s3, name)) as slot:
        version = slot.stored().validators.etag
        (slot.folder / "copy.json").unlink()
    file.path.unlink()
    return version


def test_an_object_that_changes_meanwhile_is_downloaded_anew(
    s3: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new version that arrives between two ranges leaves no trace of the old one."""
    monkeypatch.setattr(object_store, "RANGE_BYTES", HALF)
    s3.put("a.jsonl", BODY)
    left = [OTHER_BODY]

    @contextmanager
    def progress(*_: object, **__: object) -> Iterator[Callable[[int], None]]:
        yield lambda size: s3.put("a.jsonl", left.pop()) if left else None

    monkeypatch.setattr(object_store, "download_progress", progress)

    assert content(at(s3, "a.jsonl")) == OTHER_BODY


def test_of_three_processes_at_once_one_downloads(s3: S3Store) -> None:
    """The ranks of one job get the same file, and the store sends it once."""
    s3.put("a.jsonl", BODY)
    program = (
        "import sys; from dataset_tools.sources import fetch; print(fetch(sys.argv[1])[0].path)"
    )
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", program, at(s3, "a.jsonl")], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    paths = {rank.communicate()[0] for rank in ranks}

    assert len(paths) == 1
    assert Path(paths.pop().strip()).read_bytes() == BODY
    assert sum(f"GET /{BUCKET}/a.jsonl " in line for line in s3.log) == 1


# Refusals


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("bucket/no.jsonl", "bucket/no.jsonl: no such object; check the spelling"),
        ("bucket/no*.jsonl", "bucket/no*.jsonl: no object matches; check the spelling"),
        ("nowhere/a.jsonl", "nowhere/a.jsonl: there is no bucket 'nowhere' to be seen"),
        ("bucket/data", "bucket/data: is a folder; give an object, or a glob such as"),
        ("bucket/data/empty.jsonl", "bucket/data/empty.jsonl: the file is empty (0 bytes)"),
        ("bucket/page.jsonl", "bucket/page.jsonl: this is a web page"),
        ("bucket", "bucket: is a whole bucket; give an object"),
        ("bucket/", "bucket/: is a whole bucket; give an object"),
        ("buck*/a.jsonl", "buck*/a.jsonl: not a location in a store"),
        ("me:secret@bucket/a.jsonl", "bucket/a.jsonl: not a location in a store"),
        ("", ": not a location in a store"),
        ("bucket/a.jsonl?X-Signature=secret", "bucket/a.jsonl: holds a question mark"),
    ],
)
def test_what_cannot_be_had_is_one_line(
    store: Store, message_for: RefusedBy, location: str, expected: str
) -> None:
    """The message names the location, without credentials or query, and what is wrong."""
    store.put("data/empty.jsonl", b"")
    store.put("page.jsonl", b"<!doctype html>")

    assert message_for(f"{store.scheme}://{location}").startswith(f"{store.scheme}://{expected}")


def test_denied_credentials_are_named_by_where_they_come_from(
    s3: S3Store, message_for: RefusedBy
) -> None:
    """A key that the store does not know is denied; the message names no key."""
    s3.put("a.jsonl", BODY)
    s3.check_credentials(True)

    for location in (at(s3, "a.jsonl"), at(s3, "*.jsonl")):
        assert f"{location}: access denied: the object does not exist, or" in message_for(location)


def test_without_credentials_public_objects_can_be_read(
    s3: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody needs an account for data that everybody may read."""
    s3.put("a.jsonl", BODY, access="public-read")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert content(at(s3, "a.jsonl")) == BODY


def test_without_credentials_private_objects_cannot(
    s3: S3Store, message_for: RefusedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has no credentials is told which to set."""
    s3.put("a.jsonl", BODY)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    expected = "access denied, and no credentials were found, so that only public data can be read"
    assert expected in message_for(at(s3, "a.jsonl"))


def test_azure_without_a_key_reads_public_data_only(
    servers: dict[str, Store], message_for: RefusedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection string may name the account alone."""
    azure = servers["az"]
    azure.clear()
    azure.put("a.jsonl", BODY)
    string = azure.server.connection_string(with_key=False)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", string)

    assert ": access denied" in message_for(at(azure, "a.jsonl"))
    monkeypatch.setattr(azure.server, "public", True)
    assert content(at(azure, "a.jsonl")) == BODY


@pytest.mark.parametrize(
    ("scheme", "environment", "expected"),
    [
        ("s3", {"AWS_PROFILE": "nobody"}, "the AWS credentials cannot be read: The config profile"),
        ("gs", {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, "GOOGLE_APPLICATION_CREDENTIALS: "),
        ("az", {}, "no storage account is named; set AZURE_STORAGE_ACCOUNT_NAME or"),
        ("az", {"AZURE_STORAGE_CONNECTION_STRING": "secret"}, "the AZURE_STORAGE_* settings: "),
    ],
)
def test_unusable_settings_are_named(
    message_for: RefusedBy,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    environment: dict[str, str],
    expected: str,
) -> None:
    """Settings that contradict themselves are told before anything is asked."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    message = message_for(f"{scheme}://bucket/a.jsonl")

    assert message.startswith(f"{scheme}://bucket/a.jsonl: {expected}")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_store_that_is_gone_is_named_unless_there_is_a_copy(
    kind: type[Store],
    cache: Path,
    message_for: RefusedBy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a connection the copy of the last run serves, with one line of warning."""

    async def no_pause(*_: object) -> None:
        pass

    with running(kind) as store:
        store.use(monkeypatch)
        store.put("a.jsonl", BODY)
        (stored,) = fetch(at(store, "a.jsonl"))
    monkeypatch.setattr("asyncio.sleep", no_pause)

    assert content(at(store, "a.jsonl")) == stored.path.read_bytes()
    warning = f"warning: {at(store, 'a.jsonl')}: cannot connect: Connection refused; using the copy"
    assert capsys.readouterr().err.startswith(warning)
    stored.path.unlink()
    for path in cache.rglob("copy.json"):
        path.unlink()
    for location in (at(store, "b.jsonl"), at(store, "*.jsonl")):
        assert f"{location}: cannot connect: Connection refused; check" in message_for(location)


@pytest.mark.parametrize("scheme", KINDS)
def test_a_missing_client_names_the_extra(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message holds the command that installs it."""
    monkeypatch.setitem(sys.modules, LIBRARIES[scheme], None)

    expected = rf"^{scheme}://bucket/a: .* pip install 'axolotl-replicate\[cloud\]'$"
    with pytest.raises(MissingExtraError, match=expected):
        fetch(f"{scheme}://bucket/a")


def test_the_command_line_says_one_line_and_exits_with_2(s3: S3Store) -> None:
    """Nothing of the clients' logs or tracebacks reaches the terminal."""
    run = subprocess.run(
        [sys.executable, "-m", "dataset_tools", "lint", at(s3, "no.jsonl")],
        capture_output=True,
        text=True,
    )

    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1
    assert "no such object" in run.stderr
