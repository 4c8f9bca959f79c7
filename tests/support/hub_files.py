"""The tests' Hub on files: listed, described and sent, whole or in part."""

from __future__ import annotations

import hashlib
import re
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from hub_store import HubError

if TYPE_CHECKING:
    from hub_handler import Handler


def sibling(f: dict) -> dict:
    lfs = {"lfs": {"sha256": f["sha"], "size": f["size"], "pointerSize": f["pointerSize"]}} if f.get("lfs") else {}
    return {"size": f["size"], "blobId": f["oid"], **lfs}


def _entry(path: str, f: dict) -> dict:
    e = {"type": "file", "path": path, "size": f["size"], "oid": f["oid"]}
    if f.get("lfs"):
        e["lfs"] = {"oid": f["sha"], "size": f["size"], "pointerSize": f["pointerSize"]}
    return e


def _folder(path: str) -> dict:
    return {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}


def _is_set(query: dict[str, list[str]], name: str) -> bool:
    return query.get(name, ["false"])[0].lower() in ("true", "1")


def _add_commits(entries: list[dict], oid: str) -> None:
    for entry in entries:
        entry["lastCommit"] = {"id": oid, "title": "commit", "date": "2026-01-01T00:00:00.000Z"}


def tree(request: Handler, user, query, rtype, repo_id, rev, path=None, **_):
    oid, commit = request.read(user, rtype, repo_id, rev)
    base = (path or "").strip("/")
    prefix = base + "/" if base else ""
    inside = {p: f for p, f in commit["files"].items() if p.startswith(prefix)}
    if base and not inside:
        raise HubError(404, f'{base} does not exist on "{rev}"', "EntryNotFound", {"X-Repo-Commit": oid})
    recursive = _is_set(query, "recursive")
    folders, out = set(), []
    for p, f in inside.items():
        parts = p[len(prefix) :].split("/")
        for i in range(1, len(parts)):
            folders.add(prefix + "/".join(parts[:i]))
            if not recursive:
                break
        if recursive or len(parts) == 1:
            out.append(_entry(p, f))
    out = sorted([*(_folder(d) for d in folders), *out], key=lambda e: e["path"])
    if _is_set(query, "expand"):
        _add_commits(out, oid)
    request.answer(out, headers={"X-Repo-Commit": oid})


def resolve(request: Handler, user, repo_id, rev, path, rtype=None, **_):
    rtype = rtype or "model"
    oid, commit = request.read(user, rtype, repo_id, rev)
    f = commit["files"].get(path)
    if f is None:
        raise HubError(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": oid})
    data = (request.hub.store.blobs / f["sha"]).read_bytes()
    h = {
        "X-Repo-Commit": oid,
        "Accept-Ranges": "bytes",
        "Last-Modified": formatdate(usegmt=True),
        "ETag": f'"{f["sha"] if f.get("lfs") else f["oid"]}"',
        "Content-Disposition": f'inline; filename="{Path(path).name}"',
    }
    if f.get("lfs"):
        h |= {"X-Linked-Etag": f'"{f["sha"]}"', "X-Linked-Size": str(f["size"])}
    m = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if m:
        a, b = int(m[1]), min(int(m[2]) if m[2] else len(data) - 1, len(data) - 1)
        if a >= len(data):
            raise HubError(416, "bad range", headers={"Content-Range": f"bytes */{len(data)}"})
        h["Content-Range"] = f"bytes {a}-{b}/{len(data)}"
        return request.send(206, data[a : b + 1], h, "application/octet-stream")
    request.send(200, data, h, "application/octet-stream")
