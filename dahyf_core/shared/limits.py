"""The largest inputs that are read, from any source.

No real camera, hand or clip exceeds these limits. A reader that accepts more can be made to hang or to fill the memory.
"""

from typing import Final

UNPACKED_BYTES: Final = 64 << 20
"""Bytes that an archive or pickle may always unpack to. Larger ones may unpack to UNPACKED_RATIO times their size."""
UNPACKED_RATIO: Final = 20
LARGEST_UNPACKED: Final = 4 << 30
ARCHIVE_MEMBERS: Final = 1_000
HAND_MODEL_BYTES: Final = 256 << 20
JSON_BYTES: Final = 64 << 20
IMPORT_BYTES: Final = 512 << 20
"""Of a text or an archive of another tool."""
PRESET_BYTES: Final = 1_000_000
TEXT_LENGTH: Final = 4_096
"""Characters of a name or path in a file."""
NOTES: Final = 64
"""Sentences about how an imported file was converted."""
META_LENGTH: Final = 4_000_000
"""Characters of a capture file's `meta`."""
FILE_NAME_BYTES: Final = 255

HANDS: Final = 64
FRAMES: Final = 10_000_000
VERTICES: Final = 200_000
FACES: Final = 400_000

RATE: Final = (1 / 3_600, 32_767)
"""Frames per second, the highest that Blender can play."""
RATE_TERM: Final = 1_000_000_000
"""Numerator and denominator of a rate."""
SECONDS: Final = 10_000_000
FRAME_NUMBER: Final = 999_999_999
TIMELINE_FRAMES: Final = 1_048_574
"""The last frame that Blender's timeline has."""
PAUSE: Final = 600
"""Seconds between two frames of one clip, after which its time stamps are doubted."""

PICTURE_SIDE: Final = 32_768
"""Pixels, as of PICTURE_PIXELS."""
PICTURE_PIXELS: Final = 1 << 28
PICTURE_ASPECT: Final = 32
"""The longer side of a picture over the shorter one."""

PIXEL: Final = 1_000_000
"""Coordinates and sizes in a picture, px."""
BOX_PX: Final = 1_000_000_000
"""Like PIXEL, for boxes around hands, which may lie far outside a picture."""
FOCAL_PX: Final = (1, 1_000_000)
DISTORTION: Final = 1_000
DISTORTION_COUNTS: Final = (0, 5)
"""A capture file's lens has none of OpenCV's coefficients, or k1, k2, p1, p2, k3."""

REST_SIZE: Final = 10
"""Metres of a hand at rest from the origin."""
DISTANCE: Final = 1_000_000
"""Metres from the camera."""
ANGLE: Final = 1_000
"""Radians of an axis-angle's component."""
BONE: Final = (1e-4, 1.0)
"""Metres of a bone at rest."""
WEIGHTS_SUM: Final = (0.99, 1.01)
"""Smallest and largest sum of the skin weights of a vertex."""

LENGTHS: Final = {"T": FRAMES, "H": HANDS, "V": VERTICES, "F": FACES}
"""The dimensions of a capture's arrays."""
GREATEST: Final = {
    "frame": FRAME_NUMBER,
    "time": SECONDS,
    "pose": ANGLE,
    "raw_pose": ANGLE,
    "translation": DISTANCE,
    "raw_translation": DISTANCE,
    "joints_3d": DISTANCE,
    "rest_vertices": REST_SIZE,
    "rest_joints": REST_SIZE,
    "rest_tips": REST_SIZE,
}
"""Largest absolute values of a capture's arrays."""
