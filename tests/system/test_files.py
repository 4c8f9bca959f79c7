"""Files are whole or absent, and nothing that is no file is put in the place of one."""

import os
import stat
import threading

import pytest

from tdd.errors import TddError
from tdd.system.files import write_text


def test_a_pipe_is_written_into_and_stays_one(tmp_path):
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    write_text(path, "words\n")
    reader.join()
    assert read == ["words\n"]
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_device_without_room_is_told_and_stays_one(tmp_path):
    path = tmp_path / "full"
    path.symlink_to("/dev/full")
    with pytest.raises(TddError, match=r"cannot write .*full: No space left on device"):
        write_text(path, "words")
    assert path.is_symlink()
