"""A hub on the loopback interface: the routes of the Hugging Face Hub that its clients ask for."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

API = re.compile(
    r"/api/datasets/([^/]+/[^/]+?)(?:/(revision|tree|paths-info|auth-check)(?:/([^/?]+))?(?:/(.*))?)?"
)
FILE = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


class LoopbackHub:
    """Repositories by name; each has commits of files, branches, and perhaps a lock."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict] = {}
        self.requests: list[str] = []
        self.status: int | None = None
        """What to answer to every request, if not what was asked for."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def commit(
        self, repository: str, files: dict[str, bytes], *, branch: str = "main", **lock: bool
    ) -> str:
        """Make `files` the content of the branch; `private` and `gated` lock the repository."""
        kept = self.repositories.setdefault(repository, {"commits": {}, "branches": {}})
        kept.update(lock)
        sha = hashlib.sha1(repr([repository, len(kept["commits"])]).encode()).hexdigest()
        kept["commits"][sha] = files
        kept["branches"][branch] = sha
        return sha

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler_class(hub) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.requests.append(f"{self.command} {self.path}")
                form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                if hub.status is not None:
                    return self._send(hub.status, b"")
                path = unquote(urlsplit(self.path).path)
                if match := API.fullmatch(path):
                    return self._api(match, form)
                if match := FILE.fullmatch(path):
                    return self._file(match)
                return self._error(404, "")

            do_HEAD = do_POST = do_GET  # noqa: N815 - the names that the handler looks for

            def _commit(self, name: str, revision: str, *, reads: bool) -> tuple[str, dict] | None:
                repository = hub.repositories.get(name)
                has_token = "Authorization" in self.headers
                if repository is None or (repository.get("private") and not has_token):
                    # To strangers the hub does not tell what is private from what is not there.
                    self._error(404 if has_token else 401, "RepoNotFound")
                elif reads and repository.get("gated") and not has_token:
                    self._error(401, "GatedRepo")
                else:
                    sha = repository["branches"].get(revision, revision)
                    if sha in repository["commits"]:
                        return sha, repository["commits"][sha]
                    self._error(404, "RevisionNotFound")
                return None

            def _api(self, match: re.Match, form: str) -> None:
                name, route, revision, folder = match.groups()
                found = self._commit(name, revision or "main", reads=route == "auth-check")
                if found is None:
                    return None
                sha, files = found
                if route in ("tree", "paths-info"):
                    wanted = parse_qs(form).get("paths") if form.startswith("paths") else None
                    if wanted is None and form:
                        wanted = json.loads(form)["paths"]
                    entries = self._entries(files, folder or "", wanted)
                    if route == "tree" and not entries:
                        return self._error(404, "EntryNotFound")
                    return self._json(entries)
                self._json(
                    {
                        "_id": sha[:24],
                        "id": name,
                        "sha": sha,
                        "private": False,
                        "gated": False,
                        "disabled": False,
                        "downloads": 0,
                        "likes": 0,
                        "tags": [],
                        "siblings": [{"rfilename": path} for path in sorted(files)],
                    }
                )
                return None

            def _entries(self, files: dict, folder: str, wanted: list | None) -> list[dict]:
                prefix = f"{folder}/" if folder else ""
                recursive = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0]
                entries = {}
                for path in sorted(files):
                    parents = [path[: at.start()] for at in re.finditer("/", path)]
                    file = {
                        "type": "file",
                        "path": path,
                        "size": len(files[path]),
                        "oid": _oid(files[path]),
                    }
                    for entry in [
                        *(
                            {"type": "directory", "path": p, "size": 0, "oid": "0" * 40}
                            for p in parents
                        ),
                        file,
                    ]:
                        where = entry["path"]
                        if wanted is not None:
                            if where in wanted:
                                entries[where] = entry
                        elif where.startswith(prefix) and (
                            recursive.lower() in ("true", "1") or "/" not in where[len(prefix) :]
                        ):
                            entries[where] = entry
                return list(entries.values())

            def _file(self, match: re.Match) -> None:
                name, revision, path = match.groups()
                found = self._commit(name, revision, reads=True)
                if found is None:
                    return None
                sha, files = found
                if path not in files:
                    return self._error(404, "EntryNotFound", {"X-Repo-Commit": sha})
                body = files[path]
                headers = {
                    "ETag": f'"{_oid(body)}"',
                    "X-Repo-Commit": sha,
                    "Accept-Ranges": "bytes",
                    "Content-Type": "text/plain",
                }
                wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if wanted is None:
                    return self._send(200, body, headers)
                start, end = int(wanted[1]), min(int(wanted[2] or len(body)), len(body) - 1)
                headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
                self._send(206, body[start : end + 1], headers)
                return None

            def _json(self, value: object) -> None:
                self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

            def _error(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
                error = {"X-Error-Code": code, "X-Error-Message": code, "X-Request-Id": "secret"}
                self._send(status, b"", {**(headers or {}), **error})

            def _send(
                self, status: int, body: bytes, headers: dict[str, str] | None = None
            ) -> None:
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _oid(body: bytes) -> str:
    """What git calls the file."""
    return hashlib.sha1(b"blob %d\0%s" % (len(body), body)).hexdigest()
