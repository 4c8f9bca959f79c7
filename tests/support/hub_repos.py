"""The tests' Hub on repositories: made, described, given branches and tags."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml
from hub_files import sibling
from hub_store import HubError

if TYPE_CHECKING:
    from hub_handler import Handler


def create(request: Handler, user, body, **_):
    q = json.loads(body)
    repo_id = f"{q.get('organization') or user}/{q['name']}"
    request.need_write(user, repo_id)
    rtype = q.get("type") or "model"
    private = q.get("private") or q.get("visibility") == "private"
    url = f"{request.hub.url}/{'' if rtype == 'model' else rtype + 's/'}{repo_id}"
    new = request.hub.store.create(rtype, repo_id, bool(private))
    if not new:
        return request.answer({"error": "You already created this repo", "url": url}, 409)
    request.answer({"url": url, "name": repo_id, "id": "1"})


def validate_yaml(request: Handler, body, **_):
    block = re.match(r"---\s*\n(.*?)\n---", json.loads(body)["content"], re.S)
    try:  # the Hub checks more; enough here is that the block parses
        yaml.safe_load(block[1] if block else "")
    except yaml.YAMLError as e:
        return request.answer({"errors": [{"message": f"YAML: {e}"}], "warnings": []}, 400)
    warnings = [] if block else [{"message": "empty or missing yaml metadata in repo card"}]
    request.answer({"errors": [], "warnings": warnings})


def info(request: Handler, user, query, rtype, repo_id, rev=None, **_):
    oid, commit = request.read(user, rtype, repo_id, rev or "main")
    blobs = "blobs" in query
    readme = commit["files"].get("README.md")
    text = (request.hub.store.blobs / readme["sha"]).read_text() if readme else ""
    block = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    request.answer(
        {
            "_id": "1",
            "id": repo_id,
            "author": repo_id.split("/")[0],
            "sha": oid,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "private": request.hub.store.info(rtype, repo_id)["private"],
            "gated": False,
            "disabled": False,
            "lastModified": "2026-01-01T00:00:00.000Z",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "cardData": yaml.safe_load(block[1]) if block else None,
            "siblings": [{"rfilename": p, **(sibling(f) if blobs else {})} for p, f in sorted(commit["files"].items())],
        }
    )


def make_ref(request: Handler, user, body, rtype, repo_id, kind, name, **_):
    request.need_write(user, repo_id)
    q = json.loads(body or b"{}")
    key = "tag:" if kind == "tag" else ""
    rev = q.get("startingPoint") or "main" if kind == "branch" else name  # tag: POST .../tag/<rev> {"tag": name}
    key += q["tag"] if kind == "tag" else name
    oid, _c = request.hub.store.resolve(rtype, repo_id, rev)
    if key in request.hub.store.refs(rtype, repo_id):
        raise HubError(409, "Reference already exists")
    request.hub.store.set_ref(rtype, repo_id, key, oid)
    request.answer({})
