import threading
import time
from pathlib import Path

import pytest

from dataset_tools import download_cache
from dataset_tools.download_cache import PartialCopy, Slot, Validators, hold_slot
from dataset_tools.errors import InputError

URL = "https://host/a.jsonl?token=secret"


def store(slot: Slot, content: bytes, validators: Validators) -> Path:
    with slot.new_part(None) as part:
        part.write(content)
    return slot.finish("a.jsonl", validators)


def test_the_system_says_where_the_cache_is_unless_the_user_does(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment variable wins over the system's folder for caches."""
    assert cache == download_cache.cache_folder()

    monkeypatch.delenv("AXOLOTL_REPLICATE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert download_cache.cache_folder().name == "axolotl-replicate"


def test_a_new_version_leaves_the_old_file_to_those_who_read_it() -> None:
    """Two versions of one URL lie side by side; the newer one is current."""
    with hold_slot(URL) as slot:
        old = store(slot, b"old", Validators(etag='"1"'))
        new = store(slot, b"new", Validators(etag='"2"'))

        assert [old.read_bytes(), new.read_bytes()] == [b"old", b"new"]
        assert slot.stored().path == new


@pytest.mark.parametrize("damage", ["{}", "[]", "{", ""])
def test_a_damaged_note_means_that_nothing_is_stored(damage: str) -> None:
    """The cache forgets what it cannot read; a download mends it."""
    with hold_slot(URL) as slot:
        store(slot, b"data", Validators(etag='"1"'))
        (slot.folder / "copy.json").write_text(damage)

        assert slot.stored() is None


def test_a_file_that_was_cut_short_from_outside_is_not_used() -> None:
    """A stored file of another size than it was stored with does not count."""
    with hold_slot(URL) as slot:
        store(slot, b"data", Validators(etag='"1"')).write_bytes(b"dat")

        assert slot.stored() is None


@pytest.mark.parametrize(("validator", "expected"), [('"1"', PartialCopy(4, '"1"')), (None, None)])
def test_only_a_part_that_can_be_resumed_outlives_the_slot(
    validator: str | None, expected: PartialCopy | None
) -> None:
    """After an interruption a part with a validator stays, one without is removed."""
    with (
        pytest.raises(KeyboardInterrupt),
        hold_slot(URL) as interrupted,
        interrupted.new_part(validator) as part,
    ):
        part.write(b"half")
        raise KeyboardInterrupt

    with hold_slot(URL) as slot:
        assert slot.partial() == expected
        assert slot.part_path.exists() == (expected is not None)


def test_nothing_on_the_disk_tells_the_urls_secrets(cache: Path) -> None:
    """Neither names nor notes in the cache hold the query string."""
    with hold_slot(URL) as slot:
        store(slot, b"data", Validators(etag='"1"'))

    files = [path for path in cache.rglob("*") if path.is_file()]
    assert files
    assert not any("secret" in str(path) or b"secret" in path.read_bytes() for path in files)


def test_who_waited_gets_what_was_stored_meanwhile() -> None:
    """A copy finished during the wait for the lock counts as fresh, an older one does not."""
    found = []
    asking = threading.Event()

    def wait_for_the_slot() -> None:
        asking.set()
        with hold_slot(URL) as slot:
            found.append(slot.stored_while_waiting())

    with hold_slot(URL) as slot:
        waiting = threading.Thread(target=wait_for_the_slot)
        waiting.start()
        asking.wait()
        time.sleep(0.2)
        stored = store(slot, b"data", Validators())
    waiting.join()
    wait_for_the_slot()

    assert [stored, None] == found


def test_a_long_wait_is_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Someone who waits for another process's download is told what for."""
    monkeypatch.setattr(download_cache, "_SILENT_WAIT_SECONDS", 0.05)

    def wait_for_the_slot() -> None:
        with hold_slot(URL):
            pass

    with hold_slot(URL):
        waiting = threading.Thread(target=wait_for_the_slot)
        waiting.start()
        time.sleep(0.3)
    waiting.join()

    assert (
        capsys.readouterr().err == "https://host/a.jsonl: waiting for another process's download\n"
    )


def test_a_cache_that_cannot_be_written_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unusable cache folder is an input error that names the variable to set."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(tmp_path / "file"))

    expected = r"^https://host/a\.jsonl: cannot be stored in .*Not a directory.*AXOLOTL_REPL"
    with pytest.raises(InputError, match=expected), hold_slot(URL):
        pass
