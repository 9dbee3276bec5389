"""Probing of a path: a video, an image sequence or a still."""

from fractions import Fraction
from pathlib import Path

from dahyf_core.errors import FootageError, SettingsError
from dahyf_core.footage.info import FootageInfo
from dahyf_core.footage.pictures import find_pictures, probe_pictures
from dahyf_core.footage.rates import DEFAULT_RATE
from dahyf_core.footage.video import probe_video
from dahyf_core.shared.limits import RATE

_TILED_PICTURES = {".heic", ".heif"}
"""Formats whose tiles FFmpeg reads as separate pictures."""


def probe(path: Path | str, rate: Fraction | None = None) -> FootageInfo:
    """Describe footage: a video file, a folder or pattern (shot_####.png, shot_%04d.png) or first file of a numbered
    sequence of pictures, or one picture.

    rate: frames per second of footage that has no rate of its own (sequences, stills), DEFAULT_RATE when not given.

    Raises FootageError when there is nothing that can be read, SettingsError when the rate is impossible. Warns when a
    video breaks off early.
    """
    path = Path(path)
    if rate is not None and not RATE[0] <= rate <= RATE[1]:
        raise SettingsError(
            f"A rate of {float(rate):g} frames per second is impossible.", f"Give {RATE[0]:.4f} to {RATE[1]}."
        )
    try:
        return _probe(path, rate or DEFAULT_RATE)
    except ValueError as error:
        raise FootageError(
            f"{path!r} is not a valid file path ({error}).", "Check the spelling of the path."
        ) from error
    except OSError as error:
        raise FootageError(
            f"{path} cannot be read ({error.strerror}).", "Check that its drive is there and that you may read it."
        ) from error


def _probe(path: Path, rate: Fraction) -> FootageInfo:
    pictures = find_pictures(path)
    if pictures is not None:
        return probe_pictures(path, pictures, rate)
    if path.suffix.lower() in _TILED_PICTURES:
        raise FootageError(f"{path} is a HEIF picture, which is not supported.", "Export it as JPEG or PNG.")
    return probe_video(path)
