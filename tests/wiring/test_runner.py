"""The runner, with small real programs in place of the portal's."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import runner
from portal.environment import BASE_DIR
from portal.runner import Program, Runner
from tests.servers import wait_for

pytestmark = [pytest.mark.sqlite_only, pytest.mark.processes]


def program(tmp_path: Path, name: str, code: str) -> Program:
    """A program from a few lines of Python; `note(text)` appends to the file `<name>.notes`."""
    path = tmp_path / f"{name}.py"
    head = "import os, signal, subprocess, sys, time\n"
    head += f"def note(text): open({str(tmp_path / name)!r} + '.notes', 'a').write(text + ' ')\n"
    path.write_text(head + textwrap.dedent(code))
    return Program(name, [sys.executable, str(path)])


def notes(tmp_path: Path, name: str) -> list[str]:
    path = tmp_path / f"{name}.notes"
    return path.read_text().split() if path.exists() else []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PAUSES", (0.1, 0.2))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def start(said: list[str]) -> Iterator[object]:
    """Run a Runner's loop in a thread (signals are the business of the test below)."""
    started: list[tuple[Runner, threading.Thread]] = []

    def begin(*programs: Program) -> Runner:
        one = Runner(list(programs), say=said.append)
        thread = threading.Thread(target=loop, args=(one,))
        started.append((one, thread))
        thread.start()
        return one

    def loop(one: Runner) -> None:
        while not one.stopping:
            one.look()
            time.sleep(0.02)
        one.stop()

    yield begin
    for one, thread in started:
        one.stopping = True
        thread.join(30)


def finish(one: Runner) -> None:
    one.stopping = True
    wait_for(lambda: all(p.process and p.process.poll() is not None for p in one.programs), what="the end")


def test_what_dies_is_started_again_and_said(tmp_path: Path, quick: None, start: object, said: list[str]) -> None:
    one = start(program(tmp_path, "worker", "note('up'); time.sleep(0.1); sys.exit(3)"))  # type: ignore[operator]
    wait_for(lambda: len(notes(tmp_path, "worker")) >= 3, what="three starts")
    finish(one)
    assert said[0] == "worker ended (exit code 3); it starts again in 0.1 s."
    assert said[1].startswith("worker runs again (process ")
    assert said[2] == "worker ended (exit code 3); it starts again in 0.2 s."


def test_a_killed_leader_takes_its_children_along(tmp_path: Path, quick: None, start: object, said: list[str]) -> None:
    code = "child = subprocess.Popen(['sleep', '60']); note(str(os.getpid())); note(str(child.pid)); time.sleep(60)"
    one = start(program(tmp_path, "web", code))  # type: ignore[operator]
    leader, child = map(int, wait_for(lambda: len(n := notes(tmp_path, "web")) == 2 and n, what="both"))
    os.kill(leader, signal.SIGKILL)
    wait_for(lambda: len(notes(tmp_path, "web")) == 4, what="the new start")
    assert not alive(child)
    assert said[0].startswith("web ended (killed by SIGKILL)")
    finish(one)


def test_stopping_lets_running_work_finish(tmp_path: Path, start: object) -> None:
    """Only the leader is told: its child, the running task, ends by itself and the leader waits for it."""
    code = """
        child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1)'])
        signal.signal(signal.SIGTERM, lambda *_: (note('told'), note(f'child:{child.wait()}'), sys.exit(0)))
        note('up')
        time.sleep(60)
    """
    one = start(program(tmp_path, "worker", code))  # type: ignore[operator]
    wait_for(lambda: notes(tmp_path, "worker"), what="the start")
    finish(one)
    assert notes(tmp_path, "worker") == ["up", "told", "child:0"]
    assert ended_with(one) == 0


def test_what_does_not_end_in_time_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: object) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.5)
    code = "signal.signal(signal.SIGTERM, signal.SIG_IGN); note('up'); time.sleep(60)"
    one = start(program(tmp_path, "deaf", code))  # type: ignore[operator]
    wait_for(lambda: notes(tmp_path, "deaf"), what="the start")
    finish(one)
    assert ended_with(one) == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_signals_of_a_terminal_end_it_with_0(tmp_path: Path, number: signal.Signals) -> None:
    code = """
        import sys
        from portal.runner import Program, Runner
        sys.exit(Runner([Program("sleeper", ["sleep", "60"])]).run(on_start=lambda: print("up", flush=True)))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    rest = process.communicate(timeout=10)[0]
    assert process.returncode == 0
    assert "Stopping" in rest


def ended_with(one: Runner) -> int | None:
    (only,) = one.programs
    assert only.process
    return only.process.returncode


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
