"""`blender --command dahyf_hands`: exit codes, files, and messages."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from capture_factory import capture_arrays, footage, write_capture
from rig_factory import build_rig

from addon import command_line
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.settings import preferences


@pytest.fixture
def capture_path(tmp_path: Path) -> Path:
    return write_capture(tmp_path / "clip.npz", capture_arrays())


def json_lines(text: str) -> list[dict]:
    """The protocol's lines; Blender mixes its own between them."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_import_writes_a_file_that_opens(capture_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = capture_path.with_suffix(".blend")
    assert command_line.run(["import", str(capture_path), "-o", str(output), "--json"]) == 0
    warning, done = json_lines(capsys.readouterr().out)
    assert warning["type"] == "warning"
    assert done == {"type": "done", "output": str(output), "hands": 2, "frames": 6}
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert [obj.name for obj in bpy.data.objects if obj.type == "ARMATURE"] == ["clip_hand.L", "clip_hand.R"]
    assert bpy.context.scene.camera.name == "clip_camera"
    assert bpy.data.objects["clip_root"]["dahyf_capture"] == "//clip.npz"
    views = [area.spaces.active for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    assert {view.region_3d.view_perspective for view in views} == {"CAMERA"}


def test_import_adds_to_the_file_that_is_open(capture_path: Path, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    output = tmp_path / "out.blend"
    assert command_line.run(["import", str(capture_path), "-o", str(output), "--keep-scene", "--no-footage"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert "Cube" in bpy.data.objects
    views = [area.spaces.active for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    assert "CAMERA" not in {view.region_3d.view_perspective for view in views}
    assert bpy.context.scene.render.fps == 24


def test_a_file_is_loaded_first(capture_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    output, mine = tmp_path / "out.blend", tmp_path / "mine.blend"
    assert command_line.run(["import", str(capture_path), "-o", str(output), "--file", str(mine)]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert "Cube" in bpy.data.objects
    (tmp_path / "broken.blend").write_text("no file of Blender")
    for name in ("none.blend", "broken.blend"):
        arguments = ["import", str(capture_path), "-o", str(tmp_path / "b.blend"), "--file", str(tmp_path / name)]
        assert command_line.run([*arguments, "--json"]) == 4
        assert f"could not load {tmp_path / name}" in json_lines(capsys.readouterr().out)[-1]["text"]
    assert not (tmp_path / "b.blend").exists()


def test_a_scene_that_did_not_load_is_not_replaced_by_an_empty_one(
    capture_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    bpy.ops.wm.read_homefile(use_empty=True)
    output = capture_path.with_name("out.blend")
    monkeypatch.setattr(sys, "argv", ["blender", "-b", "hero.blend", "--command", "dahyf_hands", "import"])
    assert command_line.run(["import", str(capture_path), "-o", str(output)]) == 4
    assert "could not load hero.blend" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("name", "output", "code"),
    [
        ("none.npz", "out.blend", 6),
        ("forged.npz", "out.blend", 6),
        ("clip.npz", "out.fbx", 4),
        ("clip.npz", "no/such/folder/out.blend", 7),
        ("clip.npz", "folder.blend", 7),
    ],
)
def test_failures(capture_path: Path, capsys: pytest.CaptureFixture, name: str, output: str, code: int) -> None:
    folder = capture_path.parent
    (folder / "folder.blend").mkdir()
    write_capture(folder / "forged.npz", capture_arrays(footage=footage(rate=["1e1000000000", 1])))
    before = sorted(folder.rglob("*"))
    assert command_line.run(["import", str(folder / name), "-o", str(folder / output), "--json"]) == code
    (error,) = json_lines(capsys.readouterr().out)
    assert error["type"] == "error"
    assert error["exit_code"] == code
    assert str(folder) in error["text"]
    assert error["remedy"]
    assert sorted(folder.rglob("*")) == before


@pytest.fixture
def character(tmp_path: Path) -> Path:
    """A file with one Mixamo character, named hero."""
    build_rig(read_preset(SHIPPED / "mixamo.json"), name="hero")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    return tmp_path / "hero.blend"


def test_retarget_keys_an_action_for_each_capture(
    character: Path, capture_path: Path, capsys: pytest.CaptureFixture
) -> None:
    output = character.with_name("out.blend")
    captures = [str(capture_path)] * 3
    assert command_line.run(["retarget", *captures, "--rig", "hero", "-o", str(output), "--json"]) == 0
    *said, done = json_lines(capsys.readouterr().out)
    assert [message["type"] for message in said] == ["action"] * 3
    assert done == {"type": "done", "output": str(output), "hands": 6, "frames": 15, "preset": "Mixamo"}
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert [action.name for action in bpy.data.actions] == [message["action"] for message in said]
    assert [scene.name for scene in bpy.data.scenes] == ["Scene"]
    assert [obj.name for obj in bpy.data.objects] == ["hero"]
    assert bpy.data.objects["hero"].animation_data.action == bpy.data.actions[-1]
    assert not bpy.data.objects["hero"].animation_data.nla_tracks


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rig", "nobody"], "has no rig nobody: it has hero"),
        (["--rig", "hero", "--preset", "vrm"], "hero has no bone for"),
        (["--rig", "hero", "--preset", "no"], "no preset no"),
    ],
)
def test_retarget_names_what_is_wrong(
    character: Path, capture_path: Path, capsys: pytest.CaptureFixture, options: list[str], words: str
) -> None:
    output = character.with_name("out.blend")
    assert command_line.run(["retarget", str(capture_path), *options, "-o", str(output), "--json"]) == 9
    (error,) = json_lines(capsys.readouterr().out)
    assert words in error["text"]
    assert error["remedy"]
    assert not output.exists()


def test_a_disk_that_does_not_take_the_file(capture_path: Path, capsys: pytest.CaptureFixture) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("needs a folder that even root cannot write to")
    assert command_line.run(["import", str(capture_path), "-o", "/proc/out.blend"]) == 7
    assert "Error: The " in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["import"], ["import", "a.npz"], ["import", "a.npz", "-o", "b.blend", "--x"]]
)
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    assert command_line.run(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture) -> None:
    assert command_line.run(["--help"]) == 0
    assert "exit codes" in capsys.readouterr().out


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the core's process: a script that the tests fill in."""
    script = tmp_path / "core.py"
    monkeypatch.setattr(preferences, "preferences_of", lambda _context: None)
    monkeypatch.setattr(preferences, "core_interpreter", lambda _preferences: Path(sys.executable))
    monkeypatch.setattr(
        "addon.backend.environment.core_command",
        lambda interpreter, *arguments: [str(interpreter), str(script), *arguments],
    )
    return script


def test_the_hands_start_where_they_are_asked_to(capture_path: Path) -> None:
    output = capture_path.with_suffix(".blend")
    assert command_line.run(["import", str(capture_path), "-o", str(output), "--start-frame", "1001"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_current, scene.frame_end) == (1001, 1001, 1006)


@pytest.mark.parametrize(("option", "fps"), [("auto", 24), ("always", 30), ("never", 24)])
def test_a_file_with_work_in_it_is_set_up_only_when_asked(
    capture_path: Path, character: Path, option: str, fps: int
) -> None:
    output = character.with_name("out.blend")
    assert command_line.run(["import", str(capture_path), "-o", str(output), "--set-up-scene", option]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert bpy.context.scene.render.fps == fps
    assert (bpy.context.scene.camera is not None) == (fps == 30)


def test_a_second_capture_of_one_output_keeps_the_first_one_s_file(
    core: Path, capture_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    core.write_text(
        "import json, shutil, sys\n"
        f"shutil.copy({str(capture_path)!r}, sys.argv[sys.argv.index('--output') + 1])\n"
        "print(json.dumps({'type': 'done', 'output': 'x', 'hands': 2, 'frames': 6, 'seconds': 1}))\n"
    )
    for _ in range(2):
        assert command_line.run(["capture", "clip.mp4", "-o", str(tmp_path / "out.blend"), "--json"]) == 0
    said = [message["text"] for message in json_lines(capsys.readouterr().out) if message["type"] == "status"]
    kept = [tmp_path / "out.hands.npz", tmp_path / "out.2.hands.npz"]
    assert said == [f"The capture goes to {path}." for path in kept]
    assert all(path.is_file() for path in kept)


def test_capture_runs_the_core_then_imports(
    core: Path, capture_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    core.write_text(
        "import json, shutil, sys\n"
        "assert sys.argv[1] == 'capture' and sys.argv[-2:] == ['--fov', '60'] and '--json' in sys.argv, sys.argv\n"
        f"shutil.copy({str(capture_path)!r}, sys.argv[sys.argv.index('--output') + 1])\n"
        "print(json.dumps({'type': 'progress', 'stage': 'capture', 'done': 3, 'total': 6, 'rate': 20.0, 'eta': 0.1}))\n"
        "print(json.dumps({'type': 'done', 'output': 'x', 'hands': 2, 'frames': 6, 'seconds': 1}))\n"
    )
    output = tmp_path / "out.blend"
    assert command_line.run(["capture", "clip.mp4", "-o", str(output), "--json", "--fov", "60"]) == 0
    kinds = [message["type"] for message in json_lines(capsys.readouterr().out)]
    assert kinds == ["status", "progress", "warning", "done"]
    assert output.is_file()
    assert (tmp_path / "out.hands.npz").is_file()


def test_the_core_s_failure_is_the_command_s(core: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    core.write_text(
        "import json, sys\n"
        "print(json.dumps({'type': 'error', 'text': 'No such clip.', 'remedy': 'Check.', 'exit_code': 3}))\n"
        "sys.exit(3)\n"
    )
    assert command_line.run(["capture", "clip.mp4", "-o", str(tmp_path / "out.blend"), "--json"]) == 3
    _, error = json_lines(capsys.readouterr().out)
    assert error == {"type": "error", "text": "No such clip.", "remedy": "Check.", "exit_code": 3}
    assert not (tmp_path / "out.blend").exists()


def test_no_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.delenv("DAHYF_PYTHON", raising=False)
    monkeypatch.setattr(preferences, "preferences_of", lambda _context: SimpleNamespace(interpreter=""))
    monkeypatch.setattr(preferences, "environment_folder", lambda: tmp_path)
    assert command_line.run(["capture", "clip.mp4", "-o", str(tmp_path / "out.blend")]) == 1
    assert "DAHYF_PYTHON" in capsys.readouterr().err
