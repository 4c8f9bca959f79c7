"""The tests' Hub on uploads: what is missing, large files by LFS, and the commit of them all."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from hub_store import HubError, is_lfs

if TYPE_CHECKING:
    from hub_handler import Handler


def preupload(request: Handler, user, body, rtype, repo_id, rev, **_):
    request.need_write(user, repo_id)
    _, commit = request.read(user, rtype, repo_id, rev)
    out = []
    for f in json.loads(body)["files"]:
        lfs = is_lfs(f["path"], f["size"])
        old = commit["files"].get(f["path"])
        # "oid" lets the client drop files that did not change: sha256 for LFS, git sha1 otherwise
        known = None if old is None else old["sha"] if old.get("lfs") else old["oid"]
        out.append({"path": f["path"], "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False, "oid": known})
    request.answer({"files": out})


def lfs_batch(request: Handler, user, body, repo_id, **_):
    request.need_write(user, repo_id)
    out = []
    for o in json.loads(body)["objects"]:
        item = {"oid": o["oid"], "size": o["size"]}
        if not (request.hub.store.blobs / o["oid"]).exists():  # present already: no "actions", so nothing is sent
            href = f"{request.hub.url}/_lfs/{o['oid']}"
            item["actions"] = {"upload": {"href": href}, "verify": {"href": href + "/verify"}}
        out.append(item)
    request.answer({"transfer": "basic", "objects": out})


def lfs_put(request: Handler, body, oid, **_):
    if hashlib.sha256(body).hexdigest() != oid:
        raise HubError(400, "sha256 mismatch")
    request.hub.store.put_blob(body)
    request.answer({}, headers={"ETag": f'"{oid}"'})


def lfs_verify(request: Handler, body, oid, **_):
    q, blob = json.loads(body), request.hub.store.blobs / oid
    if not blob.exists() or blob.stat().st_size != q["size"]:
        raise HubError(404, "not uploaded")
    request.answer({})


def commit(request: Handler, user, body, query, rtype, repo_id, rev, **_):
    request.need_write(user, repo_id)
    lines = [json.loads(x) for x in body.splitlines() if x.strip()]
    prefix = "" if rtype == "model" else f"{rtype}s/"
    pull_request = None
    if "create_pr" in query:
        number = 1 + sum(name.startswith("refs/pr/") for name in request.hub.store.refs(rtype, repo_id))
        pull_request = f"{request.hub.url}/{prefix}{repo_id}/discussions/{number}"
        head = request.hub.store.resolve(rtype, repo_id, rev)[0]
        rev = f"refs/pr/{number}"
        request.hub.store.set_ref(rtype, repo_id, rev, head)
    oid = request.hub.store.commit(rtype, repo_id, rev, lines)
    request.answer(
        {
            "success": True,
            "commitOid": oid,
            "commitUrl": f"{request.hub.url}/{prefix}{repo_id}/commit/{oid}",
            "hookOutput": "",
            "pullRequestUrl": pull_request,
        }
    )
