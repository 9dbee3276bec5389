"""Reading the `meta` of a capture file: JSON whose values have checked types and limits.

The types are the same as `META` of `dahyf_core.shared.capture_schema`, in a form that type checkers know. A test checks
that both agree.
"""

from fractions import Fraction
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dahyf_core.camera import Intrinsics
from dahyf_core.capture.guidance import Guidance
from dahyf_core.capture.record import CaptureSource, FootageRecord, HandModelRecord, ImportRecord
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.deprecation import with_new_names
from dahyf_core.errors import SettingsError, detail
from dahyf_core.shared import limits
from dahyf_core.shared.capture_schema import check_absence, check_source
from dahyf_core.shared.strict_json import parse_json

Text = Annotated[str, Meta(max_length=limits.TEXT_LENGTH)]
Side = Annotated[int, Meta(ge=1, le=limits.PICTURE_SIDE)]
KnownSide = Annotated[int, Meta(ge=0, le=limits.PICTURE_SIDE)]
RateTerm = Annotated[int, Meta(ge=1, le=limits.RATE_TERM)]
Focal = Annotated[float, Meta(ge=limits.FOCAL_PX[0], le=limits.FOCAL_PX[1])]
Pixel = Annotated[float, Meta(ge=-limits.PIXEL, le=limits.PIXEL)]
Coefficient = Annotated[float, Meta(ge=-limits.DISTORTION, le=limits.DISTORTION)]


class FootageMeta(msgspec.Struct):
    """The footage; docs/capture-file.md describes each field."""

    path: Text
    kind: Literal["video", "sequence", "still", "import"]
    sha256: Text
    width: KnownSide
    height: KnownSide
    rate: Annotated[list[RateTerm], Meta(min_length=2, max_length=2)]
    rotation: Literal[0, 90, 180, 270]
    constant_rate: bool
    deinterlace: Literal["auto", "on", "off"] = "auto"


class LensMeta(msgspec.Struct):
    """The camera, px."""

    fx: Focal
    fy: Focal
    cx: Pixel
    cy: Pixel
    width: Side
    height: Side
    distortion: Annotated[list[Coefficient], Meta(max_length=max(limits.DISTORTION_COUNTS))]
    source: Text


class HandModelMeta(msgspec.Struct):
    """The hand model, with the digests of its files by side."""

    name: Text
    sha256: dict[Literal["left", "right"], Text]


class ImportMeta(msgspec.Struct):
    """The other tool's file."""

    tool: Text
    file: Text
    sha256: Text
    conversions: Annotated[list[Text], Meta(max_length=limits.NOTES)]


class CaptureMeta(msgspec.Struct):
    """The fields of `meta` that are read."""

    version: Text
    created: Text
    footage: FootageMeta
    intrinsics: LensMeta | None
    estimator: Text
    hand_model: HandModelMeta
    mirrored: bool
    cleaning: dict[str, Any]
    guidance: dict[str, Any] = {}
    absent: Annotated[list[Literal["camera", "confidence", "joints_2d"]], Meta(max_length=3)] = []
    imported: ImportMeta | None = None


def read_meta(text: str) -> tuple[CaptureSource, CleaningSettings]:
    """Source and cleaning settings from the JSON text of a capture's `meta`. Raises ValueError for other texts.

    Python's json module reads the text, because it keeps file names that are not UTF-8.
    """
    try:
        meta = msgspec.convert(parse_json(text[: limits.META_LENGTH]), CaptureMeta)
        cleaning = msgspec.convert(_cleaning(meta.cleaning), CleaningSettings)
        guidance = msgspec.convert(meta.guidance, Guidance)
    except (msgspec.MsgspecError, ValueError, SettingsError) as error:
        raise ValueError(f"its meta is not understood ({detail(error)})") from error
    return _source(meta, guidance), cleaning


def _cleaning(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the keys of older files renamed. Renamed keys that hold a value are warned about."""
    if not settings.get("floors", True):
        return {name: value for name, value in settings.items() if name != "floors"}
    return with_new_names(
        settings, {"floors": "threshold_overrides"}, " in capture files (`dahyf clean` updates this one)"
    )


def _source(meta: CaptureMeta, guidance: Guidance) -> CaptureSource:
    footage, lens = meta.footage, meta.intrinsics
    rate = Fraction(footage.rate[0], footage.rate[1])
    check_source(footage.path, rate, () if lens is None else lens.distortion)
    check_absence(meta.absent, footage.kind, lens is not None, (footage.width, footage.height))
    return CaptureSource(
        footage=FootageRecord(
            footage.path,
            footage.kind,
            footage.sha256,
            footage.width,
            footage.height,
            rate,
            footage.rotation,
            footage.constant_rate,
            footage.deinterlace,
        ),
        intrinsics=None if lens is None else _intrinsics(lens),
        estimator=meta.estimator,
        hand_model=HandModelRecord(meta.hand_model.name, dict(meta.hand_model.sha256.items())),
        mirrored=meta.mirrored,
        guidance=guidance,
        absent=tuple(meta.absent),
        imported=None if meta.imported is None else _imported(meta.imported),
        version=meta.version,
        created=meta.created,
    )


def _intrinsics(lens: LensMeta) -> Intrinsics:
    return Intrinsics(lens.fx, lens.fy, lens.cx, lens.cy, lens.width, lens.height, tuple(lens.distortion), lens.source)


def _imported(meta: ImportMeta) -> ImportRecord:
    return ImportRecord(meta.tool, meta.file, meta.sha256, tuple(meta.conversions))
