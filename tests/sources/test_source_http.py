import gzip
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from http_bodies import BODY, HALF, OTHER_BODY, PATH, RefusedBy, content
from loopback_server import Answer, LoopbackServer

from dataset_tools.errors import InputError
from dataset_tools.sources import fetch

FETCH = """\
import sys
from dataset_tools.sources import fetch
print(fetch(sys.argv[1])[0].path)
"""
FETCH_WHEN_TOLD = """\
import sys
from dataset_tools.sources import http
print("ready", flush=True)
sys.stdin.readline()
print(http.fetch(sys.argv[1])[0].path)
"""


# What comes into the cache


def test_a_download_is_complete_named_and_recognisable(server: LoopbackServer) -> None:
    """The file has the bytes of the body, a name without secrets, and the suffix of the URL."""
    server.serve(f"{PATH}?token=secret", Answer(BODY))

    (file,) = fetch(server.url(f"{PATH}?token=secret"))

    assert file.path.read_bytes() == BODY
    assert server.url(PATH) == file.name
    assert file.path.name.endswith("-train.jsonl")
    assert not list(file.path.parent.glob("*part*"))


@pytest.mark.parametrize(
    ("path", "headers", "body", "expected"),
    [
        ("/a.jsonl.gz", {}, gzip.compress(BODY), "-a.jsonl.gz"),
        ("/get?id=1", {}, BODY, "-get.jsonl"),
        ("/get?id=1", {}, gzip.compress(BODY), "-get.jsonl.gz"),
        ("/", {}, BODY, "-download.jsonl"),
        ("/get", {"Content-Disposition": 'attachment; filename="../b c.csv"'}, BODY, "-b_c.csv"),
        ("/a.jsonl", {"Content-Encoding": "gzip"}, gzip.compress(BODY), "-a.jsonl.gz"),
        ("/a.jsonl.gz", {"Content-Encoding": "gzip"}, gzip.compress(BODY), "-a.jsonl.gz"),
    ],
    ids=[
        "URL",
        "plain content",
        "compressed content",
        "neither name nor suffix",
        "Content-Disposition",
        "compressed on the way",
        "compressed file",
    ],
)
def test_the_suffix_tells_what_the_file_holds(
    server: LoopbackServer, path: str, headers: dict[str, str], body: bytes, expected: str
) -> None:
    """The suffix comes from the URL, the server or the content, and the bytes stay as sent."""
    (file,) = fetch(server.serve(path, Answer(body, headers=headers)))

    assert file.path.name.endswith(expected)
    assert body == file.path.read_bytes()


def test_a_body_without_a_length_is_read_to_its_end(server: LoopbackServer) -> None:
    """Chunked transfer, where no length is announced, brings the whole file."""
    assert content(server.serve(PATH, Answer(BODY, chunked=True))) == BODY


def test_identity_is_asked_for(server: LoopbackServer) -> None:
    """No compression on the way, so that lengths and ranges count the file's own bytes."""
    fetch(server.serve(PATH, Answer(BODY)))

    assert server.seen(PATH)[0].headers["Accept-Encoding"] == "identity"


def test_credentials_are_used_and_never_shown(server: LoopbackServer) -> None:
    """The user and password of a URL reach the server, and nothing else."""
    server.serve(PATH, Answer(BODY))

    (file,) = fetch(server.url(PATH, credentials="me:p%40ss@"))

    assert server.seen(PATH)[0].headers["Authorization"] == "Basic bWU6cEBzcw=="
    assert server.url(PATH) == file.name


def test_credentials_do_not_follow_a_redirect_to_another_server(server: LoopbackServer) -> None:
    """A download server that a link leads to is not told the password of the first one."""
    other = LoopbackServer()
    try:
        target = other.serve(PATH, Answer(BODY)).replace("127.0.0.1", "localhost")
        server.serve("/link", Answer(status=302, headers={"Location": target}))

        assert content(server.url("/link", credentials="me:secret@")) == BODY
        assert "Authorization" not in other.seen(PATH)[0].headers
    finally:
        other.stop()


def test_a_redirect_lends_its_name(server: LoopbackServer) -> None:
    """A link without a suffix takes the one of the file it leads to."""
    server.serve(PATH, Answer(BODY))
    link = server.serve("/latest", Answer(status=302, headers={"Location": PATH}))

    (file,) = fetch(link)

    assert (link, BODY) == (file.name, file.path.read_bytes())
    assert file.path.name.endswith("-train.jsonl")


# Later runs


@pytest.mark.parametrize(
    "validators",
    [{"ETag": '"1"'}, {"ETag": 'W/"1"'}, {"Last-Modified": formatdate(0, usegmt=True)}],
)
def test_an_unchanged_file_is_not_downloaded_again(
    server: LoopbackServer, validators: dict[str, str]
) -> None:
    """A later run asks with the validator it was given, and keeps its copy on 304."""
    url = server.serve(PATH, Answer(BODY, headers=validators))

    assert fetch(url) == fetch(url)
    assert server.statuses(PATH) == [200, 304]


def test_a_server_that_overlooks_conditions_sends_no_body_twice(server: LoopbackServer) -> None:
    """The same validator on a 200 means the same file, whose body is not awaited."""
    headers = {"ETag": '"1"'}
    url = server.serve(PATH, Answer(BODY, headers=headers))
    first = fetch(url)
    server.serve(PATH, Answer(b"never read", headers=headers, conditional=False))

    assert fetch(url) == first
    assert first[0].path.read_bytes() == BODY
    assert server.statuses(PATH) == [200, 200]


def test_a_changed_file_is_downloaded_anew(server: LoopbackServer) -> None:
    """Another ETag brings the new content under a new name; the old file stays readable."""
    url = server.serve(PATH, Answer(BODY, headers={"ETag": '"1"'}))
    (old,) = fetch(url)
    server.serve(PATH, Answer(OTHER_BODY, headers={"ETag": '"2"'}))
    (new,) = fetch(url)

    assert server.statuses(PATH) == [200, 200]
    assert (old.path.read_bytes(), new.path.read_bytes()) == (BODY, OTHER_BODY)


def test_without_validators_every_run_downloads(server: LoopbackServer) -> None:
    """A server that gives no means to ask whether the file changed is asked for the file."""
    url = server.serve(PATH, Answer(BODY), Answer(OTHER_BODY))

    assert [content(url), content(url)] == [BODY, OTHER_BODY]


def test_the_stored_copy_serves_when_the_server_is_gone(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a connection the copy of the last run is used, with one line of warning."""
    url = server.serve(PATH, Answer(BODY, headers={"ETag": '"1"'}))
    stored = fetch(url)
    server.stop()

    assert stored == fetch(url)
    assert (
        f"warning: {url}: cannot connect: Connection refused; using the copy downloaded before\n"
        == capsys.readouterr().err
    )


def test_the_stored_copy_serves_while_the_server_is_broken(
    server: LoopbackServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Server errors that persist count as unreachable, too."""
    url = server.serve(PATH, Answer(BODY, headers={"ETag": '"1"'}))
    stored = fetch(url)
    server.serve(PATH, Answer(status=503))

    assert stored == fetch(url)
    assert "503 Service Unavailable; using the copy" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [Answer(status=404), Answer(OTHER_BODY, headers={"ETag": '"2"'}, drop_after=HALF)],
    ids=["deleted", "newer but incomplete"],
)
def test_the_stored_copy_does_not_stand_in_for_other_data(
    server: LoopbackServer, answer: Answer
) -> None:
    """A file known to be gone or changed is an error, not a run on old data."""
    url = server.serve(PATH, Answer(BODY, headers={"ETag": '"1"'}))
    fetch(url)
    server.serve(PATH, answer)

    with pytest.raises(InputError, match=r"404 Not Found|broke off after"):
        fetch(url)


# Interruptions


@pytest.mark.parametrize(
    "validators",
    [{"ETag": '"1"'}, {"Last-Modified": formatdate(0, usegmt=True)}],
)
def test_a_dropped_download_resumes_where_it_ended(
    server: LoopbackServer, validators: dict[str, str]
) -> None:
    """The next attempt asks for the missing bytes only, on condition of the same version."""
    url = server.serve(
        PATH,
        Answer(BODY, headers=validators, ranges=True, drop_after=HALF),
        Answer(BODY, headers=validators, ranges=True),
    )

    assert content(url) == BODY
    assert server.statuses(PATH) == [200, 206]
    second = server.seen(PATH)[1].headers
    assert (f"bytes={HALF}-", set(validators.values())) == (second["Range"], {second["If-Range"]})


def test_a_file_that_changed_meanwhile_is_never_mixed(server: LoopbackServer) -> None:
    """Where the version differs from the interrupted one, the whole new file is taken."""
    url = server.serve(
        PATH,
        Answer(BODY, headers={"ETag": '"1"'}, ranges=True, drop_after=HALF),
        Answer(OTHER_BODY, headers={"ETag": '"2"'}, ranges=True),
    )

    assert content(url) == OTHER_BODY
    assert server.statuses(PATH) == [200, 200]


@pytest.mark.parametrize("headers", [{"ETag": '"1"'}, {"ETag": 'W/"1"'}, {}])
def test_a_server_without_ranges_restarts_the_download(
    server: LoopbackServer, headers: dict[str, str]
) -> None:
    """Where nothing can be resumed, the next attempt brings the whole file."""
    url = server.serve(PATH, Answer(BODY, headers=headers, drop_after=HALF), Answer(BODY))

    assert content(url) == BODY
    assert server.statuses(PATH) == [200, 200]


def test_a_weak_etag_is_never_a_reason_to_resume(server: LoopbackServer) -> None:
    """Two versions may share a weak ETag, so their bytes must not be joined."""
    weak = {"ETag": 'W/"1"'}
    url = server.serve(
        PATH,
        Answer(BODY, headers=weak, ranges=True, drop_after=HALF),
        Answer(BODY, headers=weak, ranges=True),
    )

    assert content(url) == BODY
    assert "Range" not in server.seen(PATH)[1].headers


@pytest.mark.parametrize(
    "misbehaving",
    [
        Answer(BODY, status=206, headers={"Content-Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}"}),
        Answer(BODY, status=206),
        Answer(status=416),
    ],
    ids=["another range", "no range", "refused"],
)
def test_a_wrong_partial_answer_restarts_the_download(
    server: LoopbackServer, misbehaving: Answer
) -> None:
    """A part that does not start where ours ends is thrown away, not appended."""
    interrupted = Answer(BODY, headers={"ETag": '"1"'}, drop_after=HALF)
    url = server.serve(PATH, interrupted, misbehaving, Answer(BODY))

    assert content(url) == BODY
    assert "Range" not in server.seen(PATH)[2].headers


def test_a_later_run_resumes_what_an_earlier_one_left(
    server: LoopbackServer, message_for: RefusedBy
) -> None:
    """After the last failed attempt the part stays, and the next run continues it."""
    interrupted = Answer(BODY, headers={"ETag": '"1"'}, drop_after=HALF)
    url = server.serve(PATH, interrupted)

    message = message_for(url)
    server.serve(PATH, Answer(BODY, headers={"ETag": '"1"'}, ranges=True))

    assert (
        f"{url}: the download broke off after {HALF:,} of {len(BODY):,} bytes, "
        "5 times in a row; check the address or try again later"
    ) == message
    assert content(url) == BODY
    assert server.statuses(PATH)[-1] == 206


def test_a_killed_download_resumes_and_blocks_nobody(server: LoopbackServer, cache: Path) -> None:
    """A process that is killed leaves a part that the next run completes, and no lock."""
    body = BODY * 100
    stalled = Answer(body[:-1], headers={"ETag": '"1"'}, announced_length=len(body), stall=True)
    url = server.serve(PATH, stalled)
    process = subprocess.Popen([sys.executable, "-c", FETCH, url], stdout=subprocess.DEVNULL)
    wait_until(lambda: any(part.stat().st_size > 0 for part in cache.rglob("download.part")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.serve(PATH, Answer(body, headers={"ETag": '"1"'}, ranges=True))

    assert body == content(url)
    assert server.statuses(PATH) == [200, 206]


def wait_until(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come about"
        time.sleep(0.01)


@pytest.mark.parametrize("headers", [{"ETag": '"1"'}, {}], ids=["validators", "no validators"])
def test_of_four_processes_at_once_one_downloads(
    server: LoopbackServer, headers: dict[str, str]
) -> None:
    """The ranks of one job all get the file, and the server sends it once."""
    url = server.serve(PATH, Answer(BODY, headers=headers, delay=0.5))
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", FETCH_WHEN_TOLD, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for rank in ranks:
        assert rank.stdout.readline() == "ready\n"
    for rank in ranks:
        rank.stdin.write("go\n")
        rank.stdin.flush()
    paths = {rank.communicate()[0] for rank in ranks}

    assert len(paths) == 1
    assert Path(paths.pop().strip()).read_bytes() == BODY
    assert server.statuses(PATH).count(200) == 1
