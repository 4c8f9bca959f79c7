"""A small Hugging Face Hub on 127.0.0.1 for tests, of the standard library and PyYAML.

It speaks the HTTP that huggingface_hub and datasets need to create a repository, upload (regular and LFS), list,
resolve and download. State is a folder:

    ROOT/blobs/<sha256>                              bytes of every file, by content
    ROOT/repos/<type>s/<owner>/<name>/refs.json      {"main": "<commit>", ...}, replaced atomically
    ROOT/repos/<type>s/<owner>/<name>/commits/<commit>.json

Clients need HF_ENDPOINT=<server.url> and HF_HUB_DISABLE_XET=1 before huggingface_hub is imported (see conftest.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from hub_store import HubError, Store, is_lfs


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms between its headers and its body
    hub: HubServer
    fault: dict

    def log_message(self, *a):
        pass

    # Plumbing
    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            out = bytearray()
            while True:
                n = int(self.rfile.readline().split(b";")[0], 16)
                if n == 0:
                    while self.rfile.readline().strip():
                        pass
                    return bytes(out)
                out += self.rfile.read(n)
                self.rfile.readline()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, status: int, body: bytes = b"", headers: dict | None = None, ctype="application/json"):
        if "alter" in self.fault and self.command == "GET" and status < 300:
            body = self.fault["alter"](body)
        self.send_response(status)
        headers = {"Content-Type": ctype, "Content-Length": str(len(body)), **(headers or {})}
        for k, v in headers.items():
            self.send_header(k, v)
        self.end_headers()
        if self.fault.get("cut") == "response":
            self.wfile.write(body[: len(body) // 2])
            return self._hang_up()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hang_up(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, obj, status: int = 200, headers: dict | None = None):
        self._send(status, json.dumps(obj).encode(), headers)

    def _dispatch(self):
        u = urlsplit(self.path)
        path, query = u.path, parse_qs(u.query)
        self.hub.requests.append((self.command, self.path))
        self.fault = self.hub.next_fault(f"{self.command} {self.path}")
        if self.fault.get("cut") == "request":
            self.rfile.read(int(self.headers.get("Content-Length") or 0) // 2)
            return self._hang_up()
        body = self._body()
        try:
            if "do" in self.fault:
                self.fault["do"]()
            if "status" in self.fault:
                raise HubError(self.fault["status"], "injected fault", self.fault["code"], self.fault["headers"])
            user = self._user()
            for methods, rx, fn in ROUTES:
                m = rx.fullmatch(path)
                if m and self.command in methods:
                    return fn(
                        self,
                        user=user,
                        body=body,
                        query=query,
                        **{k: unquote(v) if v else v for k, v in m.groupdict().items()},
                    )
            if re.match(r"/api/(model|dataset|space)s/", path):
                raise HubError(404, "Repository not found", "RepoNotFound")
            raise HubError(404, f"no such route: {self.command} {path}")
        except HubError as e:
            headers = {"X-Error-Message": e.message.replace("\n", " "), **e.headers}
            if e.code:
                headers["X-Error-Code"] = e.code
            # the real Hub answers 401, not 404, to a caller who is not logged in
            status = 401 if e.code == "RepoNotFound" and not self.headers.get("Authorization") else e.status
            self._json({"error": e.message}, status, headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _dispatch

    def _user(self) -> str | None:
        auth = self.headers.get("Authorization")
        if not auth:
            return None
        user = self.hub.tokens.get(auth.removeprefix("Bearer ").strip())
        if user is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        return user

    def _need_write(self, user: str | None, repo_id: str):
        if user is None:
            raise HubError(401, "Invalid username or password.")
        if repo_id.split("/", maxsplit=1)[0] != user:
            raise HubError(403, f"You don't have the rights to write to {repo_id}")

    def _read(self, user: str | None, rtype: str, repo_id: str, rev: str = "main") -> tuple[str, dict]:
        out = self.hub.store.resolve(rtype, repo_id, rev)
        if self.hub.store.info(rtype, repo_id).get("private") and repo_id.split("/", maxsplit=1)[0] != user:
            raise HubError(404, "Repository not found", "RepoNotFound")
        return out

    # Account / repo
    def whoami(self, user, **_):
        if user is None:
            raise HubError(401, "Invalid username or password.")
        self._json(
            {
                "type": "user",
                "id": "1",
                "name": user,
                "fullname": user,
                "email": None,
                "orgs": [],
                "isPro": False,
                "auth": {"type": "access_token", "accessToken": {"displayName": "test", "role": "write"}},
            }
        )

    def create(self, user, body, **_):
        q = json.loads(body)
        repo_id = f"{q.get('organization') or user}/{q['name']}"
        self._need_write(user, repo_id)
        rtype = q.get("type") or "model"
        private = q.get("private") or q.get("visibility") == "private"
        url = f"{self.hub.url}/{'' if rtype == 'model' else rtype + 's/'}{repo_id}"
        new = self.hub.store.create(rtype, repo_id, bool(private))
        if not new:
            return self._json({"error": "You already created this repo", "url": url}, 409)
        self._json({"url": url, "name": repo_id, "id": "1"})

    def validate_yaml(self, body, **_):
        block = re.match(r"---\s*\n(.*?)\n---", json.loads(body)["content"], re.S)
        try:  # the Hub checks more; enough here is that the block parses
            yaml.safe_load(block[1] if block else "")
        except yaml.YAMLError as e:
            return self._json({"errors": [{"message": f"YAML: {e}"}], "warnings": []}, 400)
        warnings = [] if block else [{"message": "empty or missing yaml metadata in repo card"}]
        self._json({"errors": [], "warnings": warnings})

    def info(self, user, query, rtype, repo_id, rev=None, **_):
        oid, commit = self._read(user, rtype, repo_id, rev or "main")
        blobs = "blobs" in query
        readme = commit["files"].get("README.md")
        text = (self.hub.store.blobs / readme["sha"]).read_text() if readme else ""
        block = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
        self._json(
            {
                "_id": "1",
                "id": repo_id,
                "author": repo_id.split("/")[0],
                "sha": oid,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "private": self.hub.store.info(rtype, repo_id)["private"],
                "gated": False,
                "disabled": False,
                "lastModified": "2026-01-01T00:00:00.000Z",
                "createdAt": "2026-01-01T00:00:00.000Z",
                "cardData": yaml.safe_load(block[1]) if block else None,
                "siblings": [
                    {"rfilename": p, **(self._sibling(f) if blobs else {})} for p, f in sorted(commit["files"].items())
                ],
            }
        )

    def refs(self, user, rtype, repo_id, **_):
        self._read(user, rtype, repo_id)
        refs = self.hub.store.refs(rtype, repo_id)
        self._json(
            {
                "branches": [
                    {"name": n, "ref": f"refs/heads/{n}", "targetCommit": c}
                    for n, c in refs.items()
                    if not n.startswith("tag:")
                ],
                "tags": [
                    {"name": n[4:], "ref": f"refs/tags/{n[4:]}", "targetCommit": c}
                    for n, c in refs.items()
                    if n.startswith("tag:")
                ],
                "converts": [],
                "pullRequests": [],
            }
        )

    def make_ref(self, user, body, rtype, repo_id, kind, name, **_):
        self._need_write(user, repo_id)
        q = json.loads(body or b"{}")
        key = "tag:" if kind == "tag" else ""
        rev = q.get("startingPoint") or "main" if kind == "branch" else name  # tag: POST .../tag/<rev> {"tag": name}
        key += q["tag"] if kind == "tag" else name
        oid, _c = self.hub.store.resolve(rtype, repo_id, rev)
        if key in self.hub.store.refs(rtype, repo_id):
            raise HubError(409, "Reference already exists")
        self.hub.store.set_ref(rtype, repo_id, key, oid)
        self._json({})

    def commits(self, user, rtype, repo_id, rev, **_):
        oid, c = self._read(user, rtype, repo_id, rev)
        out = []
        while oid:
            out.append(
                {
                    "id": oid,
                    "title": c["title"],
                    "message": c["description"],
                    "authors": [],
                    "date": "2026-01-01T00:00:00.000Z",
                }
            )
            oid = c["parent"]
            if oid:
                oid, c = self.hub.store.resolve(rtype, repo_id, oid)
        self._json(out)

    # Listing
    @staticmethod
    def _sibling(f: dict) -> dict:
        lfs = {"lfs": {"sha256": f["sha"], "size": f["size"], "pointerSize": f["pointerSize"]}} if f.get("lfs") else {}
        return {"size": f["size"], "blobId": f["oid"], **lfs}

    @staticmethod
    def _entry(path: str, f: dict) -> dict:
        e = {"type": "file", "path": path, "size": f["size"], "oid": f["oid"]}
        if f.get("lfs"):
            e["lfs"] = {"oid": f["sha"], "size": f["size"], "pointerSize": f["pointerSize"]}
        return e

    @staticmethod
    def _folder(path: str) -> dict:
        return {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}

    def tree(self, user, query, rtype, repo_id, rev, path=None, **_):
        oid, commit = self._read(user, rtype, repo_id, rev)
        base = (path or "").strip("/")
        prefix = base + "/" if base else ""
        inside = {p: f for p, f in commit["files"].items() if p.startswith(prefix)}
        if base and not inside:
            raise HubError(404, f'{base} does not exist on "{rev}"', "EntryNotFound", {"X-Repo-Commit": oid})
        recursive = query.get("recursive", ["false"])[0].lower() in ("true", "1")
        folders, out = set(), []
        for p, f in inside.items():
            parts = p[len(prefix) :].split("/")
            for i in range(1, len(parts)):
                folders.add(prefix + "/".join(parts[:i]))
                if not recursive:
                    break
            if recursive or len(parts) == 1:
                out.append(self._entry(p, f))
        out = sorted([*(self._folder(d) for d in folders), *out], key=lambda e: e["path"])
        if query.get("expand", ["false"])[0].lower() in ("true", "1"):
            for e in out:
                e["lastCommit"] = {"id": oid, "title": "commit", "date": "2026-01-01T00:00:00.000Z"}
        self._json(out, headers={"X-Repo-Commit": oid})

    def paths_info(self, user, body, rtype, repo_id, rev, **_):
        oid, commit = self._read(user, rtype, repo_id, rev)
        if "json" in self.headers.get("Content-Type", ""):
            q = json.loads(body)
            paths, expand = q["paths"], q.get("expand")
        else:
            form = parse_qs(body.decode())
            paths, expand = form.get("paths", []), form.get("expand", ["false"])[0].lower() in ("true", "1")
        out = []
        for p in (path.strip("/") for path in paths):
            if p in commit["files"]:
                out.append(self._entry(p, commit["files"][p]))
            elif any(k.startswith(p + "/") for k in commit["files"]):
                out.append(self._folder(p))
        if expand:
            for e in out:
                e["lastCommit"] = {"id": oid, "title": "commit", "date": "2026-01-01T00:00:00.000Z"}
        self._json(out)

    # Upload
    def preupload(self, user, body, rtype, repo_id, rev, **_):
        self._need_write(user, repo_id)
        _, commit = self._read(user, rtype, repo_id, rev)
        out = []
        for f in json.loads(body)["files"]:
            lfs = is_lfs(f["path"], f["size"])
            old = commit["files"].get(f["path"])
            # "oid" lets the client drop files that did not change: sha256 for LFS, git sha1 otherwise
            known = None if old is None else old["sha"] if old.get("lfs") else old["oid"]
            out.append(
                {"path": f["path"], "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False, "oid": known}
            )
        self._json({"files": out})

    def lfs_batch(self, user, body, repo_id, **_):
        self._need_write(user, repo_id)
        out = []
        for o in json.loads(body)["objects"]:
            item = {"oid": o["oid"], "size": o["size"]}
            if not (self.hub.store.blobs / o["oid"]).exists():  # present already: no "actions", so nothing is sent
                href = f"{self.hub.url}/_lfs/{o['oid']}"
                item["actions"] = {"upload": {"href": href}, "verify": {"href": href + "/verify"}}
            out.append(item)
        self._json({"transfer": "basic", "objects": out})

    def lfs_put(self, body, oid, **_):
        if hashlib.sha256(body).hexdigest() != oid:
            raise HubError(400, "sha256 mismatch")
        self.hub.store.put_blob(body)
        self._json({}, headers={"ETag": f'"{oid}"'})

    def lfs_verify(self, body, oid, **_):
        q, blob = json.loads(body), self.hub.store.blobs / oid
        if not blob.exists() or blob.stat().st_size != q["size"]:
            raise HubError(404, "not uploaded")
        self._json({})

    def commit(self, user, body, query, rtype, repo_id, rev, **_):
        self._need_write(user, repo_id)
        lines = [json.loads(x) for x in body.splitlines() if x.strip()]
        prefix = "" if rtype == "model" else f"{rtype}s/"
        pull_request = None
        if "create_pr" in query:
            number = 1 + sum(name.startswith("refs/pr/") for name in self.hub.store.refs(rtype, repo_id))
            pull_request = f"{self.hub.url}/{prefix}{repo_id}/discussions/{number}"
            head = self.hub.store.resolve(rtype, repo_id, rev)[0]
            rev = f"refs/pr/{number}"
            self.hub.store.set_ref(rtype, repo_id, rev, head)
        oid = self.hub.store.commit(rtype, repo_id, rev, lines)
        self._json(
            {
                "success": True,
                "commitOid": oid,
                "commitUrl": f"{self.hub.url}/{prefix}{repo_id}/commit/{oid}",
                "hookOutput": "",
                "pullRequestUrl": pull_request,
            }
        )

    # Download
    def resolve(self, user, repo_id, rev, path, rtype=None, **_):
        rtype = rtype or "model"
        oid, commit = self._read(user, rtype, repo_id, rev)
        f = commit["files"].get(path)
        if f is None:
            raise HubError(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": oid})
        data = (self.hub.store.blobs / f["sha"]).read_bytes()
        h = {
            "X-Repo-Commit": oid,
            "Accept-Ranges": "bytes",
            "Last-Modified": formatdate(usegmt=True),
            "ETag": f'"{f["sha"] if f.get("lfs") else f["oid"]}"',
            "Content-Disposition": f'inline; filename="{Path(path).name}"',
        }
        if f.get("lfs"):
            h |= {"X-Linked-Etag": f'"{f["sha"]}"', "X-Linked-Size": str(f["size"])}
        m = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if m:
            a, b = int(m[1]), min(int(m[2]) if m[2] else len(data) - 1, len(data) - 1)
            if a >= len(data):
                raise HubError(416, "bad range", headers={"Content-Range": f"bytes */{len(data)}"})
            h["Content-Range"] = f"bytes {a}-{b}/{len(data)}"
            return self._send(206, data[a : b + 1], h, "application/octet-stream")
        self._send(200, data, h, "application/octet-stream")


_ID = r"(?P<repo_id>(?!datasets/|spaces/|api/)[\w.-]+/[\w.-]+)"
_API = rf"/api/(?P<rtype>model|dataset|space)s/{_ID}"
ROUTES = [
    (m, re.compile(p), f)
    for m, p, f in [
        (("GET",), r"/api/whoami-v2", _Handler.whoami),
        (("POST",), r"/api/repos/create", _Handler.create),
        (("POST",), r"/api/validate-yaml", _Handler.validate_yaml),
        (("GET",), _API, _Handler.info),
        (("GET",), _API + r"/revision/(?P<rev>[^/]+)", _Handler.info),
        (("GET",), _API + r"/refs", _Handler.refs),
        (("GET",), _API + r"/commits/(?P<rev>[^/]+)", _Handler.commits),
        (("POST",), _API + r"/(?P<kind>branch|tag)/(?P<name>[^/]+)", _Handler.make_ref),
        (("GET",), _API + r"/tree/(?P<rev>[^/]+)(?:/(?P<path>.+))?", _Handler.tree),
        (("POST",), _API + r"/paths-info/(?P<rev>[^/]+)", _Handler.paths_info),
        (("POST",), _API + r"/preupload/(?P<rev>[^/]+)", _Handler.preupload),
        (("POST",), _API + r"/commit/(?P<rev>[^/]+)", _Handler.commit),
        (("POST",), rf"/(?:(?:dataset|space)s/)?{_ID}\.git/info/lfs/objects/batch", _Handler.lfs_batch),
        (("PUT",), r"/_lfs/(?P<oid>[0-9a-f]{64})", _Handler.lfs_put),
        (("POST",), r"/_lfs/(?P<oid>[0-9a-f]{64})/verify", _Handler.lfs_verify),
        (
            ("GET", "HEAD"),
            rf"/(?:(?P<rtype>dataset|space)s/)?{_ID}/resolve/(?P<rev>[^/]+)/(?P<path>.+)",
            _Handler.resolve,
        ),
    ]
]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *a):
        self.open: set = set()
        super().__init__(*a)

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # a client that hung up

    def cut(self):
        for s in list(self.open):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)


class HubServer:
    """with HubServer(tmp_path, tokens={"hf_alice": "alice"}) as hub: ... hub.url ... hub.store.seed(...)"""

    def __init__(self, root: str | Path, tokens: dict[str, str] | None = None, port: int = 0):
        self.store = Store(root)
        self.tokens = tokens if tokens is not None else {"hf_test": "tester"}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[dict] = []
        self.fault_lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._httpd = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self._httpd.server_address[1]}"

    # Faults: each for the next `times` requests whose "METHOD /path?query" matches the pattern

    def fail(
        self, pattern: str, status: int = 500, times: int = 1, code: str | None = None, headers: dict | None = None
    ) -> None:
        """Answer `status` and the Hub's error `code`."""
        self._inject(pattern, times, status=status, code=code, headers=headers)

    def cut(self, pattern: str, where: str = "request", times: int = 1) -> None:
        """Hang up in the middle of the "request", which is then not carried out, or of the "response" after it was."""
        self._inject(pattern, times, cut=where)

    def alter(self, pattern: str, change: Callable[[bytes], bytes], times: int = 1) -> None:
        """Send `change(body)` as the body of a GET, with the headers of the right one but for its length."""
        self._inject(pattern, times, alter=change)

    def before(self, pattern: str, do: Callable[[], object], times: int = 1) -> None:
        """Call `do` before the request is carried out: to let time pass, or to be faster than the client."""
        self._inject(pattern, times, do=do)

    def _inject(self, pattern: str, times: int, **fault) -> None:
        self.faults.append({"re": re.compile(pattern), "times": times, **fault})

    def next_fault(self, request: str) -> dict:
        with self.fault_lock:
            for fault in self.faults:
                if fault["times"] > 0 and fault["re"].search(request):
                    fault["times"] -= 1
                    return fault
        return {}

    def start(self) -> HubServer:
        threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop, and cut the clients' keep-alive connections, so that to them the Hub is really gone."""
        self._httpd.shutdown()
        self._httpd.server_close()
        self._httpd.cut()

    __enter__ = start

    def __exit__(self, *a):
        self.stop()


def client_env(url: str, home: str | Path) -> dict[str, str]:
    """Environment of a client that knows no other Hub; to be set before huggingface_hub is imported."""
    return {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "NO_PROXY": "127.0.0.1,localhost",
    }
