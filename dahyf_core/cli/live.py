"""`dahyf live`: the hands of a camera, as they move."""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Reporter, counted
from dahyf_core.cli.session import session
from dahyf_core.cli.stopping import StopRequest
from dahyf_core.errors import SettingsError

if TYPE_CHECKING:
    from dahyf_core.live import LiveSource
    from dahyf_core.streaming import LiveHand

EXAMPLES = """
Examples:\n
dahyf live --json | my_program\n
dahyf live --camera 1 --mirror --port 8765\n
dahyf live clip.mp4 --loop --vmc 127.0.0.1:39539
"""
VMC_PORT = 39539
TOLD_EVERY = 2.0
"""Seconds between two lines for people."""


def live(
    clip: Annotated[
        Path | None,
        typer.Argument(metavar="[CLIP]", show_default=False, help="Footage that plays as if a camera filmed it now."),
    ] = None,
    camera: Annotated[int, typer.Option(min=0, max=99, metavar="N", help="Number of the camera.")] = 0,
    loop: Annotated[bool, typer.Option("--loop", help="Start CLIP again at its end.")] = False,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Show hands as a mirror does: the right one moves the left one.")
    ] = False,
    max_hands: options.MaxHands = 2,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Hands of a lower confidence are left out of a frame.")
    ] = 0.5,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Also send the messages to programs on this machine that connect to this port; 0 for a free one.",
        ),
    ] = None,
    vmc: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help=f"Also send fingers to a VTubing program (VMC protocol, port {VMC_PORT})."
        ),
    ] = None,
    picture: Annotated[
        int, typer.Option(min=0, max=640, metavar="PX", help="Width of a picture with the joints in each message.")
    ] = 0,
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="First write a capture (.npz) of both hands at rest, to build rigs from."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="At the end, write a capture file (.npz) of all frames.")
    ] = None,
    model: options.Model = None,
    fov: options.Fov = None,
    focal_px: options.FocalPx = None,
    focal_mm: options.FocalMm = None,
    sensor_mm: options.SensorMm = None,
    as_json: options.Json = False,
) -> None:
    """Follow the hands of a camera until Ctrl-C, and send their poses as JSON lines (docs/live.md).

    Each frame gets the newest picture: late ones are dropped. Poses are smoothed without looking ahead.
    """
    with session(as_json, extra="live") as reporter, StopRequest() as stop:
        from dahyf_core.camera import Lens
        from dahyf_core.live import Broadcast, LiveSettings, VmcSender, run_live, write_template
        from dahyf_core.live.loop import Receiver

        for output in filter(None, (template, record)):
            check_output(output, (".npz",), inputs=[clip, model])
        lens = Lens(fov, focal_px, focal_mm, sensor_mm)
        source = _source(clip, camera, loop)
        if template is not None:
            write_template(template, source.name, lens.intrinsics(source.width, source.height))
        settings = LiveSettings(lens, max_hands, mirror, threshold, picture, model, record)
        receivers: list[Receiver] = [_Lines()] if as_json else [_Summary(reporter)]
        if vmc is not None:
            receivers.append(VmcSender(*_address(vmc)))
        with closing(Broadcast(port) if port is not None else _Nothing()) as broadcast:
            if isinstance(broadcast, Broadcast):
                reporter.status(f"Programs on this machine can connect to port {broadcast.port}.")
                receivers.append(broadcast)
            reporter.status(f"Following hands in {source.name}, {source.width} x {source.height}.")
            frames = run_live(source, settings, receivers, stop)
        written = f" Wrote {record}." if record is not None and frames else ""
        reporter.status(f"Stopped after {counted(frames, 'frame')}.{written}")


def _source(clip: Path | None, camera: int, loop: bool) -> "LiveSource":
    from dahyf_core.live import CameraSource, PlayedClip

    return PlayedClip(clip, loop) if clip is not None else CameraSource(camera)


def _address(text: str) -> tuple[str, int]:
    """Host and port. Raises SettingsError."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(VMC_PORT)
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"{text} is no address.", f"Give it as HOST:PORT, such as 127.0.0.1:{VMC_PORT}.")
    return host, int(port)


class _Nothing:
    """Stands for a socket that was not asked for."""

    def close(self) -> None:
        """Nothing to close."""


class _Lines:
    """Writes each message to standard output."""

    def send(self, _hands: "list[LiveHand]", text: str) -> None:
        """Write a line. A reader that has gone ends the run like Ctrl-C."""
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise KeyboardInterrupt from None


class _Summary:
    """Tells a person how many hands are seen."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._told = 0.0
        self._frames = 0

    def send(self, hands: "list[LiveHand]", _text: str) -> None:
        """Tell it every few seconds."""
        self._frames += 1
        now = time.monotonic()
        if now - self._told < TOLD_EVERY:
            return
        rate = f", {self._frames / (now - self._told):.0f} frames/s" if self._told else ""
        seen = ", ".join(f"{hand.side} {hand.confidence:.2f}" for hand in hands) or "no hands"
        self._reporter.status(f"{seen}{rate}")
        self._told, self._frames = now, 0
