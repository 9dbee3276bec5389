"""What the hands of a drawn clip do.

Places are in metres before a camera that looks at the middle of a stage. Each hand has its own half of the picture,
`outward` of which is +1 or -1, so that clips are seen by who moves the hands or by who looks at them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.hand_model import HandModel
from dahyf_core.synthesis.clips.motion import Key
from dahyf_core.synthesis.grasps import draw_grasp
from dahyf_core.synthesis.hand import Placed
from dahyf_core.synthesis.poses import PoseSampler, curled
from dahyf_core.synthesis.surface import Spheres

ClipKind = Literal["crossing", "washing", "clapping", "leaving", "waving", "resting", "picking"]
CLIP_KINDS: tuple[ClipKind, ...] = get_args(ClipKind)

ELBOW_FOLLOWS = 0.5
"""Share of the wrist's way that the elbow goes along."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Where hands can be. half: (2,) half width and half height of the picture at `depth`, m. seconds: of the clip.

    model, poses, spheres: of the right hand.
    """

    half: Array
    depth: float
    seconds: float
    model: HandModel
    poses: PoseSampler
    spheres: Spheres


@dataclass(frozen=True, eq=False)
class Held:
    """A thing that a hand takes. placed: in the hand's frame, of a right hand. taken, left: s."""

    placed: Placed
    taken: float
    left: float


@dataclass(frozen=True, eq=False)
class Part:
    """What one hand does. outward: +1 or -1, its half of the picture."""

    outward: float
    keys: Sequence[Key]
    held: Held | None = None


class Player:
    """Writes the keys of one hand."""

    def __init__(self, stage: Stage, rng: np.random.Generator, outward: float, shows_palm: bool) -> None:
        self.stage = stage
        self.rng = rng
        self.outward = outward
        self.facing = (np.pi if shows_palm else 0.0) + rng.normal(0, 0.35)
        self.relaxed = curled(rng.uniform(0.02, 0.3, 4)) + rng.normal(0, 0.03, (15, 3))
        self._home = np.array([outward * 0.2, 0.1, stage.depth])
        low = stage.half[1] + rng.uniform(0.15, 0.3)
        self._elbow = np.array([outward * rng.uniform(0.22, 0.42), low, stage.depth + rng.uniform(-0.05, 0.1)])

    def key(
        self,
        time: float,
        x: float,
        y: float,
        z: float = 0.0,
        *,
        fingers: Array | None = None,
        facing: float | None = None,
    ) -> Key:
        """At a place: x outward from the middle of the picture, y down, z away from the camera, m."""
        wrist = np.array([self.outward * x, y, self.stage.depth + z])
        elbow = self._elbow + ELBOW_FOLLOWS * (wrist - self._home)
        turned = self.facing if facing is None else facing
        return Key(time, wrist, elbow, turned, self.relaxed if fingers is None else fingers)

    def drawn_fingers(self) -> Array:
        """A gesture."""
        return self.stage.poses.draw(self.rng, "gesture")

    def signing(self, x: float, y: float, spread: float = 0.06) -> list[Key]:
        """Gestures one after the other, about a place, for the whole clip."""
        times = np.arange(0.0, self.stage.seconds + 0.5, 0.5)
        facings = self.facing + self.rng.normal(0, 0.4, len(times))
        steps = self.rng.normal(0, spread, (len(times), 3))
        return [
            self.key(time, x + dx, y + dy, dz, fingers=self.drawn_fingers(), facing=facing)
            for time, facing, (dx, dy, dz) in zip(times, facings, steps, strict=True)
        ]

    def still(self, x: float, y: float) -> list[Key]:
        """Almost at rest."""
        times = np.arange(0.0, self.stage.seconds + 1.0, 1.0)
        return [
            self.key(time, x + dx, y + dy)
            for time, (dx, dy) in zip(times, self.rng.normal(0, 0.003, (len(times), 2)), strict=True)
        ]


def play(kind: ClipKind, stage: Stage, rng: np.random.Generator) -> list[Part]:
    """The parts of one or two hands; the first is that of the right half of the picture."""
    shows_palm = rng.random() < 0.5
    players = [Player(stage, rng, outward, shows_palm) for outward in (1.0, -1.0)]
    return SCRIPTS[kind](*players)


def _crossing(first: Player, second: Player) -> list[Part]:
    """Each goes to the other's side and comes back, one before the other."""
    end, apart = first.stage.seconds, 0.7 * first.stage.half[0]
    apart = min(apart, 0.26)
    turns = max(2, 2 * round(end / 3.0))
    times = np.linspace(0, end, turns + 1)
    keys = [
        [player.key(time, apart * (1 if turn % 2 == 0 else -1), -0.02, z) for turn, time in enumerate(times)]
        for player, z in ((first, -0.06), (second, 0.07))
    ]
    return [Part(player.outward, own) for player, own in zip((first, second), keys, strict=True)]


def _washing(first: Player, second: Player) -> list[Part]:
    """They come together, rub round each other, and part."""
    end = first.stage.seconds
    start, stop = 0.2 * end, 0.8 * end
    times = np.arange(start, stop + 0.15, 0.15)
    parts = []
    for player, z, phase, facing in ((first, -0.03, 0.0, 0.2), (second, 0.03, np.pi, np.pi - 0.2)):
        angle = 2 * np.pi * 1.2 * (times - start) + phase
        rubbing = [
            player.key(time, 0.05 + 0.03 * np.cos(turn), 0.03 + 0.03 * np.sin(turn), z, facing=facing)
            for time, turn in zip(times, angle, strict=True)
        ]
        away = [player.key(time, 0.22, 0.05) for time in (0.0, 0.06 * end, 0.94 * end, end)]
        parts.append(Part(player.outward, [*away[:2], *rubbing, *away[2:]]))
    return parts


def _clapping(first: Player, second: Player) -> list[Part]:
    """Palms facing each other, some two claps a second."""
    period = 0.5
    parts = []
    for player in (first, second):
        flat = curled(player.rng.uniform(-0.02, 0.1, 4))
        times = np.arange(0.0, player.stage.seconds + period / 2, period / 2)
        keys = [
            player.key(
                time, 0.026 if number % 2 else player.rng.uniform(0.1, 0.16), 0.05, fingers=flat, facing=np.pi / 2
            )
            for number, time in enumerate(times)
        ]
        parts.append(Part(player.outward, keys))
    return parts


def _leaving(first: Player, second: Player) -> list[Part]:
    """One leaves downward and comes back, then the other sideways."""
    end, (wide, high) = first.stage.seconds, first.stage.half
    out_below, out_beside = high + 0.24, wide + 0.24
    home = 0.19, 0.02
    down = [
        (0.0, *home),
        (0.12, *home),
        (0.27, home[0], out_below),
        (0.45, home[0], out_below),
        (0.58, *home),
        (1.0, 0.2, 0.0),
    ]
    aside = [
        (0.0, *home),
        (0.5, 0.22, 0.03),
        (0.66, out_beside, 0.0),
        (0.8, out_beside, 0.0),
        (0.92, *home),
        (1.0, *home),
    ]
    return [
        Part(player.outward, [player.key(share * end, x, y) for share, x, y in way])
        for player, way in ((first, down), (second, aside))
    ]


def _waving(first: Player, second: Player) -> list[Part]:
    """One hand alone comes in, waves fast, and goes."""
    player = first if first.rng.random() < 0.5 else second
    end, out = first.stage.seconds, first.stage.half[1] + 0.24
    swing = min(0.15, 0.35 * first.stage.half[0])
    start, stop = 0.2 * end, 0.8 * end
    times = np.arange(start, stop, 0.19)
    waves = [player.key(time, swing * (1 if number % 2 else -1), 0.04) for number, time in enumerate(times)]
    before = [player.key(0.0, 0.0, out), player.key(0.06 * end, 0.0, out)]
    after = [player.key(share * end, 0.0, out) for share in (0.94, 1.0)]
    return [Part(player.outward, [*before, *waves, *after])]


def _resting(first: Player, second: Player) -> list[Part]:
    """One lies almost still, the other makes gestures."""
    quiet, busy = (first, second) if first.rng.random() < 0.5 else (second, first)
    low = first.stage.half[1] - 0.12
    rest, sign = Part(quiet.outward, quiet.still(0.17, low)), Part(busy.outward, busy.signing(0.16, -0.02))
    return [rest, sign] if quiet is first else [sign, rest]


def _picking(first: Player, second: Player) -> list[Part]:
    """One takes a thing, carries it and puts it down; the other makes gestures."""
    taker, other = (first, second) if first.rng.random() < 0.5 else (second, first)
    stage, end = first.stage, first.stage.seconds
    grasp, placed = draw_grasp(stage.model, stage.spheres, stage.poses, taker.rng)
    opened = 0.35 * grasp
    here, there = (0.24, 0.08), (0.08, -0.03)
    taken, left = 0.35 * end, 0.78 * end
    keys = [
        taker.key(0.0, 0.3, 0.14, fingers=opened),
        taker.key(0.25 * end, *here, fingers=opened),
        taker.key(taken, *here, fingers=grasp),
        taker.key(0.5 * end, 0.16, -0.06, fingers=grasp),
        taker.key(0.65 * end, *there, fingers=grasp),
        taker.key(left, *there, fingers=grasp),
        taker.key(0.86 * end, *there, fingers=opened),
        taker.key(end, 0.26, 0.1, fingers=opened),
    ]
    take = Part(taker.outward, keys, Held(placed, taken, left))
    sign = Part(other.outward, other.signing(0.24, 0.04, 0.03))
    return [take, sign] if taker is first else [sign, take]


SCRIPTS: dict[ClipKind, Callable[[Player, Player], list[Part]]] = {
    "crossing": _crossing,
    "washing": _washing,
    "clapping": _clapping,
    "leaving": _leaving,
    "waving": _waving,
    "resting": _resting,
    "picking": _picking,
}
