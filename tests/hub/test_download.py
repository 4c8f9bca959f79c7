"""What is downloaded is checked against what the Hub lists."""

import hashlib

import pytest
from huggingface_hub.hf_api import RepoSibling

from tdd.errors import TddError
from tdd.hub.download import _verify


def test_a_hub_that_lists_git_pointers_alone_is_checked_by_the_sha256_in_them(tmp_path):
    path = tmp_path / "distilled.safetensors"
    path.write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 7\n".encode()
    blob = hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()
    listed = RepoSibling(rfilename=path.name, size=7, blob_id=blob)
    _verify("owner/name", path, listed)
    path.write_bytes(b"altered")
    with pytest.raises(TddError, match="arrived damaged: its git sha1"):
        _verify("owner/name", path, listed)
    assert not path.exists()
