"""The sidebar: facts on footage, presets, reasons, several captures, the confidence bar."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from capture_factory import capture_arrays, write_capture
from conftest import ROOT, MakeCapture

from addon.backend import notices
from addon.cleaning import confidence_bar
from addon.errors import AddonError
from addon.operators import core_job
from addon.operators.captures import captures
from addon.scene import footage, nla_layers
from addon.scene.scene_import import ImportOptions, import_capture
from addon.settings import capture_properties, settings_presets
from addon.shared import presets
from addon.shared.capture_schema import State
from addon.shared.cleaning import LOST_RULES, NUMBERS
from addon.shared.rules import Choice, Flag, Number, Text

SAMPLE = Path(__file__).parent.parent / "samples" / "one_hand.mp4"

pytestmark = pytest.mark.usefixtures("registered")

FLT_MAX = 3.4e38


def settings() -> capture_properties.DAHYF_HANDS_PG_settings:
    return capture_properties.settings_of(bpy.context.scene)


def save_picture(path: Path, width: int, height: int) -> None:
    image = bpy.data.images.new("picture", width, height)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


# Footage


def test_a_video_tells_its_size_rate_and_length() -> None:
    settings().footage = str(SAMPLE)
    assert capture_properties.describe_footage(settings()) == "640 x 360, 25 frames/s, 120 frames"
    assert (settings().range_start, settings().range_end) == (1, 120)
    assert not bpy.data.movieclips


def write_shots(folder: Path) -> None:
    for name in ("shot_07.png", "shot_08.png", "shot_09.png", "cover.png"):
        save_picture(folder / name, 32, 18)
    (folder / "cover.png").rename(folder / "cover.txt")


@pytest.mark.parametrize(
    ("chosen", "as_sequence", "frames"),
    [
        ("", False, (7, 9)),
        ("shot_07.png", True, (7, 9)),
        ("shot_07.png", False, (0, 0)),
        ("shot_08.png", True, (8, 9)),
        ("shot_09.png", True, (9, 9)),
    ],
)
def test_a_series_goes_by_its_numbers_and_other_pictures_stand_alone(
    tmp_path: Path, chosen: str, as_sequence: bool, frames: tuple[int, int]
) -> None:
    write_shots(tmp_path)
    assert footage.look(tmp_path / chosen, as_sequence) == footage.Facts(32, 18, 0.0, *frames)


def test_one_numbered_picture_is_a_photograph_unless_the_panel_says_sequence(tmp_path: Path) -> None:
    write_shots(tmp_path)
    settings().footage = str(tmp_path / "shot_07.png")
    assert settings().has_sequence
    assert capture_properties.describe_footage(settings()).endswith("one picture")
    assert "--sequence" not in capture_properties.capture_arguments(settings(), tmp_path / "a.npz")
    settings().use_sequence = True
    assert capture_properties.describe_footage(settings()).endswith("3 frames")
    assert (settings().range_start, settings().range_end) == (7, 9)
    assert "--sequence" in capture_properties.capture_arguments(settings(), tmp_path / "a.npz")
    settings().footage = str(SAMPLE)
    assert not settings().has_sequence
    assert "--sequence" not in capture_properties.capture_arguments(settings(), tmp_path / "a.npz")


def test_a_choice_of_deinterlacing_reaches_the_core(tmp_path: Path) -> None:
    settings().footage = str(SAMPLE)
    assert "--deinterlace" not in capture_properties.capture_arguments(settings(), tmp_path / "a.npz")
    settings().deinterlace = "off"
    arguments = capture_properties.capture_arguments(settings(), tmp_path / "a.npz")
    assert arguments[arguments.index("--deinterlace") + 1] == "off"


def test_what_is_no_footage_has_no_facts(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video")
    settings().footage = str(tmp_path / "notes.mp4")
    assert capture_properties.describe_footage(settings()) == ""
    settings().footage = str(tmp_path / "nowhere.mp4")
    assert capture_properties.describe_footage(settings()) == ""
    assert not bpy.data.movieclips


@pytest.mark.parametrize(
    ("start", "end", "words"), [(10, 5, "ends before its start"), (100, 121, "1 to 120"), (1, 120, None)]
)
def test_a_range_that_holds_nothing_is_named(start: int, end: int, words: str | None) -> None:
    settings().footage = str(SAMPLE)
    settings().use_range, settings().range_start, settings().range_end = True, start, end
    reason = capture_properties.range_obstacle(settings())
    assert reason is None if words is None else words in reason


def test_nothing_chosen_is_no_sequence() -> None:
    assert not capture_properties.is_sequence("")


# Several captures


def test_a_new_capture_does_not_overwrite_one_whose_hands_are_in_the_file(tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings().footage = str(SAMPLE)
    first = capture_properties.capture_path(settings())
    assert first == tmp_path / "one_hand.hands.npz"
    bpy.ops.dahyf_hands.import_capture(filepath=str(write_capture(first, capture_arrays())))
    assert capture_properties.capture_path(settings()) == tmp_path / "one_hand.2.hands.npz"


def test_hands_of_any_capture_can_be_selected(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "clip.npz", capture_arrays())
    for _ in range(2):
        bpy.ops.dahyf_hands.import_capture(filepath=str(path))
    (root, hands), (_, others) = captures(bpy.context.scene)
    bpy.ops.dahyf_hands.select_hands(root=root.name)
    assert set(bpy.context.selected_objects) == set(hands)
    bpy.ops.dahyf_hands.select_hands()
    assert set(bpy.context.selected_objects) == set(others)


# Presets


@pytest.fixture
def presets_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings_presets, "preset_path", lambda _kind, name: tmp_path / f"{name}.json")
    return tmp_path


def test_settings_come_back_from_a_preset(presets_folder: Path) -> None:
    clean = bpy.context.scene.dahyf_hands_clean
    clean.finger_hz, clean.lost = 3.0, "hold"
    settings().footage, settings().lens = str(SAMPLE), "FOV"
    for kind in ("clean", "capture"):
        bpy.ops.dahyf_hands.save_settings(kind=kind, name=kind)
    clean.finger_hz, clean.lost, settings().lens, settings().footage = 9.0, "open", "UNKNOWN", ""
    for kind in ("clean", "capture"):
        bpy.ops.dahyf_hands.load_settings(kind=kind, filepath=str(presets_folder / f"{kind}.json"))
    assert (clean.finger_hz, clean.lost, settings().lens, settings().footage) == (3.0, "hold", "FOV", "")
    bpy.ops.dahyf_hands.save_settings(kind="clean", name="clean", remove_name=True)
    assert not (presets_folder / "clean.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1]",
        "[" * 100_000,
        '{"lost": "never"}',
        '{"finger_hz": "quick"}',
        '{"finger_hz": true}',
        '{"threshold": NaN}',
        '{"threshold": 7}',
        '{"threshold": -1e30}',
        '{"finger_hz": 1' + "0" * 400 + "}",
        '{"wrist_rotation_only": 3}',
        '{"finger_hz": 1.5, "lost": 2}',
    ],
    ids=lambda content: content[:30],
)
def test_a_damaged_preset_changes_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(content)
    clean = bpy.context.scene.dahyf_hands_clean
    before = {name: getattr(clean, name) for name in presets.CLEAN.optional}
    with pytest.raises(AddonError, match=r"odd\.json"):
        settings_presets.load(bpy.context.scene, "clean", path)
    assert {name: getattr(clean, name) for name in before} == before


def test_a_camera_preset_is_read_and_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "camera.py"
    path.write_text(
        f"open({str(trace)!r}, 'w')\nbpy.context.camera.sensor_width = 23.6\nbpy.context.camera.lens = 50\n"
    )
    bpy.ops.dahyf_hands.use_camera(filepath=str(path))
    assert (settings().lens, settings().focal_mm) == ("FOCAL_MM", 50)
    assert settings().sensor_mm == pytest.approx(23.6)
    assert not trace.exists()


def test_every_camera_of_blenders_can_be_used() -> None:
    files = [file for folder in bpy.utils.preset_paths("camera") for file in Path(folder).glob("*.py")]
    for file in files:
        assert bpy.ops.dahyf_hands.use_camera(filepath=str(file)) == {"FINISHED"}


# Errors


def test_an_error_offers_what_mends_it() -> None:
    message = {"type": "error", "text": "damaged", "remedy": "", "exit_code": 5}
    assert core_job.of_message(message).operators == ("dahyf_hands.set_up_environment",)
    assert core_job.of_message(message | {"exit_code": 3}).operators == ()
    notices.put("capture", core_job.of_message(message))
    bpy.ops.dahyf_hands.dismiss_error()
    assert notices.of("capture") is None


# The confidence bar


def test_the_bar_tells_seen_made_up_and_missing_frames(make_capture: MakeCapture) -> None:
    def spoil(arrays: dict) -> None:
        arrays["state"][:, 1] = State.INTERPOLATED
        arrays["state"][:, 3:5] = State.MISSING
        arrays["pose"][:, 3:5] = arrays["translation"][:, 3:5] = np.nan
        arrays["confidence"][:] = 0.9
        arrays["confidence"][:, 2] = 0.2

    hand = import_capture(bpy.context, make_capture(spoil), ImportOptions()).rigs[0].armature
    stretches, colours = confidence_bar.cells(nla_layers.base_action(hand), 0.6)
    np.testing.assert_allclose(stretches[:4], [(0.5, 1.5), (1.5, 2.5), (2.5, 3.5), (5.5, 6.5)])
    np.testing.assert_allclose(colours[1], confidence_bar.MADE_UP)
    np.testing.assert_allclose(colours[2], confidence_bar.BAD)
    assert colours[0, 1] > colours[0, 0]


# All that can be pressed or set


def operators() -> list[type[bpy.types.Operator]]:
    return [cls for cls in bpy.types.Operator.__subclasses__() if cls.__name__.startswith("DAHYF_HANDS_OT_")]


def test_everything_explains_itself() -> None:
    for cls in operators():
        described = getattr(bpy.ops.dahyf_hands, cls.bl_idname.partition(".")[2]).get_rna_type()
        assert described.description, cls.__name__
    groups = (capture_properties.DAHYF_HANDS_PG_settings, type(bpy.context.scene.dahyf_hands_clean), *operators())
    for group in groups:
        for prop in group.bl_rna.properties:
            if prop.is_runtime and not prop.is_hidden:
                assert prop.description, f"{group.__name__}.{prop.identifier}"


@pytest.mark.parametrize("kind", ["capture", "clean"])
def test_the_schema_of_presets_knows_all_settings(presets_folder: Path, kind: str) -> None:
    schema = json.loads((ROOT / "docs" / "schemas" / f"settings_preset_{kind}.schema.json").read_text())
    bpy.ops.dahyf_hands.save_settings(kind=kind, name=kind)
    saved = json.loads((presets_folder / f"{kind}.json").read_text())
    assert set(schema["properties"]) == set(saved)


@pytest.mark.parametrize("kind", ["capture", "clean"])
def test_the_panel_s_settings_have_the_ranges_of_the_shared_table(kind: str) -> None:
    group, table = settings_presets.KINDS[kind]
    known = getattr(bpy.context.scene, group).bl_rna.properties
    for name, rule in table.optional.items():
        setting = known[name]
        if isinstance(rule, Number):
            assert setting.hard_min == pytest.approx(rule.lowest, rel=1e-2)
            assert setting.hard_max == pytest.approx(min(rule.highest, FLT_MAX), rel=1e-2)
            assert (setting.type == "INT") == rule.whole
        elif isinstance(rule, Choice):
            assert sorted(item.identifier for item in setting.enum_items) == sorted(rule.values)
        else:
            assert setting.type == {Flag: "BOOLEAN", Text: "STRING"}[type(rule)]


def test_cleaning_begins_as_the_core_s() -> None:
    settings = bpy.context.scene.dahyf_hands_clean.bl_rna.properties
    for name, number in NUMBERS.items():
        assert settings[presets.PANEL_NAMES.get(name, name)].default == pytest.approx(number.default)
    assert settings["lost"].default == LOST_RULES[0]
