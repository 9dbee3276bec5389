"""Probing of a path: a video, an image sequence or a still."""

from fractions import Fraction
from pathlib import Path

from dahyf_core.errors import FootageError, SettingsError
from dahyf_core.footage.animations import is_animated_webp, probe_webp
from dahyf_core.footage.filters import Deinterlacing
from dahyf_core.footage.info import FootageInfo
from dahyf_core.footage.pictures import find_pictures, probe_pictures
from dahyf_core.footage.rates import DEFAULT_RATE
from dahyf_core.footage.video import probe_video
from dahyf_core.shared.limits import RATE

_TILED_PICTURES = {".heic", ".heif"}
"""Formats whose tiles FFmpeg reads as separate pictures."""


def probe(
    path: Path | str,
    rate: Fraction | None = None,
    *,
    deinterlace: Deinterlacing = "auto",
    as_sequence: bool = False,
) -> FootageInfo:
    """Describe footage: a video or animated picture, a folder or pattern (shot_####.png, shot_%04d.png) of numbered
    pictures, or one picture.

    rate: frames per second of footage that has no rate of its own (sequences, stills), DEFAULT_RATE when not given.
    deinterlace: the frames of a video that are deinterlaced when they are read. as_sequence: one numbered picture
    stands for the sequence that begins with it.

    Raises FootageError when there is nothing that can be read, SettingsError when the rate is impossible. Warns when a
    video breaks off early, or when one picture may be meant as the first of a sequence.
    """
    path = Path(path)
    if rate is not None and not RATE[0] <= rate <= RATE[1]:
        raise SettingsError(
            f"A rate of {float(rate):g} frames per second is impossible.", f"Give {RATE[0]:.4f} to {RATE[1]}."
        )
    try:
        return _probe(path, rate or DEFAULT_RATE, deinterlace, as_sequence)
    except ValueError as error:
        raise FootageError(
            f"{path!r} is not a valid file path ({error}).", "Check the spelling of the path."
        ) from error
    except OSError as error:
        raise FootageError(
            f"{path} cannot be read ({error.strerror}).", "Check that its drive is there and that you may read it."
        ) from error


def _probe(path: Path, rate: Fraction, deinterlace: Deinterlacing, as_sequence: bool) -> FootageInfo:
    pictures = find_pictures(path, as_sequence)
    if pictures is not None:
        return probe_pictures(path, pictures, rate)
    if path.suffix.lower() in _TILED_PICTURES:
        raise FootageError(f"{path} is a HEIF picture, which is not supported.", "Export it as JPEG or PNG.")
    return probe_webp(path) if is_animated_webp(path) else probe_video(path, deinterlace)
