"""The importers by name."""

from collections.abc import Callable
from dataclasses import dataclass

from dahyf_core.errors import ImportFileError, SettingsError
from dahyf_core.imports import bvh, hamer, landmarks, mano, openxr
from dahyf_core.imports.contents import Contents
from dahyf_core.imports.motion import Motion, Reading


@dataclass(frozen=True)
class Importer:
    """A tool whose files are read.

    recognises: whether contents look like the tool's. read: makes hands of them, and raises ValueError. needs: what a
    user has to give, as part of a sentence.
    """

    name: str
    recognises: Callable[[Contents], bool]
    read: Callable[[Contents, Reading], Motion]
    needs: str


_HAMER = "a dictionary, or a list of them, with global_orient, hand_pose and which hands are right"

IMPORTERS = {
    each.name: each
    for each in (
        Importer("wilor", hamer.recognises_wilor_mini, hamer.read, _HAMER),
        Importer("hamer", hamer.recognises, hamer.read, _HAMER),
        Importer("fasthamer", hamer.recognises, hamer.read, _HAMER),
        Importer("hawor", mano.recognises_hawor, mano.read_hawor, "HaWoR's world_space_res.pth"),
        Importer("arctic", mano.recognises_arctic, mano.read_arctic, "ARCTIC's *.mano.npy"),
        Importer(
            "amass", mano.recognises_amass, mano.read_amass, "an .npz with poses, betas, trans and mocap_framerate"
        ),
        Importer(
            "mediapipe",
            landmarks.recognises_mediapipe,
            landmarks.read_mediapipe,
            "JSON with landmarks or worldLandmarks, and handedness, of each frame",
        ),
        Importer(
            "openpose",
            landmarks.recognises_openpose,
            landmarks.read_openpose,
            "the folder that --write_json of OpenPose wrote, with --hand",
        ),
        Importer(
            "freemocap",
            landmarks.recognises_freemocap,
            landmarks.read_freemocap,
            "mediapipe_right_hand_3d_xyz.npy or .csv of output_data",
        ),
        Importer("openxr", openxr.recognises, openxr.read, "JSON with the 25 or 26 joints of each hand and frame"),
        Importer("bvh", bvh.recognises, bvh.read, "a skeleton whose finger bones are named after their fingers"),
    )
}
"""In the order in which a file is guessed: the first one that recognises it."""


def importer_of(contents: Contents, name: str | None) -> Importer:
    """The importer of that name, or the one that recognises the file.

    Raises SettingsError for an unknown name, and ImportFileError where none recognises the file.
    """
    if name is not None:
        if name not in IMPORTERS:
            raise SettingsError(f"There is no importer {name}.", f"Use one of {', '.join(IMPORTERS)}.")
        return IMPORTERS[name]
    for importer in IMPORTERS.values():
        if _recognises(importer, contents):
            return importer
    raise ImportFileError(
        f"{contents.path} looks like no file of {', '.join(IMPORTERS)}.", "Say what it is with --from."
    )


def _recognises(importer: Importer, contents: Contents) -> bool:
    try:
        return importer.recognises(contents)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return False
