"""A real HTTP server on the loopback interface whose answers a test writes down per path."""

import ssl
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = False
    """Serve byte ranges, as long as If-Range names the answer's own validator."""
    announced_length: int | None = None
    """What Content-Length says, where it is not the truth."""
    drop_after: int | None = None
    """Close the connection after so many bytes of the body."""
    chunked: bool = False
    delay: float = 0.0
    """Seconds before the answer starts."""
    conditional: bool = True
    """Answer 304 to a client that has this version."""
    stall: bool = False
    """Keep the connection open after the body, until the server stops."""

    @property
    def validators(self) -> set[str]:
        return {self.headers[name] for name in ("ETag", "Last-Modified") if name in self.headers}


@dataclass(frozen=True)
class Seen:
    """One request that reached the server, and the status it got."""

    headers: dict[str, str]
    status: int


class LoopbackServer:
    def __init__(self, certificate: ssl.SSLContext | None = None) -> None:
        self._answers: dict[str, list[Answer]] = {}
        self._seen: dict[str, list[Seen]] = defaultdict(list)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        # The threads of clients that were killed or gave up must not hold up the test.
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None
        if certificate:
            self._server.socket = certificate.wrap_socket(self._server.socket, server_side=True)
        self._stopping = threading.Event()
        self._scheme = "https" if certificate else "http"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def serve(self, path: str, *answers: Answer) -> str:
        """Answer requests for `path` in this order, the last answer for ever; returns its URL."""
        self._answers[path] = list(answers)
        return self.url(path)

    def url(self, path: str, *, credentials: str = "") -> str:
        return f"{self._scheme}://{credentials}127.0.0.1:{self.port}{path}"

    def seen(self, path: str) -> list[Seen]:
        return self._seen[path]

    def statuses(self, path: str) -> list[int]:
        return [request.status for request in self._seen[path]]

    def stop(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next_answer(self, path: str) -> Answer:
        answers = self._answers.get(path, [Answer(status=404)])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler_class(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answer = server._next_answer(self.path)
                time.sleep(answer.delay)
                status, body = answer.status, answer.body
                headers = {"Content-Type": "application/octet-stream", **answer.headers}
                start = self._range_start(answer)
                if self._is_unchanged(answer):
                    status, body = 304, b""
                elif start is not None and start >= len(body):
                    status, body = 416, b""
                elif start is not None:
                    status, body = 206, body[start:]
                    last, total = len(answer.body) - 1, len(answer.body)
                    headers.setdefault("Content-Range", f"bytes {start}-{last}/{total}")
                server._seen[self.path].append(Seen(dict(self.headers), status))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self._send_body(answer, body)

            do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

            def _send_body(self, answer: Answer, body: bytes) -> None:
                if answer.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                else:
                    length = answer.announced_length or len(body)
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: answer.drop_after])
                if answer.stall:
                    server._stopping.wait()
                dropped = answer.drop_after is not None and answer.drop_after < len(body)
                self.close_connection = dropped or answer.announced_length is not None

            def _range_start(self, answer: Answer) -> int | None:
                wanted = self.headers.get("Range")
                if not answer.ranges or wanted is None:
                    return None
                if self.headers.get("If-Range") not in {None, *answer.validators}:
                    return None
                return int(wanted.removeprefix("bytes=").removesuffix("-"))

            def _is_unchanged(self, answer: Answer) -> bool:
                known = self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since")
                return answer.conditional and answer.status == 200 and known in answer.validators

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
