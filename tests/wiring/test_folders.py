"""The embedded broker: whole messages or none, whoever looks and whoever is killed at that moment."""

from __future__ import annotations

import multiprocessing
import signal
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from portal.folders import use_folders

pytestmark = [pytest.mark.sqlite_only, pytest.mark.processes]

LONG = "x" * 2_000_000  # takes long enough to write that a reader looks in between
SPAWN = multiprocessing.get_context("spawn")


def channel(folder: Path) -> Any:
    """A channel over `folder`, as a process of the portal opens it."""
    use_folders()
    places = {name: str(folder / name) for name in ("data_folder_in", "data_folder_out", "control_folder")}
    places["data_folder_in"] = places["data_folder_out"]
    for place in places.values():
        Path(place).mkdir(parents=True, exist_ok=True)
    return Connection("filesystem://", transport_options=places).channel()


def put_many(folder: Path, count: int) -> None:
    writer = channel(folder)
    for number in range(count):
        writer._put("mail", {"body": LONG, "number": number})


def bind_many(folder: Path, worker: int) -> None:
    binder = channel(folder)
    for number in range(20):
        binder._queue_bind("jobs", "", "", f"{worker}-{number}")


def received(reader: Any) -> list[int]:
    numbers = []
    while True:
        try:
            numbers.append(reader._get("mail")["number"])
        except Empty:
            return numbers


def test_a_reader_that_looks_all_the_time_never_finds_half_a_message(tmp_path: Path) -> None:
    reader = channel(tmp_path)
    writer = SPAWN.Process(target=put_many, args=(tmp_path, 20), daemon=True)
    writer.start()
    numbers: list[int] = []
    while writer.is_alive():
        numbers += received(reader)
    numbers += received(reader)
    assert writer.exitcode == 0
    assert sorted(numbers) == list(range(20))


def test_a_writer_that_is_killed_leaves_nothing_to_stumble_over(tmp_path: Path) -> None:
    reader = channel(tmp_path)
    writer = SPAWN.Process(target=put_many, args=(tmp_path, 100_000), daemon=True)
    writer.start()
    while not (seen := received(reader)):
        time.sleep(0.01)
    writer.kill()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    seen += received(reader)
    assert sorted(seen) == list(range(len(seen)))
    assert reader._size("mail") == 0


def test_workers_that_start_together_bind_every_queue(tmp_path: Path) -> None:
    reader = channel(tmp_path)
    workers = [SPAWN.Process(target=bind_many, args=(tmp_path, number), daemon=True) for number in range(3)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        reader.get_table("jobs")
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len({row.queue for row in reader.get_table("jobs")}) == 60


def test_a_file_by_another_hand_is_passed_over_and_a_table_that_cannot_be_read_is_written_anew(tmp_path: Path) -> None:
    reader = channel(tmp_path)
    (tmp_path / "data_folder_out" / f"0_{'a' * 8}.mail.msg").write_bytes(b"")
    (tmp_path / "control_folder" / "jobs.exchange").write_bytes(b"")
    reader._put("mail", {"number": 7})
    assert received(reader) == []  # the odd one is out of the way
    assert received(reader) == [7]
    reader._queue_bind("jobs", "", "", "mail")
    assert [row.queue for row in reader.get_table("jobs")] == ["mail"]


def test_a_folder_that_is_gone_is_said_so(tmp_path: Path) -> None:
    writer = channel(tmp_path)
    (tmp_path / "data_folder_out").rmdir()
    with pytest.raises(ChannelError, match=r"data_folder_out cannot be written \(No such file or directory\)\."):
        writer._put("mail", {"number": 1})
