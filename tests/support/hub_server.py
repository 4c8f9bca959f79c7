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
import re
import socket
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from pathlib import Path

from hub_handler import Handler
from hub_store import Store


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
        handler = type("HandlerOfThis", (Handler,), {"hub": self})
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
