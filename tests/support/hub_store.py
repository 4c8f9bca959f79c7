"""Repositories of the tests' Hub on disk: contents by checksum, commits and branches; see hub_server.py."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tempfile
import threading
import time
from pathlib import Path

LFS_SUFFIXES = {
    ".parquet",
    ".arrow",
    ".safetensors",
    ".bin",
    ".pt",
    ".pth",
    ".ckpt",
    ".npy",
    ".npz",
    ".gz",
    ".zip",
    ".model",
    ".h5",
    ".onnx",
    ".zst",
    ".tar",
    ".pkl",
}
REGULAR_MAX_BYTES = 10 * 1024 * 1024


class HubError(Exception):
    def __init__(self, status: int, message: str, code: str | None = None, headers: dict | None = None):
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def is_lfs(path: str, size: int) -> bool:
    return size > REGULAR_MAX_BYTES or Path(path).suffix.lower() in LFS_SUFFIXES


class Store:
    """Repos on disk.  One lock; every ref update is write-temp + os.replace, so a commit is all or nothing."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self.blobs = self.root / "blobs"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()

    # Blobs
    def put_blob(self, data: bytes) -> str:
        sha = hashlib.sha256(data).hexdigest()
        self._atomic(self.blobs / sha, data)
        return sha

    def _atomic(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd, tmp = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(fd, "wb") as f:
            f.write(data)
        os.replace(tmp, path)

    # Repos
    def repo_dir(self, rtype: str, repo_id: str) -> Path:
        return self.root / "repos" / f"{rtype}s" / repo_id

    def create(self, rtype: str, repo_id: str, private: bool = False) -> bool:
        with self.lock:
            d = self.repo_dir(rtype, repo_id)
            if (d / "refs.json").exists():
                return False
            (d / "commits").mkdir(parents=True)
            self._atomic(d / "info.json", json.dumps({"private": private}).encode())
            first = self._write_commit(d, None, "initial commit", {})
            self._set_refs(d, {"main": first})
            return True

    def refs(self, rtype: str, repo_id: str) -> dict:
        f = self.repo_dir(rtype, repo_id) / "refs.json"
        if not f.exists():
            raise HubError(404, "Repository not found", "RepoNotFound")
        return json.loads(f.read_text())

    def info(self, rtype: str, repo_id: str) -> dict:
        return json.loads((self.repo_dir(rtype, repo_id) / "info.json").read_text())

    def _set_refs(self, d: Path, refs: dict) -> None:
        self._atomic(d / "refs.json", json.dumps(refs).encode())

    def set_ref(self, rtype: str, repo_id: str, name: str, commit: str | None) -> None:
        with self.lock:
            refs = self.refs(rtype, repo_id)
            if commit is None:
                refs.pop(name, None)
            else:
                refs[name] = commit
            self._set_refs(self.repo_dir(rtype, repo_id), refs)

    def _write_commit(self, d: Path, parent: str | None, title: str, files: dict, description: str = "") -> str:
        body = {"parent": parent, "title": title, "description": description, "time": time.time(), "files": files}
        raw = json.dumps(body, sort_keys=True).encode()
        oid = hashlib.sha1(raw + os.urandom(8)).hexdigest()
        self._atomic(d / "commits" / f"{oid}.json", raw)
        return oid

    def resolve(self, rtype: str, repo_id: str, rev: str) -> tuple[str, dict]:
        refs = self.refs(rtype, repo_id)
        name = rev.removeprefix("refs/heads/").removeprefix("refs/tags/")
        oid = refs.get(name) or refs.get("tag:" + name) or rev
        f = self.repo_dir(rtype, repo_id) / "commits" / f"{oid}.json"
        if not re.fullmatch(r"[0-9a-f]{40}", oid) or not f.exists():
            raise HubError(404, f"Invalid rev id: {rev}", "RevisionNotFound")
        return oid, json.loads(f.read_text())

    def commit(self, rtype: str, repo_id: str, branch: str, lines: list[dict]) -> str:
        with self.lock:
            head, tree = self.resolve(rtype, repo_id, branch)
            files, header = dict(tree["files"]), {}
            for line in lines:
                key, v = line["key"], line["value"]
                if key == "header":
                    header = v
                    if v.get("parentCommit") not in (None, head):
                        raise HubError(412, "A commit has happened since. Please refresh and try again.")
                elif key == "file":
                    data = base64.b64decode(v["content"])
                    files[v["path"]] = {"oid": git_oid(data), "size": len(data), "sha": self.put_blob(data)}
                elif key == "lfsFile":
                    blob = self.blobs / v["oid"]
                    if not blob.exists():
                        raise HubError(400, f"LFS pointer pointed to a file that does not exist: {v['path']}")
                    size = blob.stat().st_size
                    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{v['oid']}\nsize {size}\n"
                    files[v["path"]] = {
                        "oid": git_oid(pointer.encode()),
                        "size": size,
                        "sha": v["oid"],
                        "lfs": True,
                        "pointerSize": len(pointer),
                    }
                elif key == "deletedFile":
                    if files.pop(v["path"], None) is None:
                        raise HubError(404, "A file with this name doesn't exist", "EntryNotFound")
                elif key == "deletedFolder":
                    prefix = v["path"].rstrip("/") + "/"
                    files = {k: x for k, x in files.items() if not k.startswith(prefix)}
                else:
                    raise HubError(400, f"unknown operation {key}")
            oid = self._write_commit(
                self.repo_dir(rtype, repo_id), head, header.get("summary", ""), files, header.get("description", "")
            )
            self.set_ref(rtype, repo_id, branch.removeprefix("refs/heads/"), oid)
            return oid

    # For tests: fill a repo from a local directory without HTTP
    def seed(self, repo_id: str, folder: str | Path, rtype: str = "dataset") -> str:
        self.create(rtype, repo_id)
        folder, lines = Path(folder), [{"key": "header", "value": {"summary": "seed"}}]
        for p in sorted(q for q in folder.rglob("*") if q.is_file()):
            rel, data = p.relative_to(folder).as_posix(), p.read_bytes()
            if is_lfs(rel, len(data)):
                lines.append({"key": "lfsFile", "value": {"path": rel, "oid": self.put_blob(data)}})
            else:
                lines.append({"key": "file", "value": {"path": rel, "content": base64.b64encode(data).decode()}})
        return self.commit(rtype, repo_id, "main", lines)
