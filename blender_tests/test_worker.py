"""The child process and its messages, with small scripts in the core's place."""

import os
import sys
import time
from pathlib import Path
from shutil import which

import pytest
from conftest import CORE_PYTHON, ROOT

from addon.backend import worker
from addon.backend.worker import Worker, clean_environment, failure, parse_message, process_group, run_blocking


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def wait_for(child: Worker) -> list[worker.Message]:
    """All messages of a child that ends by itself."""
    messages = []
    while child.returncode is None:
        messages += child.poll()
        time.sleep(0.02)
    return messages + child.poll()


def test_messages_arrive_whole_and_in_order() -> None:
    script = """
import sys, time
sys.stdout.write('{"type": "progress", "done": 1, "to'); sys.stdout.flush(); time.sleep(0.2)
sys.stdout.write('tal": 2}\\n{"type": "done", "output": "x"}')
"""
    child = Worker(python(script))
    messages = wait_for(child)
    child.close()
    assert messages == [{"type": "progress", "done": 1, "total": 2}, {"type": "done", "output": "x"}]


@pytest.mark.parametrize("line", ["plain words", "[1, 2]", '{"no": "type"}', "{broken"])
def test_other_words_become_a_status(line: str) -> None:
    assert parse_message(line) == {"type": "status", "text": line}


def test_cancel_lets_the_child_finish_its_way() -> None:
    script = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: (print('{"type": "status", "text": "kept"}', flush=True), sys.exit(130)))
print('{"type": "status", "text": "ready"}', flush=True)
time.sleep(30)
"""
    child = Worker(python(script))
    messages: list[worker.Message] = []
    while not messages:
        messages += child.poll()
    child.cancel()
    messages += wait_for(child)
    assert [message["text"] for message in messages] == ["ready", "kept"]
    assert child.returncode == worker.EXIT_INTERRUPTED
    child.close()


def test_close_ends_a_child_that_runs() -> None:
    child = Worker(python("import time; time.sleep(30)"))
    child.close()
    assert child.returncode not in (None, 0)


def test_the_child_does_not_see_blenders_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("KEPT", "yes")
    environment = clean_environment(os.environ)
    assert "PYTHONPATH" not in environment
    assert environment["KEPT"] == "yes"


def test_onnxruntime_in_the_child_sends_nothing_and_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever core the user has chosen: an older one too, which does not see to it itself."""
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    for name in [name for name in os.environ if name.startswith(("XDG_", "ORT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    network = ROOT / "dahyf_core" / "assets" / "palm_detector.onnx"
    script = f"import onnxruntime; onnxruntime.InferenceSession({str(network)!r})"
    trace = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(tmp_path / "calls")] if which("strace") else []
    child = Worker([*trace, str(CORE_PYTHON), "-I", "-c", script])
    wait_for(child)
    assert child.returncode == 0, child.error_text()
    child.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} in ({}, {"calls": ""})


def test_each_system_gets_a_process_group_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(worker.subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
    assert process_group("linux") == process_group("darwin") == {"start_new_session": True}
    assert process_group("win32") == {"creationflags": 0x8000200}


def test_run_blocking_gives_the_last_word() -> None:
    seen: list[worker.Message] = []
    script = """print('{"type": "status", "text": "a"}'); print('{"type": "done", "output": "x"}')"""
    assert run_blocking(python(script), seen.append) == (0, {"type": "done", "output": "x"})
    assert [message["type"] for message in seen] == ["status", "done"]


def test_a_crash_is_told_in_its_own_words() -> None:
    code, error = run_blocking(python("raise SystemExit('no such module: av')"), lambda _message: None)
    assert code == 1
    assert error["type"] == "error"
    assert "no such module: av" in error["text"]
    assert error["remedy"]


def test_boxes_around_usage_errors_are_not_quoted() -> None:
    boxed = "╭─ Error ───╮\n│ No such option: --depth │\n╰───────────╯\n"
    assert failure(2, [], boxed)["text"].endswith("No such option: --depth")


def test_a_program_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no_python"):
        Worker([str(tmp_path / "no_python")])
