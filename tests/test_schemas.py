"""docs/schemas describes the JSON that is read and written: it accepts ours, and rejects what we refuse."""

import json
import runpy
from pathlib import Path

import msgspec
import pytest
from capture_factory import make_capture
from cli_runner import run
from footage_factory import write_video

from dahyf_core.capture import save_capture
from dahyf_core.capture.job import CaptureSettings, job_document
from dahyf_core.capture.meta import CaptureMeta
from dahyf_core.export import export_capture
from dahyf_core.pose.network_card import LITE
from dahyf_core.shared import presets
from dahyf_core.shared.capture_schema import META
from dahyf_core.shared.rules import Table

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "docs" / "schemas"
RETARGET = "retarget_preset"

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed: pip install '.[dev]'")


def read(name):
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def accepts(name, document):
    return jsonschema.Draft202012Validator(read(name)).is_valid(document)


def changed(document, place, value):
    """A document with one value exchanged."""
    document = json.loads(json.dumps(document))
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    return document


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_each_is_a_schema(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_what_is_checked_is_described():
    tool = ROOT / "docs" / "tools" / "write_schemas.py"
    for name, schema in runpy.run_path(str(tool))["written"]().items():
        assert read(name) == json.loads(json.dumps(schema)), f"run {tool}"


def test_the_core_and_the_add_on_check_the_same_meta():
    _, parts = msgspec.json.schema_components([CaptureMeta], ref_template="{name}")
    read_by_the_core = {name: META.optional[name] for name in ("guidance", "absent", "imported")}
    assert without_references({"$ref": "CaptureMeta"}, parts) == Table(META.fields, read_by_the_core).schema()


def without_references(schema, parts):
    """A schema whose parts stand where they are named, without defaults and without what is said to people."""
    if isinstance(schema, list):
        return [without_references(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return without_references(parts[schema["$ref"]], parts)
    unsaid = ("title", "description", "default")
    return {key: without_references(each, parts) for key, each in schema.items() if key not in unsaid}


GOOD_BOX = {"image": "a.png", "box": [1, 2, 30, 40], "side": "left", "focal": 500.0, "principal": [320, 240]}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("box",), [1, 2, 3]),
        (("box", 2), -1),
        (("box", 0), 1e308),
        (("focal",), 1e-308),
        (("side",), "both"),
        (("image",), 5),
    ],
)
def test_boxes(place, value):
    assert accepts("boxes", [GOOD_BOX, {"image": "a.png", "box": [1, 2, 3, 4]}])
    assert not accepts("boxes", [changed(GOOD_BOX, place, value)])
    assert not accepts("boxes", GOOD_BOX)


@pytest.mark.parametrize("options", [{}, {"unseen": [2, 3]}, {"sides": ()}], ids=str)
def test_exported_captures(tmp_path, options):
    export_capture(make_capture(frames=6, **options), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    jsonschema.Draft202012Validator(read("exported_capture")).validate(document)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema_version",), 3),
        (("meta", "footage", "rate"), ["1e1000000000", 1]),
        (("meta", "footage", "width"), -1),
        (("meta", "intrinsics", "distortion"), [0.1] * 6),
        (("hands", 0, "side"), "up"),
        (("hands", 0, "frames", 0, "state"), "lost"),
        (("hands", 0, "frames", 0, "joints_2d"), [[1, 2]]),
        (("hands", 0, "frames", 0, "confidence"), 7),
    ],
)
def test_exports_that_are_none(tmp_path, place, value):
    export_capture(make_capture(frames=2), tmp_path / "a.json")
    assert not accepts("exported_capture", changed(json.loads((tmp_path / "a.json").read_text()), place, value))


def test_messages(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 8)
    save_capture(make_capture(frames=4), tmp_path / "made.npz")
    runs = [
        run("info", clip),
        run("info", tmp_path / "made.npz"),
        run("info", LITE),
        run("clean", tmp_path / "made.npz", "-o", tmp_path / "b.npz"),
        run("export", tmp_path / "made.npz", "-o", tmp_path / "b.json"),
        run("info", tmp_path / "none.mp4"),
        run("capture", clip, "-o", tmp_path / "a.npz", "--estimator", "baseline", "--profile"),
    ]
    messages = [message for result in runs for message in result.messages]
    assert {"status", "progress", "warning", "error", "done", "profile", "info"} == {each["type"] for each in messages}
    for message in messages:
        jsonschema.Draft202012Validator(read("messages")).validate(message)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "said", "text": "a"},
        {"type": "status"},
        {"type": "error", "text": "a", "remedy": "b", "exit_code": 0},
        {"type": "progress", "stage": "capture", "done": -1, "total": 4, "rate": None, "eta": None},
        {"type": "done", "output": "a.npz", "hands": 1, "frames": 2},
        {"type": "info", "footage": "a", "kind": "film"},
    ],
)
def test_messages_that_are_none(message):
    assert not accepts("messages", message)


@pytest.mark.parametrize("path", sorted((ROOT / "addon" / "presets").glob("*.json")), ids=lambda path: path.stem)
def test_shipped_retarget_presets(path):
    jsonschema.Draft202012Validator(read(RETARGET)).validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "preset",
    [
        [],
        {},
        {"bones": []},
        {"bones": {"LEFT_ELBOW": "a"}},
        {"bones": {"LEFT_HAND": 3}},
        {"bones": {"LEFT_HAND": ""}},
        {"bones": {}, "name": 5},
        {"bones": {}, "ik_switches": {"UP": {"bone": "a", "property": "b", "value": 1}}},
        {"bones": {}, "poles": {"LEFT": {"switch": {"bone": "a", "property": "b", "value": 1}}}},
        {"bones": {}, "ik_switches": {"LEFT": {"bone": "a", "property": "b"}}},
        {"bones": {}, "ik_switches": {"LEFT": {"bone": "a", "property": "b", "value": "nan"}}},
    ],
    ids=str,
)
def test_retarget_presets_that_are_none(preset):
    assert not accepts(RETARGET, preset)
    with pytest.raises(ValueError, match="it "):
        presets.RETARGET.check(preset, "it")


def test_jobs():
    job = json.loads(json.dumps(job_document(CaptureSettings(Path("a.mp4")))))
    assert accepts("capture_job", job)
    assert accepts("capture_job", {"version": 1, "footage": "a.mp4"})
    for place, value in ((("version",), 2), (("rate",), 24), (("lens", "fov"), 60), (("cleaning", "lost"), "keep")):
        assert not accepts("capture_job", changed(job, place, value))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("clean", {"threshold": 0.8, "lost": "hold"}, {"threshold": 7}),
        ("clean", {"finger_hz": 3}, {"finger_hz": "quick"}),
        ("clean", {"wrist_rotation_only": True}, {"wrist_rotation_only": 1}),
        ("capture", {"lens": "FOV", "max_hands": 2}, {"lens": "ZOOM"}),
        ("capture", {"mirrored": False}, {"max_hands": 2.5}),
    ],
)
def test_settings_presets(kind, good, bad):
    assert accepts(f"settings_preset_{kind}", good)
    assert not accepts(f"settings_preset_{kind}", bad)
    getattr(presets, kind.upper()).check(good, "it")
    with pytest.raises(ValueError, match=f"{next(iter(bad))} of it"):
        getattr(presets, kind.upper()).check(bad, "it")
