"""`blender -b [FILE] --command dahyf_hands capture|import|retarget|export`: the add-on's work without a window."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import bpy

from . import retarget
from .backend import environment, lifetime, worker
from .backend.capture_file import read_capture
from .cleaning import recleaning
from .errors import AddonError, ExitCode, OutputError, RetargetError, SettingsError
from .export import files
from .export.formats import FORMATS, PROGRAMS
from .export.subject import subject_of
from .narrowing import present
from .scene import blend_file, scene_setup, views
from .scene.scene_import import ImportOptions, import_capture
from .scene.scene_setup import SceneSetup, timeline_of
from .settings import capture_properties, preferences

COMMAND = "dahyf_hands"
CAPTURE_SUFFIX: Final = ".npz"

EPILOG = """\
Blender loads FILE first, if it is given before --command. Otherwise the work starts in an empty scene.
exit codes: 0 done, 1 unexpected, 2 usage, 3 footage, 4 settings, 5 model file, 6 capture file, 7 output,
9 rig or preset,
130 interrupted (finished frames are kept; the same command continues from there)
"""

Say = Callable[..., None]


class CoreError(AddonError):
    """The core failed; the error has the core's exit code."""

    def __init__(self, message: worker.Message, exit_code: int) -> None:
        super().__init__(str(message["text"]), str(message.get("remedy", "")))
        self.exit_code = exit_code  # type: ignore[misc]


class StoppedError(AddonError):
    """The user has stopped the work."""

    exit_code = ExitCode.INTERRUPTED


def run(arguments: Sequence[str]) -> int:
    """Run a command line. Returns the exit code. Errors are reported in one line."""
    try:
        chosen, core_arguments = parse(arguments)
    except SystemExit as stop:
        return ExitCode.USAGE if stop.code else ExitCode.DONE
    say = say_json if chosen.json else say_text
    if chosen.exit_with_stdin:
        lifetime.end_with_stdin()
    try:
        check_loaded(sys.argv)
        if chosen.file is not None:
            load(chosen.file)
        chosen.work(chosen, core_arguments, say)
    except AddonError as error:
        say("error", text=error.reason, remedy=error.remedy, exit_code=error.exit_code)
        return error.exit_code
    except Exception as error:
        text = f"An unexpected error stopped the work: {type(error).__name__}: {error}."
        say("error", text=text, remedy="Please report it.", exit_code=ExitCode.UNEXPECTED)
        return ExitCode.UNEXPECTED
    return 0


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The chosen options, and the arguments that `capture` passes on to the core. Raises SystemExit."""
    parser = argparse.ArgumentParser(
        f"blender -b [FILE] --command {COMMAND}", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="capture|import|retarget|export")
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument(
        "--file",
        type=Path,
        metavar="FILE.blend",
        help="file to load first, where none is named before --command, as with `python -m addon`",
    )
    every.add_argument(
        "--exit-with-stdin", action="store_true", help="end when standard input ends, as with the program that holds it"
    )
    every.add_argument("--json", action="store_true", help="write messages as one JSON object per line")
    common = argparse.ArgumentParser(add_help=False, parents=[every])
    common.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.blend", help="file to write")
    common.add_argument(
        "--start-frame",
        type=int,
        default=1,
        metavar="F",
        help="scene frame of the footage's first picture (default: 1)",
    )
    common.add_argument(
        "--export",
        type=format_names,
        default=(),
        metavar="F,F",
        help=f"also export beside OUT.blend, as {', '.join(known.lower() for known in FORMATS)}: the hands, or the "
        "retargeted rig",
    )
    shared = argparse.ArgumentParser(add_help=False, parents=[common])
    scene = shared.add_mutually_exclusive_group()
    scene.add_argument(
        "--set-up-scene",
        choices=[setup.lower() for setup in SceneSetup],
        default=SceneSetup.AUTO.lower(),
        help="set the scene to the footage's rate, range, picture size and camera; "
        "auto: only a scene that nobody has worked in yet (default: auto)",
    )
    scene.add_argument(
        "--keep-scene",
        action="store_const",
        dest="set_up_scene",
        const=SceneSetup.NEVER.lower(),
        help="the same as --set-up-scene never",
    )
    shared.add_argument("--no-footage", action="store_true", help="do not show the footage behind the camera")
    capture = commands.add_parser(
        "capture",
        parents=[shared],
        help="capture the hands of a clip, then import them",
        epilog="All other options go to `dahyf capture`, for example --range 0:100 --fov 60 --max-hands 1.",
    )
    capture.add_argument("clip", type=Path, help="video, image sequence or still")
    capture.add_argument(
        "--capture-file",
        type=Path,
        help="file for the capture; its name gets a number if the file exists (default: OUT.hands.npz)",
    )
    capture.set_defaults(work=capture_clip)
    importing = commands.add_parser(
        "import",
        parents=[shared],
        help="import a capture file, or another tool's result",
        epilog="For results of other tools, all other options go to `dahyf import`, such as --from amass --side left.",
    )
    importing.add_argument(
        "capture_file", type=Path, metavar="FILE", help="a file that `dahyf capture` wrote, or another tool's result"
    )
    importing.set_defaults(work=import_file)
    add_retarget(commands, common)
    add_export(commands, every)
    chosen, rest = parser.parse_known_args(arguments)
    takes_more = chosen.work is capture_clip or (chosen.work is import_file and is_result(chosen.capture_file, rest))
    if rest and not takes_more:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return chosen, rest


def add_retarget(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the parser of `retarget`."""
    parser = commands.add_parser(
        "retarget",
        parents=[common],
        help="key a rig of FILE from capture files, one Action for each",
        epilog="The rig plays the last of several captures; the Actions of the others stay in the file.",
    )
    parser.add_argument("captures", type=Path, nargs="+", metavar="CAPTURE", help="files that `dahyf capture` wrote")
    parser.add_argument("--rig", required=True, metavar="NAME", help="name of the armature object")
    parser.add_argument(
        "--preset",
        default=retarget.AUTOMATIC,
        metavar="P",
        help=f"{', '.join(retarget.available_presets())}, or a .json file (default: the one that fits)",
    )
    parser.add_argument("--hands", choices=("both", "left", "right"), default="both", help="default: both")
    parser.add_argument(
        "--wrist",
        choices=[wrist.lower() for wrist in retarget.Wrist],
        default=retarget.Wrist.ROTATION.lower(),
        help="what the rig's hand takes from the captured wrist; none: fingers only (default: rotation)",
    )
    parser.add_argument(
        "--arm",
        choices=[arm.lower() for arm in retarget.Arm],
        default=retarget.Arm.AUTO.lower(),
        help="whether the arm turns with the hand; auto: where nothing animates it (default: auto)",
    )
    parser.add_argument("--any-wrist", action="store_true", help="let the wrist bend further than a human's")
    parser.add_argument(
        "--space",
        choices=[space.lower() for space in retarget.Space],
        default=retarget.Space.WORLD.lower(),
        help="space in which the hand moves as it was filmed; camera: that of FILE's scene (default: world)",
    )
    parser.add_argument(
        "--mirror",
        action="store_true",
        help="drive the rig's right hand by the captured left hand and its left by the right, as in a mirror",
    )
    parser.add_argument(
        "--make-override",
        action="store_true",
        help="replace a rig that is linked from another file by a library override, which can be keyed",
    )
    parser.set_defaults(work=retarget_files)


def add_export(commands: Any, every: argparse.ArgumentParser) -> None:
    """Add the parser of `export`."""
    parser = commands.add_parser(
        "export",
        parents=[every],
        help="export the captured hands of FILE, or one of its rigs, for other programs",
        epilog="The scene's range is exported. Constraints and drivers become keys; FILE itself stays as it is.",
    )
    suffixes = ", ".join(known.suffix for known in FORMATS.values())
    parser.add_argument(
        "-o", "--output", type=Path, required=True, action="append", metavar="OUT", help=f"{suffixes}; repeatable"
    )
    parser.add_argument("--rig", metavar="NAME", help="armature object to export with its meshes (default: the hands)")
    parser.add_argument(
        "--for",
        dest="program",
        choices=[name.lower() for name in PROGRAMS],
        default="any",
        help="program that reads the file; sets axes and unit (default: any)",
    )
    parser.add_argument("--up", choices=("y", "z"), help="axis that points up, in .fbx, .usdc and .bvh files")
    parser.add_argument("--unit", choices=("m", "cm"), help="unit of length, in .fbx, .abc and .bvh files")
    parser.add_argument("--rate", type=rate_of, metavar="FPS", help="frames per second (default: the scene's)")
    parser.add_argument("--start-frame", type=int, metavar="F", help="number of the first frame (default: the scene's)")
    parser.add_argument("--camera", action="store_true", help="also export the scene's camera, but for .bvh")
    parser.add_argument("--all-bones", action="store_true", help="also export bones that deform nothing")
    parser.set_defaults(work=export_loaded)


def format_names(text: str) -> tuple[str, ...]:
    """The names of formats in a comma-separated list. Raises argparse.ArgumentTypeError."""
    names = tuple(part.strip().upper() for part in text.split(",") if part.strip())
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(known.lower() for known in FORMATS)}")
    return names


def rate_of(text: str) -> Fraction:
    """A positive rate such as 24, 23.976 or 30000/1001. Raises argparse.ArgumentTypeError."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise argparse.ArgumentTypeError("give 1 to 1000 frames per second, such as 24 or 30000/1001")
    return rate


def export_loaded(chosen: argparse.Namespace, _core_arguments: Sequence[str], say: Say) -> None:
    """Export from the loaded file, which is not saved. Raises AddonError."""
    scene = present(bpy.context.scene)
    rigs = [find_rig(chosen.rig)] if chosen.rig else shown_hands(scene)
    options = files.ExportOptions(
        chosen.program.upper(),
        chosen.up.upper() if chosen.up else None,
        chosen.unit.upper() if chosen.unit else None,
        chosen.rate,
        chosen.start_frame,
        chosen.all_bones,
    )
    worker.take_interrupts()
    try:
        export_rigs(rigs, chosen.output, options, say, scene.camera if chosen.camera else None)
    except KeyboardInterrupt:
        raise StoppedError("The export was stopped.", "Files that it had finished are there.") from None
    say(
        "done",
        output=", ".join(map(str, chosen.output)),
        hands=len(rigs),
        frames=scene.frame_end - scene.frame_start + 1,
    )


def shown_hands(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The rigs of the captured hands that the scene shows."""
    view_layer = present(bpy.context.view_layer)
    roots = [root for root in scene_setup.capture_roots(scene) if scene_setup.is_shown(view_layer, root)]
    return [each for each in scene.objects if recleaning.is_hand_rig(each) and each.parent in roots]


def export_rigs(
    rigs: Sequence[bpy.types.Object],
    outputs: Sequence[Path],
    options: files.ExportOptions,
    say: Say,
    camera: bpy.types.Object | None = None,
) -> None:
    """Export rigs with their meshes, and say which files were written. Raises AddonError."""
    subject = subject_of(present(bpy.context.scene), rigs, camera)

    def progress(done: int, total: int) -> None:
        say("progress", stage="export", done=done, total=total)

    for path in files.export_files(subject, outputs, options, progress):
        say("status", text=f"Exported {path}.")


def export_beside(rigs: Sequence[bpy.types.Object], chosen: argparse.Namespace, say: Say) -> None:
    """Export what `--export` asks for, beside the .blend file, which is saved already. Raises AddonError."""
    if chosen.export:
        outputs = [chosen.output.with_suffix(FORMATS[name].suffix) for name in chosen.export]
        export_rigs(rigs, outputs, files.ExportOptions(), say)


def capture_clip(chosen: argparse.Namespace, core_arguments: Sequence[str], say: Say) -> None:
    """Run the core on a clip, then import what it found. Raises AddonError."""
    check_output(chosen.output)
    check_exports(chosen.export)
    wanted = chosen.capture_file or chosen.output.with_suffix(".hands.npz")
    build_file(made_by_core("capture", chosen.clip, wanted, core_arguments, say), chosen, say)


def made_by_core(command: str, source: Path, wanted: Path, core_arguments: Sequence[str], say: Say) -> Path:
    """Run the core's `capture` or `import`, and return the capture file that it made. Raises AddonError."""
    interpreter = preferences.core_interpreter(preferences.preferences_of(bpy.context))
    if interpreter is None:
        raise AddonError(
            preferences.core_state(preferences.preferences_of(bpy.context)).text,
            f"Use Set Up in the preferences, or set {environment.INTERPRETER_VARIABLE} to a Python that has it.",
        )
    capture_file = capture_properties.unused(wanted.resolve(), source.absolute())
    say("status", text=f"The capture goes to {capture_file}.")
    line = environment.core_command(
        interpreter, command, str(source), "--output", str(capture_file), "--json", *core_arguments
    )
    code, last = worker.run_blocking(line, lambda message: relay(message, say))
    if code:
        raise CoreError(last, code)
    return capture_file


def relay(message: worker.Message, say: Say) -> None:
    """Pass on a message of the core. `done` is left out, as work goes on, and an error, as `run` reports it."""
    if message["type"] not in ("done", "error"):
        say(**message)


def import_file(chosen: argparse.Namespace, core_arguments: Sequence[str], say: Say) -> None:
    """Import a capture file, or what the core makes of another tool's result. Raises AddonError."""
    check_output(chosen.output)
    check_exports(chosen.export)
    capture_file = chosen.capture_file
    if is_result(capture_file, core_arguments):
        wanted = chosen.output.with_suffix(".hands.npz")
        capture_file = made_by_core("import", capture_file, wanted, core_arguments, say)
    build_file(capture_file, chosen, say)


def is_result(file: Path, core_arguments: Sequence[str]) -> bool:
    """Whether a file is another tool's. Of .npz files only those are for which `--from` names a tool."""
    return file.suffix.lower() != CAPTURE_SUFFIX or "--from" in core_arguments


def build_file(capture_file: Path, chosen: argparse.Namespace, say: Say) -> None:
    """Import a capture into the loaded file, or into an empty one, and save it as the output. Raises AddonError."""
    capture = read_capture(capture_file.resolve())
    if not bpy.data.filepath:
        bpy.ops.wm.read_homefile(use_empty=True)
    options = ImportOptions(
        SceneSetup(chosen.set_up_scene.upper()), show_footage=not chosen.no_footage, first_frame=chosen.start_frame
    )
    imported = import_capture(bpy.context, capture, options)
    if imported.is_set_up and imported.camera:
        views.look_through_camera(bpy.data.screens, present(bpy.context.scene).render)
    for warning in imported.warnings:
        say("warning", text=warning)
    blend_file.save(chosen.output)
    if imported.rigs:
        export_beside([built.armature for built in imported.rigs], chosen, say)
    say("done", output=str(chosen.output), hands=len(imported.rigs), frames=len(capture.frame))


def retarget_files(chosen: argparse.Namespace, _core_arguments: Sequence[str], say: Say) -> None:
    """Key the rig from each capture, and save the file as the output. Raises AddonError, and then writes nothing."""
    check_output(chosen.output)
    check_exports(chosen.export)
    rig = overridden_rig(chosen.rig) if chosen.make_override else find_rig(chosen.rig)
    retarget.check_not_linked(rig)
    preset = retarget.choose_preset(rig, chosen.preset)
    hands, frames, space = 0, 0, retarget.Space(chosen.space.upper())
    timeline = timeline_of(present(bpy.context.scene), chosen.start_frame)
    choice = retarget.WristChoice(
        retarget.Wrist(chosen.wrist.upper()), retarget.Arm(chosen.arm.upper()), not chosen.any_wrist
    )
    for number, path in enumerate(chosen.captures):
        capture = read_capture(path.resolve())
        found = retarget.of_sides(retarget.capture_sources(capture, timeline), chosen.hands.upper())
        timed = [retarget.timed(present(bpy.context.scene), each, chosen.start_frame) for each in found]
        sources = [retarget.placed(present(bpy.context.scene), each, space, chosen.mirror) for each in timed]
        if number:
            retarget.set_aside(rig)
        done = retarget.retarget(bpy.context, rig, sources, preset, choice)
        for warning in done.warnings:
            say("warning", text=warning)
        text = f"{retarget.summary(done)}, from {path}."
        say("action", text=text, capture=str(path), action=done.action.name, hands=done.hands, frames=done.frames)
        hands, frames = hands + done.hands, frames + done.frames
    blend_file.save(chosen.output)
    export_beside([rig], chosen, say)
    say("done", output=str(chosen.output), hands=hands, frames=frames, preset=preset.name)


def overridden_rig(name: str) -> bpy.types.Object:
    """A library override of the rig of that name, or of the rig in the collection that an empty of that name shows."""
    found = present(bpy.context.scene).objects.get(name)
    return retarget.make_override(bpy.context, present(found)) if retarget.linked_reason(found) else find_rig(name)


def find_rig(name: str) -> bpy.types.Object:
    """The armature of that name in the loaded file. Raises RetargetError."""
    rigs = [candidate.name for candidate in present(bpy.context.scene).objects if candidate.type == "ARMATURE"]
    if name not in rigs:
        there = f"it has {', '.join(rigs)}" if rigs else "it has no armature"
        raise RetargetError(
            f"{bpy.data.filepath or 'The empty scene'} has no rig {name}: {there}.",
            "Load the character's file before --command, and name its armature object.",
        )
    return present(bpy.context.scene).objects[name]


def check_loaded(blender_arguments: Sequence[str]) -> None:
    """Refuse to go on without the FILE that Blender was to load; it says so, and begins with an empty scene instead.

    blender_arguments: Blender's own, from its name to what follows --command. Raises SettingsError.
    """
    before = (
        list(blender_arguments[1 : blender_arguments.index("--command")]) if "--command" in blender_arguments else []
    )
    named = [argument for argument in before if Path(argument).suffix.lower().startswith(".blend")]
    if named and not bpy.data.filepath:
        raise SettingsError(f"Blender could not load {named[-1]}.", "Check its path, and that this Blender opens it.")


def load(path: Path) -> None:
    """Load a .blend file, without running its scripts. Raises SettingsError."""
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.resolve()), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        words = " ".join(str(error).removeprefix("Error: ").split()).rstrip(".")
        raise SettingsError(
            f"Blender could not load {path}: {words}.", "Check its path, and that this Blender opens it."
        ) from error


def check_output(path: Path) -> None:
    """Check before the work starts that the output can be written. Raises SettingsError and OutputError."""
    if path.suffix != ".blend":
        raise SettingsError(f"The output {path} does not end in .blend.", "Name a .blend file.")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"The output {path} is a folder, or in a folder that does not exist.", "Name a new file.")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"The folder {path.parent} cannot be written to.", "Check its permissions.")


def check_exports(names: Sequence[str]) -> None:
    """Raise ExportError before the work starts where this Blender cannot write one of these formats."""
    for name in names:
        FORMATS[name].convention("ANY", None, None)


def say_json(kind: str = "", **content: Any) -> None:
    """Write a message as one JSON object on a line."""
    print(json.dumps({"type": content.pop("type", kind), **content}), flush=True)


def say_text(kind: str = "", **content: Any) -> None:
    """Write a message as one line of text; errors and warnings go to the error stream."""
    kind = content.pop("type", kind)
    if kind == "error":
        print(f"Error: {content['text']} {content['remedy']}", file=sys.stderr, flush=True)
    elif kind == "warning":
        print(f"Warning: {content['text']}", file=sys.stderr, flush=True)
    elif kind == "done":
        print(f"Wrote {content['output']}: {content['hands']} hand(s), {content['frames']} frame(s).", flush=True)
    elif kind == "progress":
        print(f"{content['stage']}: {content['done']} of {content['total']}", flush=True)
    else:
        print(content.get("text", ""), flush=True)


_handle: Any = None


def register() -> None:
    """Make the command known to Blender's command line."""
    global _handle
    _handle = cast(Any, bpy.utils).register_cli_command(COMMAND, run)


def unregister() -> None:
    """Remove the command from Blender's command line."""
    bpy.utils.unregister_cli_command(_handle)
