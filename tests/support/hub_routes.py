"""Which function of the tests' Hub answers which methods and path; its named groups are arguments."""

import re

import hub_files
import hub_repos
import hub_uploads

_ID = r"(?P<repo_id>(?!datasets/|spaces/|api/)[\w.-]+/[\w.-]+)"
_API = rf"/api/(?P<rtype>model|dataset|space)s/{_ID}"
ROUTES = [
    (m, re.compile(p), f)
    for m, p, f in [
        (("POST",), r"/api/repos/create", hub_repos.create),
        (("POST",), r"/api/validate-yaml", hub_repos.validate_yaml),
        (("GET",), _API, hub_repos.info),
        (("GET",), _API + r"/revision/(?P<rev>[^/]+)", hub_repos.info),
        (("POST",), _API + r"/(?P<kind>branch|tag)/(?P<name>[^/]+)", hub_repos.make_ref),
        (("GET",), _API + r"/tree/(?P<rev>[^/]+)(?:/(?P<path>.+))?", hub_files.tree),
        (("POST",), _API + r"/preupload/(?P<rev>[^/]+)", hub_uploads.preupload),
        (("POST",), _API + r"/commit/(?P<rev>[^/]+)", hub_uploads.commit),
        (("POST",), rf"/(?:(?:dataset|space)s/)?{_ID}\.git/info/lfs/objects/batch", hub_uploads.lfs_batch),
        (("PUT",), r"/_lfs/(?P<oid>[0-9a-f]{64})", hub_uploads.lfs_put),
        (("POST",), r"/_lfs/(?P<oid>[0-9a-f]{64})/verify", hub_uploads.lfs_verify),
        (
            ("GET", "HEAD"),
            rf"/(?:(?P<rtype>dataset|space)s/)?{_ID}/resolve/(?P<rev>[^/]+)/(?P<path>.+)",
            hub_files.resolve,
        ),
    ]
]
