"""A capture's settings as JSON: a job that a farm, a queue or a colleague runs. docs/schemas has the schema."""

import json
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import msgspec
from msgspec import Meta

from dahyf_core.camera import Lens
from dahyf_core.capture.atomic import replacing
from dahyf_core.capture.guidance import Guidance
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.errors import SettingsError, detail
from dahyf_core.files import is_file
from dahyf_core.footage import Deinterlacing
from dahyf_core.pose import EstimatorName, read_card
from dahyf_core.shared.limits import PRESET_BYTES, RATE, RATE_TERM, TEXT_LENGTH
from dahyf_core.tracking import TrackingSettings

VERSION: Final = 1
REMEDY: Final = "docs/schemas/capture_job.schema.json describes job files."

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_LENGTH)]
RateTerm = Annotated[int, Meta(ge=1, le=RATE_TERM)]


@dataclass(frozen=True)
class CaptureSettings:
    """The footage to capture, and all settings.

    footage: a video, a still, a folder of stills or a pattern. frame_range: as `footage.select` reads it, None for all.
    rate: frames/s of an image sequence. sequence: the footage is one numbered picture, which stands for the sequence
    that begins with it. deinterlace: the frames of a video that are deinterlaced. mirrored: the footage shows a mirror
    image; sides and poses are those of the real hands, and the captured geometry lies on the flipped picture.
    hand_model: the user's MANO file, None for the
    open hand. estimator: "dahyf" is the trained network, "baseline" MediaPipe's landmarks with inverse kinematics.
    network: an ONNX file in place of the trained network that ships. guidance: what the user knows of the hands.
    """

    footage: Path
    frame_range: str | None = None
    rate: Fraction | None = None
    sequence: bool = False
    deinterlace: Deinterlacing = "auto"
    lens: Lens = field(default_factory=Lens)
    mirrored: bool = False
    hand_model: Path | None = None
    estimator: EstimatorName = "dahyf"
    network: Path | None = None
    guidance: Guidance = field(default_factory=Guidance)
    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    cleaning: CleaningSettings = field(default_factory=CleaningSettings)


def spec_of(settings: type) -> Any:
    """A struct with the fields and defaults of a dataclass. It refuses any other field."""
    hints = get_type_hints(settings)
    members = [
        (each.name, hints[each.name], each.default) if each.default is not MISSING else (each.name, hints[each.name])
        for each in fields(settings)
    ]
    return msgspec.defstruct(settings.__name__, members, forbid_unknown_fields=True)


JobSpec: Final = msgspec.defstruct(
    "JobSpec",
    [
        ("version", Annotated[int, Meta(ge=1, le=VERSION)]),
        ("footage", Text),
        ("frame_range", Text | None, None),
        ("rate", tuple[RateTerm, RateTerm] | None, None),
        ("sequence", bool, False),
        ("deinterlace", Deinterlacing, "auto"),
        *(
            (name, spec := spec_of(settings), msgspec.field(default_factory=spec))
            for name, settings in (
                ("lens", Lens),
                ("guidance", Guidance),
                ("tracking", TrackingSettings),
                ("cleaning", CleaningSettings),
            )
        ),
        ("mirrored", bool, False),
        ("hand_model", Text | None, None),
        ("estimator", EstimatorName, "dahyf"),
        ("network", Text | None, None),
    ],
    forbid_unknown_fields=True,
)
"""A job as JSON: CaptureSettings, with its version. rate: numerator and denominator."""

RESOLVED: Final = frozenset({"footage", "frame_range", "rate", "lens", "network"})
"""Settings that a running capture replaces by exact values: the content of files, the frames, the camera."""
AFTERWARDS: Final = frozenset({"version", "hand_model", "cleaning"})
"""Settings that do not change the observations."""


def job_document(settings: CaptureSettings) -> dict[str, Any]:
    """Settings as values of JSON's types; `settings_of` is the inverse."""
    plain = {each.name: getattr(settings, each.name) for each in fields(settings)}
    plain = {name: asdict(value) if is_dataclass(value) else value for name, value in plain.items()}  # type: ignore[arg-type]
    plain |= {name: None if plain[name] is None else str(plain[name]) for name in ("footage", "hand_model", "network")}
    plain["rate"] = None if settings.rate is None else settings.rate.as_integer_ratio()
    document: dict[str, Any] = msgspec.to_builtins({"version": VERSION, **plain})
    return document


def observed_part(settings: CaptureSettings) -> dict[str, Any]:
    """The settings that observations depend on, without those that are resolved later. They are the journal's key."""
    document = job_document(settings)
    return {name: value for name, value in document.items() if name not in RESOLVED | AFTERWARDS}


def settings_of(document: Any, folder: Path = Path()) -> CaptureSettings:
    """The settings in a job's document. folder: base of relative paths.

    Without a threshold in the job, the threshold of its network is used, if it has one. Raises SettingsError,
    ModelFileError.
    """
    try:
        spec: Any = msgspec.convert(document, JobSpec)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise SettingsError(f"The job is not understood: {detail(error)}.", REMEDY) from error
    rate = None if spec.rate is None else Fraction(*spec.rate)
    if rate is not None and not RATE[0] <= rate <= RATE[1]:
        raise SettingsError(
            f"A rate of {float(rate):g} frames per second is impossible.", f"Give {RATE[0]:.4f} to {RATE[1]}."
        )
    settings = CaptureSettings(
        footage=folder / spec.footage,
        frame_range=spec.frame_range,
        rate=rate,
        sequence=spec.sequence,
        deinterlace=spec.deinterlace,
        lens=Lens(**msgspec.structs.asdict(spec.lens)),
        mirrored=spec.mirrored,
        hand_model=folder / spec.hand_model if spec.hand_model else None,
        estimator=spec.estimator,
        network=folder / spec.network if spec.network else None,
        guidance=Guidance(**msgspec.structs.asdict(spec.guidance)),
        tracking=TrackingSettings(**msgspec.structs.asdict(spec.tracking)),
        cleaning=CleaningSettings(**msgspec.structs.asdict(spec.cleaning)),
    )
    return settings if "threshold" in document.get("cleaning", {}) else with_network_threshold(settings)


def with_network_threshold(settings: CaptureSettings) -> CaptureSettings:
    """The same with the threshold that the file of its network states, if any. Raises ModelFileError."""
    threshold = None if settings.network is None else read_card(settings.network).threshold
    if threshold is None:
        return settings
    return replace(settings, cleaning=replace(settings.cleaning, threshold=threshold))


def read_job(path: Path) -> CaptureSettings:
    """The settings of a job file; its relative paths are relative to its folder.

    Raises SettingsError, ModelFileError.
    """
    if not is_file(path):
        raise SettingsError(f"There is no job file {path}.", "Check the spelling of the path.")
    try:
        if path.stat().st_size > PRESET_BYTES:
            raise SettingsError(f"The job file {path} is larger than {PRESET_BYTES // 1_000_000} MB.", REMEDY)
        document = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise SettingsError(
            f"The job file {path} cannot be read: {error.strerror}.", "Check that you may read the file."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The job file {path} is not valid JSON: {detail(error)}.", REMEDY) from error
    return settings_of(document, path.parent)


def write_job(settings: CaptureSettings, path: Path) -> None:
    """Write settings as a job file, with absolute paths. Raises OutputError."""
    absolute = replace(
        settings,
        footage=settings.footage.absolute(),
        hand_model=settings.hand_model and settings.hand_model.absolute(),
        network=settings.network and settings.network.absolute(),
    )
    with replacing(path) as stream:
        stream.write(json.dumps(job_document(absolute), indent=2).encode() + b"\n")


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a number in JSON")
