"""Fingers for VTubing programs: the Virtual Motion Capture protocol, which is OSC over UDP.

protocol.vmc.info describes it: `/VMC/Ext/Bone/Pos` has a bone's name as in Unity's HumanBodyBones, its position and its
rotation (x, y, z, w) relative to its parent, in Unity's left-handed axes (x right, y up, z forward).
"""

import time
from contextlib import suppress
from importlib.util import find_spec
from typing import Final

import numpy as np

from dahyf_core.arrays import FloatArray
from dahyf_core.errors import SettingsError
from dahyf_core.geometry import quaternion_from_axis_angle
from dahyf_core.shared.names import BONE_NAMES
from dahyf_core.streaming import LiveHand

MODULE: Final = "pythonosc"
FINGERS: Final = {"thumb": "Thumb", "index": "Index", "middle": "Middle", "ring": "Ring", "pinky": "Little"}
PHALANXES: Final = ("Proximal", "Intermediate", "Distal")
TO_UNITY: Final = np.array([1.0, 1.0, -1.0, -1.0])
"""Factors for quaternions (w, x, y, z) when the x axis is mirrored.

MANO's flat hand lies as that of a T-pose that faces z: the right hand along -x, the back up, the thumb forward. Unity's
x axis runs the other way.
"""


def unity_name(bone: str, side: str) -> str:
    """Unity's name of one of MANO's finger bones: index1 of a right hand is RightIndexProximal."""
    return f"{side.capitalize()}{FINGERS[bone[:-1]]}{PHALANXES[int(bone[-1]) - 1]}"


def bone_rotations(hand: LiveHand) -> dict[str, FloatArray]:
    """(4,) quaternions x, y, z, w of the finger bones in Unity's axes, by Unity's name."""
    turns = quaternion_from_axis_angle(np.asarray(hand.pose, np.float64)) * TO_UNITY
    return {
        unity_name(bone, hand.side): np.roll(turn, -1) for bone, turn in zip(BONE_NAMES[1:], turns[1:], strict=True)
    }


class VmcSender:
    """Sends the fingers of each frame as one OSC bundle by UDP."""

    def __init__(self, host: str, port: int) -> None:
        """Raises SettingsError if python-osc is not installed, or the host is unknown."""
        if find_spec(MODULE) is None:
            raise SettingsError(
                "Sending to VTubing programs needs the package python-osc, which is not installed.",
                "Install its extra: pip install 'dahyf-hands[live]'.",
            )
        from pythonosc.udp_client import UDPClient

        try:
            self._client = UDPClient(host, port)
        except OSError as error:
            raise SettingsError(f"The host {host} is not known: {error.strerror}.", "Check its name.") from error
        self._start = time.monotonic()

    def send(self, hands: list[LiveHand], _text: str) -> None:
        """Send the fingers of each hand; of two hands of one side the first."""
        from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
        from pythonosc.osc_message_builder import OscMessageBuilder

        bundle = OscBundleBuilder(IMMEDIATELY)

        def add(address: str, *arguments: str | float | int) -> None:
            message = OscMessageBuilder(address)
            for argument in arguments:
                message.add_arg(argument)
            bundle.add_content(message.build())

        sides = {hand.side: hand for hand in reversed(hands)}
        for hand in sides.values():
            for name, turn in bone_rotations(hand).items():
                add("/VMC/Ext/Bone/Pos", name, 0.0, 0.0, 0.0, *(float(value) for value in turn))
        add("/VMC/Ext/OK", 1)
        add("/VMC/Ext/T", time.monotonic() - self._start)
        with suppress(OSError):  # nobody listens there yet
            self._client.send(bundle.build())
