"""Who holds the books is named to whoever wants them too."""

from __future__ import annotations

from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import InUse
from SimpleBankingSystem.stores.csv_files.lock import Lock, reading
from SimpleBankingSystem.wire import this_process


def refusal(folder: Path) -> InUse:
    with pytest.raises(InUse) as refused:
        Lock(folder)
    with pytest.raises(InUse, match="in use"), reading(folder):
        pass
    return refused.value


def test_a_second_one_learns_who_holds_the_books(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    process, host = this_process().split()
    refused = refusal(tmp_path)
    assert f"in use by process {process} on {host};" in refused.message
    assert (refused.holder, refused.server) == (f"{process} {host}", "")
    lock.announce("http://127.0.0.1:1")
    refused = refusal(tmp_path)
    assert f"on {host}, the server at http://127.0.0.1:1;" in refused.message
    assert (refused.holder, refused.server) == (f"{process} {host}", "http://127.0.0.1:1")
    (tmp_path / ".lock").unlink()
    refused = refusal(tmp_path)
    assert "are in use; one process" in refused.message
    assert refused.holder == ""
    lock.release()
    with reading(tmp_path):
        pass
    Lock(tmp_path).release()
