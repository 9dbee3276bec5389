"""The panel in every state: before Set Up, with footage, while work runs, stopped, failed and done."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import blf
import bpy
import pytest
from capture_factory import capture_arrays, write_capture
from conftest import Hands
from panel_drawing import DEFAULT_WIDTH, Context, Layout, drawn, text_of
from rig_factory import build_rig

from addon import drawing, extension
from addon.backend import environment, installing, job, notices
from addon.panels.clean import DAHYF_HANDS_PT_clean
from addon.panels.retarget import DAHYF_HANDS_PT_retarget
from addon.panels.sidebar import DAHYF_HANDS_PT_capture, DAHYF_HANDS_PT_footage, DAHYF_HANDS_PT_lens
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.settings import capture_properties, preferences

SAMPLE = Path(__file__).parent.parent / "samples" / "one_hand.mp4"
WAIT = [
    sys.executable,
    "-c",
    "import sys; print('\"waiting\"', flush=True); sys.stdin.read(); import time; time.sleep(60)",
]

pytestmark = pytest.mark.usefixtures("registered", "chosen")


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Preferences with a core, as far as the panel knows."""

    def user_folder(path: str = "", create: bool = False) -> Path:
        (tmp_path / "user" / path).mkdir(parents=True, exist_ok=True)
        return tmp_path / "user" / path

    settings = SimpleNamespace(interpreter=sys.executable, base_python="", bundle="")
    monkeypatch.setattr(extension, "user_folder", user_folder)
    monkeypatch.setattr(preferences, "preferences_of", lambda _context: settings)
    monkeypatch.delenv(environment.INTERPRETER_VARIABLE, raising=False)
    notices.clear_all()
    return settings


@pytest.fixture
def no_core(chosen: SimpleNamespace) -> None:
    chosen.interpreter = ""


def settings() -> capture_properties.DAHYF_HANDS_PG_settings:
    return capture_properties.settings_of(bpy.context.scene)


def import_capture(tmp_path: Path) -> None:
    bpy.ops.dahyf_hands.import_capture(filepath=str(write_capture(tmp_path / "clip.npz", capture_arrays())))


# Set Up


@pytest.mark.usefixtures("no_core")
def test_before_the_set_up_the_cost_and_the_switch_stand_beside_the_button(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_offline", lambda: True)
    layout = drawn(DAHYF_HANDS_PT_capture)
    said = text_of(layout)
    assert "not installed yet" in said
    assert f"about {installing.DOWNLOAD_MB} MB" in said
    assert f"{installing.INSTALLED_MB} MB on the disk" in said
    assert layout.shown.index("Allow Online Access") == layout.shown.index("Set Up") + 1
    assert "dahyf_hands.capture" not in layout.operators


@pytest.mark.usefixtures("no_core")
def test_with_online_access_there_is_no_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "is_offline", lambda: False)
    assert "Allow Online Access" not in drawn(DAHYF_HANDS_PT_capture).shown


@pytest.mark.usefixtures("no_core")
def test_a_failed_set_up_is_told_near_its_button_with_the_report() -> None:
    notices.put(
        "set_up", notices.Notice(notices.ERROR, "The disk is full.", "Free some.", ("dahyf_hands.show_report",))
    )
    layout = drawn(DAHYF_HANDS_PT_capture)
    assert "The disk is full. Free some." in text_of(layout)
    assert "dahyf_hands.show_report" in layout.operators


@pytest.mark.usefixtures("no_core")
@pytest.mark.parametrize("width", [DEFAULT_WIDTH, 800])
def test_the_preferences_draw_before_and_after(chosen: SimpleNamespace, width: int) -> None:
    def shown() -> Layout:
        layout = Layout()
        preferences.draw_core(layout, Context(width), chosen)
        return layout

    assert shown().shown[0] == "The core is not installed yet."
    chosen.interpreter = sys.executable
    assert "press Check to test it" in text_of(shown())
    chosen.bundle = "/somewhere"
    assert "offline bundle" in text_of(shown())


# Footage


def test_an_empty_scene_asks_for_footage() -> None:
    assert drawn(DAHYF_HANDS_PT_footage).shown[0] == "Choose Footage"
    assert "Choose the footage first" in text_of(drawn(DAHYF_HANDS_PT_capture))


def test_footage_tells_what_it_is() -> None:
    settings().footage = str(SAMPLE)
    assert "640 x 360, 25 frames/s, 120 frames" in drawn(DAHYF_HANDS_PT_footage).shown
    assert drawn(DAHYF_HANDS_PT_capture).shown[-1] != "Choose the footage first"


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4"])
def test_a_text_file_says_that_it_is_no_footage(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Grüße: a list of shots\n" * 200)
    settings().footage = str(tmp_path / name)
    assert f"{name} is a text file" in text_of(drawn(DAHYF_HANDS_PT_footage))
    layout = drawn(DAHYF_HANDS_PT_capture)
    assert "dahyf_hands.capture" in layout.disabled
    assert "Choose other footage first" in text_of(layout)


@pytest.mark.parametrize("kind", ["an empty folder", "nothing", "not readable by Blender"])
def test_other_footage_that_is_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "shots"
    if kind == "an empty folder":
        path.mkdir()
    elif kind != "nothing":
        path.write_bytes(bytes(range(256)) * 8)
    settings().footage = str(path)
    words = {"an empty folder": "a folder without pictures", "nothing": "does not exist"}.get(kind, "tries to read it")
    assert words in text_of(drawn(DAHYF_HANDS_PT_footage))


def test_the_file_browser_says_choose_footage_and_shows_films_and_pictures() -> None:
    kind = bpy.ops.dahyf_hands.choose_footage.get_rna_type()
    assert kind.name == "Choose Footage"
    assert all(kind.properties[f"filter_{name}"].default for name in ("movie", "image", "folder"))
    assert bpy.ops.dahyf_hands.choose_footage(filepath=str(SAMPLE)) == {"FINISHED"}
    assert capture_properties.absolute(settings().footage) == SAMPLE


@pytest.mark.parametrize("lens", ["UNKNOWN", "FOV", "FOCAL_MM", "FOCAL_PX"])
def test_every_lens_draws(lens: str) -> None:
    settings().lens = lens
    assert drawn(DAHYF_HANDS_PT_lens).shown[0] == "Lens"


# While work runs, and after it


def test_the_button_gives_its_place_to_the_bar_and_nothing_else_moves() -> None:
    settings().footage = str(SAMPLE)
    before = drawn(DAHYF_HANDS_PT_capture)
    job.start("Capturing", WAIT, lambda _ending: None, "capture")
    try:
        during = drawn(DAHYF_HANDS_PT_capture)
    finally:
        job.stop()
    place = before.shown.index("Capture Hands")
    assert during.shown[:place] == before.shown[:place]
    assert during.shown[place : place + 2] == ["0%", ""], "a bar and a cross"
    assert before.shown[place + 1 : place + 3] == ["Ready", ""]
    assert during.shown[place + 2 : place + 4] == ["Capturing", ""]
    assert during.shown[place + 4 :] == before.shown[place + 3 :], "the rest stays where it is"


def test_a_capture_can_be_resumed_with_its_very_settings(tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings().footage = str(SAMPLE)
    output = capture_properties.capture_path(settings())
    capture_properties.partial(output).mkdir()
    (capture_properties.partial(output) / capture_properties.STOPPED).touch()
    capture_properties.remember_stopped(
        settings(), output, capture_properties.capture_arguments(settings(), output), 44, 120
    )
    assert "Resume (44 of 120 done)" in drawn(DAHYF_HANDS_PT_capture).shown
    settings().max_hands = 5
    assert "Capture Hands" in drawn(DAHYF_HANDS_PT_capture).shown
    settings().max_hands = 2
    shutil.rmtree(capture_properties.partial(output))
    assert "Capture Hands" in drawn(DAHYF_HANDS_PT_capture).shown


def test_an_import_says_how_much_was_seen(tmp_path: Path) -> None:
    import_capture(tmp_path)
    said = notices.of("capture")
    assert said.text.startswith("Keyed 2 hands in ")
    assert " seen" in said.text
    assert said.text in text_of(drawn(DAHYF_HANDS_PT_capture))


def test_a_damaged_file_is_told_in_the_panel(tmp_path: Path) -> None:
    (tmp_path / "clip.npz").write_bytes(b"broken")
    with pytest.raises(RuntimeError):
        bpy.ops.dahyf_hands.import_capture(filepath=str(tmp_path / "clip.npz"))
    assert notices.of("capture").kind == notices.ERROR
    assert "is not a capture file" in text_of(drawn(DAHYF_HANDS_PT_capture, width=900))


def test_cleaning_says_how_much_was_seen(hands: Hands) -> None:
    bpy.ops.dahyf_hands.clean()
    said = notices.of("clean").text
    assert said.startswith("Cleaned 2 hands in 40 frames: ")
    assert said.endswith(" seconds.")
    assert said in text_of(drawn(DAHYF_HANDS_PT_clean, width=900))


def test_retargeting_says_how_it_ended_in_its_section(tmp_path: Path) -> None:
    import_capture(tmp_path)
    bare = bpy.data.objects.new("Bare", bpy.data.armatures.new("Bare"))
    bpy.context.scene.collection.objects.link(bare)
    with pytest.raises(RuntimeError):
        bpy.ops.dahyf_hands.retarget(target="Bare")
    assert notices.of("retarget").kind == notices.ERROR
    assert notices.of("retarget").text in text_of(drawn(DAHYF_HANDS_PT_retarget, width=2000))
    build_rig(read_preset(SHIPPED / "mixamo.json"), name="Hero")
    assert bpy.ops.dahyf_hands.retarget(target="Hero", wrist="NONE") == {"FINISHED"}
    said = notices.of("retarget")
    assert said.kind != notices.ERROR, "the old error is gone"
    assert "hand" in said.text
    assert said.text in text_of(drawn(DAHYF_HANDS_PT_retarget, width=2000))


def test_an_old_error_goes_when_a_new_try_starts(hands: Hands) -> None:
    notices.put("clean", notices.Notice(notices.ERROR, "It failed.", "Try again."))
    bpy.ops.dahyf_hands.clean()
    assert notices.of("clean").kind == notices.INFO


def test_opening_another_file_stops_work_and_says_so() -> None:
    job.start("Step 3 of 4: Installing the core", WAIT, lambda _ending: None, "set_up")
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not job.is_running()
    assert "was stopped because another file was opened" in notices.of("set_up").text


# Sections that need a hand


def test_sections_that_need_a_hand_say_so(tmp_path: Path) -> None:
    for panel in (DAHYF_HANDS_PT_clean, DAHYF_HANDS_PT_retarget):
        layout = drawn(panel)
        assert text_of(layout) == "Capture hands or import a capture first."
        assert not layout.operators
    import_capture(tmp_path)
    assert len(drawn(DAHYF_HANDS_PT_clean).operators) > 5
    assert "dahyf_hands.retarget" in drawn(DAHYF_HANDS_PT_retarget).operators
    bpy.context.view_layer.objects.active = None
    layout = drawn(DAHYF_HANDS_PT_clean)
    assert layout.shown[0] == "Select a captured hand first."
    assert layout.operators == ["dahyf_hands.select_hands"]


# Text


@pytest.mark.parametrize("width", [160, DEFAULT_WIDTH, 900])
@pytest.mark.parametrize(
    "text",
    ["The footage does not exist: /a/very/long/path/without/any/blank/in/it/that/does/not/fit/clip.mp4", "Short"],
)
def test_lines_fit_the_region_and_lose_nothing(width: int, text: str) -> None:
    lines = drawing.lines_of(Context(width), text)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    room = max(width - drawing.MARGINS, drawing.SHORTEST_LINE)
    assert all(blf.dimensions(drawing.FONT, line)[0] <= room for line in lines)
