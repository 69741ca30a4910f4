"""Azure's Blob service on the loopback interface, as far as reading goes.

Answers as the REST API's reference describes Get Blob, Get Blob Properties, Get Container
Properties and List Blobs, version 2021-08-06; whether a request is signed is looked at, with which
key is not. Azurite, Microsoft's own emulator, would need Node.
"""

import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCOUNT = "account"
KEY = "c2VjcmV0"


class LoopbackAzure:
    def __init__(self) -> None:
        self.containers: dict[str, dict[str, bytes]] = {}
        self.public = False
        self.requests: list[str] = []
        self._versions: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def connection_string(self, *, with_key: bool = True) -> str:
        address = f"http://127.0.0.1:{self._server.server_address[1]}/{ACCOUNT}"
        key = f"AccountKey={KEY};" if with_key else ""
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};{key}BlobEndpoint={address};"

    def put(self, container: str, name: str, body: bytes) -> None:
        self.containers.setdefault(container, {})[name] = body
        self._versions[f"{container}/{name}"] = self._versions.get(f"{container}/{name}", 0) + 1

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler_class(azure) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                azure.requests.append(f"{self.command} {self.path}")
                _, _, container, *parts = unquote(urlsplit(self.path).path).split("/")
                query = parse_qs(urlsplit(self.path).query)
                if not azure.public and "Authorization" not in self.headers:
                    self._error(403, "AuthenticationFailed")
                elif container not in azure.containers:
                    self._error(404, "ContainerNotFound")
                elif "comp" in query:
                    self._list(container, query)
                elif not parts:
                    self._send(200, b"", self._validators(container))
                elif "/".join(parts) in azure.containers[container]:
                    self._blob(container, "/".join(parts))
                else:
                    self._error(404, "BlobNotFound")

            do_HEAD = do_GET  # noqa: N815 - the name that the handler looks for

            def _validators(self, path: str) -> dict[str, str]:
                version = azure._versions.get(path, 0)
                return {"ETag": f'"0x{version:X}"', "Last-Modified": formatdate(0, usegmt=True)}

            def _blob(self, container: str, name: str) -> None:
                body = azure.containers[container][name]
                headers = {
                    **self._validators(f"{container}/{name}"),
                    "x-ms-blob-type": "BlockBlob",
                    "x-ms-creation-time": formatdate(0, usegmt=True),
                    "Content-Type": "application/octet-stream",
                }
                wanted = self.headers.get("x-ms-range") or self.headers.get("Range")
                if wanted is None:
                    return self._send(200, body, headers)
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start, end = int(first), min(int(last or len(body)), len(body) - 1)
                headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
                return self._send(206, body[start : end + 1], headers)

            def _list(self, container: str, query: dict[str, list[str]]) -> None:
                prefix = query.get("prefix", [""])[0]
                delimiter = query.get("delimiter", [""])[0]
                entries = {}
                for name, body in sorted(azure.containers[container].items()):
                    rest = name[len(prefix) :]
                    if not name.startswith(prefix):
                        continue
                    if delimiter and delimiter in rest:
                        folder = prefix + rest.partition(delimiter)[0] + delimiter
                        entries[folder] = f"<BlobPrefix><Name>{escape(folder)}</Name></BlobPrefix>"
                        continue
                    validators = self._validators(f"{container}/{name}")
                    entries[name] = (
                        f"<Blob><Name>{escape(name)}</Name><Properties>"
                        f"<Last-Modified>{validators['Last-Modified']}</Last-Modified>"
                        f"<Etag>{escape(validators['ETag'])}</Etag>"
                        f"<Content-Length>{len(body)}</Content-Length>"
                        "<Content-Type>application/octet-stream</Content-Type>"
                        "<BlobType>BlockBlob</BlobType></Properties></Blob>"
                    )
                listing = (
                    '<?xml version="1.0" encoding="utf-8"?>'
                    f'<EnumerationResults ContainerName="{escape(container)}">'
                    f"<Prefix>{escape(prefix)}</Prefix><Blobs>{''.join(entries.values())}</Blobs>"
                    "<NextMarker /></EnumerationResults>"
                )
                self._send(200, listing.encode(), {"Content-Type": "application/xml"})

            def _error(self, status: int, code: str) -> None:
                body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
                self._send(
                    status,
                    body.encode(),
                    {"x-ms-error-code": code, "Content-Type": "application/xml"},
                )

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
