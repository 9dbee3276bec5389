"""The child process and its messages, with small scripts instead of the core."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest
from another_blender import run_script
from conftest import CORE_PYTHON, ROOT
from processes import is_alive, until

from addon.backend import lifetime, worker
from addon.backend.worker import Worker, clean_environment, failure, parse_message, run_blocking
from addon.shared.errors import ExitCode


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
    assert child.returncode == ExitCode.INTERRUPTED
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
    alone = ["unshare", "--map-root-user", "--net", "strace", "-f", "-qq", "-e", "trace=network"]
    calls = ["-o", str(tmp_path / "calls")]
    if not which("strace") or subprocess.run([*alone, "-o", os.devnull, "true"], capture_output=True).returncode:
        pytest.skip("needs strace and a network namespace of its own")
    child = Worker([*alone, *calls, str(CORE_PYTHON), "-I", "-c", script])
    wait_for(child)
    assert child.returncode == 0, child.error_text()
    child.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"calls": ""}


def test_each_system_gets_a_process_group_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
    assert lifetime.process_group("linux") == lifetime.process_group("darwin") == {"start_new_session": True}
    assert lifetime.process_group("win32") == {"creationflags": 0x8000200}


class Kernel:
    """Windows' job objects as far as they are used. done: what was asked, in order."""

    def __init__(self, job: int | None) -> None:
        self.done: list[tuple[object, ...]] = []
        self.CreateJobObjectW = lambda *_: job

    def SetInformationJobObject(self, job: ctypes.c_void_p, kind: int, limits: object, size: int) -> None:  # noqa: N802
        self.done.append(("limit", job.value, kind, limits._obj.flags, size))

    def AssignProcessToJobObject(self, job: ctypes.c_void_p, process: ctypes.c_void_p) -> None:  # noqa: N802
        self.done.append(("assign", job.value, process.value))

    def CloseHandle(self, job: ctypes.c_void_p) -> None:  # noqa: N802
        self.done.append(("close", job.value))


class Child:
    """A process on Windows."""

    _handle = 77
    killed = False

    def kill(self) -> None:
        self.killed = True


def test_on_windows_a_job_ends_children_with_blender(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, child = Kernel(5), Child()
    monkeypatch.setattr(ctypes, "WinDLL", lambda *_, **__: kernel, raising=False)
    job = lifetime.bind(child, "win32")
    assert kernel.done == [("limit", 5, 9, 0x2000, 144 if sys.maxsize > 2**32 else 112), ("assign", 5, 77)]
    lifetime.end(child, job, "win32")
    assert child.killed
    assert kernel.done[-1] == ("close", 5)


def test_where_windows_gives_no_job_the_child_is_ended_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, child = Kernel(None), Child()
    monkeypatch.setattr(ctypes, "WinDLL", lambda *_, **__: kernel, raising=False)
    lifetime.end(child, lifetime.bind(child, "win32"), "win32")
    assert child.killed
    assert kernel.done == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a job for this")
def test_close_ends_what_the_child_has_started_too(tmp_path: Path) -> None:
    script = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    child = Worker(python(script))
    said: list[worker.Message] = []
    while not said:
        said = child.poll()
    child.close()
    until(lambda: not is_alive(int(said[0]["text"])))


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_the_core_ends_with_a_blender_that_is_killed_and_its_files_go_at_the_next_start(tmp_path: Path) -> None:
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    blender = f"""
import sys, time, types
sys.path.insert(0, {str(ROOT)!r})
for name in ("addon", "addon.backend"):  # the packages themselves need bpy
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [{str(ROOT)!r} + "/" + name.replace(".", "/")]
from addon.backend.worker import Worker
core = "import os, sys; sys.path.insert(0, {str(ROOT)!r}); print(os.getpid(), flush=True);"
core += "from dahyf_core.cli import main; main()"
frames = [{str(ROOT / "samples" / "one_hand.mp4")!r}, "--range", "0:100", "--json"]
child = Worker([{str(CORE_PYTHON)!r}, "-c", core, "capture", "-o", "a.npz", *frames])
seen = []
while not any(message["type"] == "progress" for message in seen):
    seen += child.poll()
print(seen[0]["text"], flush=True)
time.sleep(600)
"""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(python(blender), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    core = int(parent.stdout.readline())
    assert is_alive(core)
    parent.kill()
    parent.communicate()
    until(lambda: not is_alive(core))
    assert (tmp_path / "a.npz").is_file()
    assert list(tmp_path.glob("dahyf_hands_*"))
    lifetime.remove_leftovers(tmp_path)
    assert list(tmp_path.glob("dahyf_hands_*")) == []


def test_folders_of_others_and_of_running_blenders_stay(tmp_path: Path) -> None:
    running = tmp_path / f"dahyf_hands_{os.getpid()}_abc"
    elsewhere = tmp_path / "elsewhere"
    for folder in (running, elsewhere, tmp_path / "dahyf_hands_old"):
        folder.mkdir()
        (folder / "output.jsonl").touch()
    os.utime(tmp_path / "dahyf_hands_old" / "output.jsonl", (0, 0))
    os.utime(tmp_path / "dahyf_hands_old", (0, 0))
    if sys.platform != "win32":
        (tmp_path / "dahyf_hands_1_link").symlink_to(elsewhere)
    lifetime.remove_leftovers(tmp_path)
    assert (elsewhere / "output.jsonl").exists()
    assert running.exists()
    assert not (tmp_path / "dahyf_hands_old").exists()


def test_run_blocking_gives_the_last_word() -> None:
    seen: list[worker.Message] = []
    script = """print('{"type": "status", "text": "a"}'); print('{"type": "done", "output": "x"}')"""
    assert run_blocking(python(script), seen.append) == (0, {"type": "done", "output": "x"})
    assert [message["type"] for message in seen] == ["status", "done"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_an_interrupt_reaches_the_core_from_every_blender(tmp_path: Path) -> None:
    code = """
import os, signal, sys
sys.path.insert(0, sys.argv[sys.argv.index("--") + 1])
from addon.backend.worker import run_blocking

def interrupt(said):
    if said["text"] == "ready":
        os.kill(os.getpid(), signal.SIGINT)

child = (
    "import signal, sys, time\\n"
    "signal.signal(signal.SIGINT, lambda *_: (print('kept', flush=True), sys.exit(130)))\\n"
    "print('ready', flush=True)\\n"
    "time.sleep(20)\\n"
)
code, last = run_blocking([sys.executable, "-c", child], interrupt)
print("exit code", code)
"""
    result = run_script(tmp_path, code, str(ROOT))
    assert "exit code 130" in result.stdout, result.stdout + result.stderr


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
