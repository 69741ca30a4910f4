import gzip
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from loopback_server import Answer, LoopbackServer

from dataset_tools.errors import InputError
from dataset_tools.sources import fetch, http, http_session

PATH = "/data/train.jsonl"
BODY = b'{"prompt": "a", "completion": "b"}\n' * 100
OTHER_BODY = BODY.replace(b"a", b"x")
HALF = len(BODY) // 2
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

RefusedBy = Callable[[str], str]


@pytest.fixture
def message_for(cache: Path) -> RefusedBy:
    """Fetch what must fail; returns the message, which is checked for what all have in common."""

    def refuse(location: str) -> str:
        with pytest.raises(InputError) as caught:
            fetch(location)
        message = str(caught.value)
        assert "\n" not in message
        assert "secret" not in message
        left = {path.name for path in cache.rglob("*") if path.is_file()}
        assert left <= {"lock", "download.part", "part.json"}
        return message

    return refuse


def content(location: str) -> bytes:
    (file,) = fetch(location)
    return file.path.read_bytes()


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


# Attempts


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(server: LoopbackServer, status: int) -> None:
    """Too many requests and server errors do not end the run at once."""
    url = server.serve(PATH, Answer(status=status), Answer(status=status), Answer(BODY))

    assert content(url) == BODY
    assert [status, status, 200] == server.statuses(PATH)


@pytest.mark.parametrize("seconds_as", [lambda: "1", lambda: formatdate(time.time() + 2)])
def test_retry_after_is_respected(server: LoopbackServer, seconds_as: Callable[[], str]) -> None:
    """The server's own wish, in seconds or as a date, decides how long the pause is."""
    busy = Answer(status=429, headers={"Retry-After": seconds_as()})
    url = server.serve(PATH, busy, Answer(BODY))
    started = time.monotonic()

    assert content(url) == BODY
    assert time.monotonic() - started >= 0.9


def test_retry_after_is_capped(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that asks for more patience than anyone has is asked again sooner."""
    monkeypatch.setattr(http, "LONGEST_PAUSE_SECONDS", 0.01)
    busy = Answer(status=429, headers={"Retry-After": "3"})
    url = server.serve(PATH, busy, Answer(BODY))
    started = time.monotonic()

    assert content(url) == BODY
    assert time.monotonic() - started < 2.5


def test_an_unreadable_retry_after_is_overlooked(server: LoopbackServer) -> None:
    """What is neither a number nor a date leaves the pause to the usual backoff."""
    busy = Answer(status=503, headers={"Retry-After": "soon"})

    assert content(server.serve(PATH, busy, Answer(BODY))) == BODY


def test_a_failure_that_persists_is_named_with_the_number_of_attempts(
    server: LoopbackServer, message_for: RefusedBy
) -> None:
    """After five attempts the last answer is the message."""
    url = server.serve(f"{PATH}?secret", Answer(status=500))

    assert (
        f"{server.url(PATH)}: the server answered 500 Internal Server Error, 5 times in a row; "
        "check the address or try again later"
    ) == message_for(url)
    assert server.statuses(f"{PATH}?secret") == [500] * 5


def test_a_wrong_length_that_persists_is_named(
    server: LoopbackServer, message_for: RefusedBy
) -> None:
    """A body shorter than announced is not data, however often it comes."""
    url = server.serve(PATH, Answer(BODY, announced_length=len(BODY) + 1))

    expected = f"after {len(BODY):,} of {len(BODY) + 1:,} bytes, 5 times in a row"
    assert expected in message_for(url)


def test_a_slow_server_is_given_up(
    server: LoopbackServer, message_for: RefusedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer within the timeout counts as a failed attempt."""
    monkeypatch.setattr(http_session, "READ_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(http, "ATTEMPTS", 2)
    url = server.serve(PATH, Answer(BODY, delay=0.3))

    assert f"{url}: no answer in time, 2 times in a row" in message_for(url)


def test_a_refused_connection_is_named(server: LoopbackServer, message_for: RefusedBy) -> None:
    """A server that is not there is an address to check."""
    server.stop()

    assert "cannot connect: Connection refused, 5 times" in message_for(server.url(PATH))


def test_an_unknown_host_is_named_at_once(
    message_for: RefusedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt host is not asked five times."""
    lookups = []

    # The only stand-in of these tests: a real look-up would leave this machine.
    def know_no_host(host: str, *_: object) -> None:
        lookups.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", know_no_host)

    message = message_for("http://me:secret@no-such-host/a.jsonl?secret")

    assert message.startswith("http://no-such-host/a.jsonl: the host is not known; check the")
    assert lookups == ["no-such-host"]


# Refusals


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "401 Unauthorized; give credentials as https://USER:PASSWORD@…"),
        (403, "403 Forbidden; give a link that needs no login"),
        (404, "404 Not Found; check the spelling"),
        (410, "410 Gone; ask its owner"),
        (418, "418 I'm a Teapot; check the link in a browser"),
        (300, "300 Multiple Choices; check the link in a browser"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(
    server: LoopbackServer, message_for: RefusedBy, status: int, expected: str
) -> None:
    """What the server decided is not asked again, but told with the way out."""
    server.serve(f"{PATH}?secret", Answer(status=status))

    message = message_for(server.url(f"{PATH}?secret", credentials="me:secret@"))

    assert message.startswith(f"{server.url(PATH)}: the server answered {expected}")
    assert len(server.seen(f"{PATH}?secret")) == 1


def test_an_empty_file_is_refused(server: LoopbackServer, message_for: RefusedBy) -> None:
    """A download of no bytes is a failed upload or a wrong link."""
    assert "the file is empty (0 bytes)" in message_for(server.serve(PATH, Answer(b"")))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"Sign in", "text/html; charset=utf-8"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html>...", "text/plain"),
        (b"<HTML>...", "application/octet-stream"),
    ],
)
def test_a_web_page_is_recognised(
    server: LoopbackServer, message_for: RefusedBy, cache: Path, body: bytes, content_type: str
) -> None:
    """A page in place of data is seen by its type or by its first bytes, and not kept."""
    url = server.serve(PATH, Answer(body, headers={"Content-Type": content_type, "ETag": '"1"'}))

    expected = "is a web page (perhaps a login page), not data; give the link that downloads"
    assert expected in message_for(url)
    assert not list(cache.rglob("*part*"))


@pytest.mark.parametrize(
    ("page", "raw"),
    [
        (
            "http://github.com/o/r/blob/main/d/a.jsonl?secret",
            "https://raw.githubusercontent.com/o/r/main/d/a.jsonl",
        ),
        ("http://gist.github.com/me/0a1b2c", "https://gist.github.com/me/0a1b2c/raw"),
        (
            "http://huggingface.co/datasets/o/n/blob/main/a.jsonl",
            "http://huggingface.co/datasets/o/n/resolve/main/a.jsonl",
        ),
    ],
)
def test_the_page_of_a_file_suggests_the_file(
    server: LoopbackServer,
    message_for: RefusedBy,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    raw: str,
) -> None:
    """Where the raw link can be derived from the page's, the message holds it."""
    # The server stands in as the proxy, which is asked for the pages of other hosts.
    monkeypatch.setenv("HTTP_PROXY", server.url(""))
    monkeypatch.setenv("http_proxy", server.url(""))
    server.serve(page, Answer(b"<!doctype html>", headers={"Content-Type": "text/html"}))

    assert message_for(page).endswith(f"the file itself is at {raw}")


def test_a_proxy_that_is_gone_is_named(
    server: LoopbackServer, message_for: RefusedBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead proxy is not mistaken for a dead server."""
    monkeypatch.setenv("http_proxy", server.url(""))
    server.stop()

    assert "the proxy failed (cannot connect: Conn" in message_for("http://host.invalid/a.jsonl")


def test_a_compression_that_nobody_asked_for_is_refused(
    server: LoopbackServer, message_for: RefusedBy
) -> None:
    """Bytes that no later stage could read are not stored as data."""
    url = server.serve(PATH, Answer(b"...", headers={"Content-Encoding": "br"}))

    assert "sent compressed as 'br' though none was asked for" in message_for(url)


@pytest.mark.parametrize("target", ["ftp://host/a?secret", "file:///etc/hostname", "data:,a"])
def test_a_redirect_to_another_scheme_is_refused(
    server: LoopbackServer, message_for: RefusedBy, target: str
) -> None:
    """A server cannot lead a download out of http(s)."""
    url = server.serve(PATH, Answer(status=302, headers={"Location": target}))

    scheme = target.partition(":")[0]
    assert f"{url}: redirects to {scheme}://, expected http(s)" in message_for(url)


def test_a_redirect_loop_ends(server: LoopbackServer, message_for: RefusedBy) -> None:
    """A server that leads in a circle is followed ten times."""
    url = server.serve(PATH, Answer(status=302, headers={"Location": PATH}))

    assert f"{url}: redirects in a circle" in message_for(url)
    assert len(server.seen(PATH)) == 11


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///a.jsonl", "http://host:port/a", "http://[::1/a", "http://a..b/x?secret"],
)
def test_a_malformed_url_is_one_line(message_for: RefusedBy, url: str) -> None:
    """What cannot be a URL ends in a message, not in a traceback."""
    assert "not a valid URL; expected https://HOST/PATH" in message_for(url)


# TLS


@pytest.mark.usefixtures("trusted_authority")
def test_https_works_with_an_authority_of_ones_own(tls_server: LoopbackServer) -> None:
    """The variable that the TLS message names does what the message says."""
    assert content(tls_server.serve(PATH, Answer(BODY))) == BODY


def test_a_certificate_that_cannot_be_verified_is_refused(
    tls_server: LoopbackServer, message_for: RefusedBy
) -> None:
    """An unknown authority is an error that names the way to trust it."""
    message = message_for(tls_server.serve(f"{PATH}?secret", Answer(BODY)))

    assert message.startswith(f"{tls_server.url(PATH)}: TLS failure: ")
    assert "certificate" in message
    assert "REQUESTS_CA_BUNDLE" in message
    assert not tls_server.seen(PATH)


def test_a_server_that_speaks_no_tls_is_named(
    server: LoopbackServer, message_for: RefusedBy
) -> None:
    """https:// to a plain http server is told apart from a bad certificate."""
    url = server.url(PATH).replace("http://", "https://")

    assert f"{url}: TLS failure: " in message_for(url)


@pytest.mark.usefixtures("trusted_authority")
def test_a_redirect_that_gives_up_encryption_is_refused(
    server: LoopbackServer, tls_server: LoopbackServer, message_for: RefusedBy
) -> None:
    """From https the way never leads to http, where anyone could change the data."""
    target = server.serve(PATH, Answer(BODY))
    url = tls_server.serve("/link", Answer(status=301, headers={"Location": f"{target}?secret"}))

    assert f"{url}: redirects from https to unencrypted {target}; " in message_for(url)
    assert not server.seen(PATH)


# The terminal


def test_nothing_is_drawn_where_nobody_looks(
    server: LoopbackServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """A download in a log file is silent."""
    fetch(server.serve(PATH, Answer(BODY)))

    assert capfd.readouterr() == ("", "")


def test_a_terminal_shows_a_progress_bar(server: LoopbackServer) -> None:
    """On a terminal the bar names the file, on standard error only."""
    url = server.serve(PATH, Answer(BODY))
    terminal, stderr = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", FETCH, url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(stderr)
    stdout, _ = process.communicate()
    drawn = os.read(terminal, 1 << 16).decode()
    os.close(terminal)

    assert process.returncode == 0
    assert "/data/train.jsonl" in drawn
    assert stdout.count(b"\n") == 1
