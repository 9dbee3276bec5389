"""A capture over its footage: as a video, and as one picture to judge it by. Drawn on the CPU."""

from dahyf_core.preview.footage import CapturedFootage
from dahyf_core.preview.mesh import draw_mesh
from dahyf_core.preview.raw import without_cleaning
from dahyf_core.preview.sheet import choose_frames, draw_tiles, write_sheet
from dahyf_core.preview.skinning import bone_moves, skin
from dahyf_core.preview.video import write_video

__all__ = [
    "CapturedFootage",
    "bone_moves",
    "choose_frames",
    "draw_mesh",
    "draw_tiles",
    "skin",
    "without_cleaning",
    "write_sheet",
    "write_video",
]
