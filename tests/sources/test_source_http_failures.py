import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from http_bodies import BODY, PATH, RefusedBy, content
from loopback_server import Answer, LoopbackServer

from dataset_tools.sources import attempts, fetch, http_session

FETCH = """\
import sys
from dataset_tools.sources import fetch
print(fetch(sys.argv[1])[0].path)
"""


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
    monkeypatch.setattr(attempts, "LONGEST_PAUSE_SECONDS", 0.01)
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
    monkeypatch.setattr(attempts, "ATTEMPTS", 2)
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
