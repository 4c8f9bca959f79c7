"""One request to the tests' Hub: read, made to fail where a test asks for that, routed and answered."""

from __future__ import annotations

import json
import re
import socket
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from hub_routes import ROUTES
from hub_store import HubError

if TYPE_CHECKING:
    from hub_server import HubServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms between its headers and its body
    hub: HubServer
    fault: dict

    def log_message(self, *a):
        pass

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

    def send(self, status: int, body: bytes = b"", headers: dict | None = None, ctype="application/json"):
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

    def answer(self, obj, status: int = 200, headers: dict | None = None):
        self.send(status, json.dumps(obj).encode(), headers)

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
            self.answer({"error": e.message}, status, headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _dispatch

    def _user(self) -> str | None:
        auth = self.headers.get("Authorization")
        if not auth:
            return None
        user = self.hub.tokens.get(auth.removeprefix("Bearer ").strip())
        if user is None:
            raise HubError(401, "Invalid credentials in Authorization header")
        return user

    def need_write(self, user: str | None, repo_id: str):
        if user is None:
            raise HubError(401, "Invalid username or password.")
        if repo_id.split("/", maxsplit=1)[0] != user:
            raise HubError(403, f"You don't have the rights to write to {repo_id}")

    def read(self, user: str | None, rtype: str, repo_id: str, rev: str = "main") -> tuple[str, dict]:
        out = self.hub.store.resolve(rtype, repo_id, rev)
        if self.hub.store.info(rtype, repo_id).get("private") and repo_id.split("/", maxsplit=1)[0] != user:
            raise HubError(404, "Repository not found", "RepoNotFound")
        return out
