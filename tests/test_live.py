"""Live hands as messages: a clip that plays like a camera, a local socket, and a VTubing program's protocol."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import numpy as np
import pytest
from cli_runner import run
from rendered_hands import hand_picture

from dahyf_core.capture import load_capture
from dahyf_core.live import Broadcast, LiveSettings, VmcSender, run_live
from dahyf_core.live.sources import LiveFrame, newest
from dahyf_core.live.vmc import bone_rotations
from dahyf_core.streaming import LiveHand

SAMPLE = Path(__file__).parent.parent / "samples" / "one_hand.mp4"
WIDTH, HEIGHT = 640, 360


class Pictures:
    """A source of drawn pictures of a moving hand, one each 33 ms of its own clock."""

    name, width, height = "pictures", WIDTH, HEIGHT

    def __init__(self, count: int, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._images = [hand_picture(index, WIDTH, HEIGHT) for index in range(count)]

    def frames(self):
        for index, image in enumerate(self._images):
            time.sleep(self._seconds)
            yield LiveFrame(image, 1e9 + index / 30)


class Slow:
    """A receiver that keeps what it is sent."""

    def __init__(self) -> None:
        self.messages = []

    def send(self, hands, text):
        self.messages.append(json.loads(text))


def a_hand(side: str = "right", **changes) -> LiveHand:
    values = {
        "pose": np.zeros((16, 3)),
        "shape": np.zeros(10),
        "translation": np.zeros(3),
        "joints_3d": np.zeros((21, 3)),
        "joints_2d": np.zeros((21, 2)),
    }
    return LiveHand(0, side, 0.9, **(values | changes))


def test_late_frames_are_dropped_and_the_newest_is_given():
    taken = Event()

    class Fast(Pictures):
        def frames(self):
            for number, frame in enumerate(super().frames()):
                if number == 1:
                    taken.wait(30)
                yield frame

    frames = newest(Fast(5))
    first = next(frames)
    taken.set()
    time.sleep(0.5)
    assert [first.captured, *(frame.captured for frame in frames)] == [1e9, 1e9 + 4 / 30]


def test_a_source_that_fails_ends_with_its_error():
    class Broken(Pictures):
        def frames(self):
            yield from super().frames()
            raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        list(newest(Broken(1)))


def test_each_frame_is_a_message_with_its_hands():
    receiver = Slow()
    settings = LiveSettings(max_hands=1, picture_width=80)
    frames = run_live(Pictures(4, 0.3), settings, [receiver], lambda: len(receiver.messages) == 3)
    assert frames == len(receiver.messages) <= 4
    message = receiver.messages[-1]
    (hand,) = message["hands"]
    assert (hand["side"], np.shape(hand["pose"]), np.shape(hand["joints_2d"])) == ("right", (16, 3), (21, 2))
    assert message["picture"]["width"], message["picture"]["height"] == (80, 45)


def test_a_mirror_swaps_the_sides():
    sides = []
    for mirror in (False, True):
        receiver = Slow()
        run_live(Pictures(2, 0.3), LiveSettings(max_hands=1, mirror=mirror), [receiver], lambda: False)
        sides.append(receiver.messages[-1]["hands"][0]["side"])
    assert sides == ["right", "left"]


def test_a_program_that_reads_slowly_is_dropped_and_others_get_every_line():
    broadcast = Broadcast(0)
    lazy, keen = (socket.create_connection(("127.0.0.1", broadcast.port)) for _ in range(2))
    lines: Queue = Queue()
    Thread(target=lambda: [lines.put(line) for line in keen.makefile()], daemon=True).start()
    for number in range(200):
        broadcast.send([], json.dumps({"number": number, "padding": "x" * 100_000}))
        time.sleep(0.002)
    deadline = time.monotonic() + 20
    seen: list[int] = []
    while len(seen) < 200 and time.monotonic() < deadline:
        while not lines.empty():
            seen.append(json.loads(lines.get())["number"])
        broadcast.send([], json.dumps({"number": 200}))
        time.sleep(0.05)
    assert seen[:200] == list(range(200))
    broadcast.close()
    lazy.close()


def test_only_this_machine_can_connect():
    broadcast = Broadcast(0)
    assert broadcast._server.getsockname()[0] == "127.0.0.1"
    broadcast.close()


def test_fingers_arrive_at_a_vtubing_program_in_unitys_axes():
    """A right hand in T-pose points along Unity's +x, palm down: bending turns about -z. A left one mirrors it."""
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer

    heard: dict[str, list[float]] = {}
    dispatcher = Dispatcher()
    dispatcher.map("/VMC/Ext/Bone/Pos", lambda _address, name, *numbers: heard.__setitem__(name, numbers))
    server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    Thread(target=server.serve_forever, daemon=True).start()
    pose = np.zeros((16, 3))
    pose[1] = 0, 0, np.pi / 2
    left = np.zeros((16, 3))
    left[1] = 0, 0, -np.pi / 2
    sender = VmcSender("127.0.0.1", server.server_address[1])
    deadline = time.monotonic() + 10
    while len(heard) < 30 and time.monotonic() < deadline:
        sender.send([a_hand("right", pose=pose), a_hand("left", pose=left)], "")
        time.sleep(0.05)
    server.shutdown()
    half = np.sqrt(0.5)
    assert len(heard) == 30
    assert heard["RightIndexProximal"][3:] == pytest.approx((0, 0, -half, half), abs=1e-6)
    assert heard["LeftIndexProximal"][3:] == pytest.approx((0, 0, half, half), abs=1e-6)
    assert heard["RightLittleDistal"] == pytest.approx((0, 0, 0, 0, 0, 0, 1), abs=1e-6)
    assert set(bone_rotations(a_hand("left"))) == {name for name in heard if name.startswith("Left")}


def test_the_command_plays_a_clip_until_it_is_stopped(tmp_path):
    command = [sys.executable, "-m", "dahyf_core", "live", str(SAMPLE), "--loop", "--json", "--port", "0", "--mirror"]
    command += ["--threshold", "0", "--picture", "40"]
    template = tmp_path / "template.npz"
    process = subprocess.Popen(
        [*command, "--template", str(template), "--record", str(tmp_path / "take.npz")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    messages = (json.loads(line) for line in process.stdout)
    frames = [message for message, _ in zip((m for m in messages if m["type"] == "frame"), range(3), strict=False)]
    assert [(frame["number"], frame["picture"]["width"]) for frame in frames] == [(0, 40), (1, 40), (2, 40)]
    process.send_signal(signal.SIGINT)
    rest = list(messages)
    assert process.wait(30) == 0
    assert rest[-1]["text"].startswith("Stopped after")
    take = load_capture(tmp_path / "take.npz")
    assert len(take.frame) >= 3
    assert (np.diff(take.time) > 0).all()
    capture = load_capture(template)
    assert list(capture.side) == ["right", "left"]
    assert capture.source.estimator == "live"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--camera", "99"], 3, "camera 99"),
        (["nowhere.mp4"], 3, "nowhere.mp4"),
        ([SAMPLE, "--vmc", "host:port"], 4, "host:port"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(arguments, code, words):
    result = run("live", *arguments)
    assert result.exit_code == code
    assert words in result.error["text"]
