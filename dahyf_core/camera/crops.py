"""Square patches of a frame, each seen by a virtual camera of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dahyf_core.arrays import FloatArray
from dahyf_core.camera.intrinsics import Intrinsics
from dahyf_core.profiling import is_stage

PATCH_SIZE = 224
"""Side of a patch in pixels: s_p of the paper."""

Index = int | slice | Sequence[int] | NDArray[np.bool_] | NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Crops:
    """N square patches of one frame, cut so that hands look alike: right hands with the fingers up.

    Each patch is axis-aligned in the image of a virtual camera at the place of the real one:

        virtual = Rz(roll) @ diag(-1 if mirrored else 1, 1, 1) @ real

    The virtual camera has square pixels, the real one's focal length fx, and its principal point at pixel (0, 0), which
    is the origin O of the paper's eq. 3-5; those equations hold in it as they stand. Mirroring comes first, so a left
    hand becomes a right hand filmed in a mirrored frame. Rolling about the optical axis is exact: it changes no depth.

    Patch pixels run from 0 to PATCH_SIZE, and (PATCH_SIZE / 2, PATCH_SIZE / 2) is the centre. The map between a patch
    and the frame as filmed is affine: lens distortion is undone for points (Intrinsics.normalise), not in patches.

    center: (N, 2) pixels as filmed. side: (N,) pixels along x of the frame. roll: (N,) radians. mirrored: (N,) bool.
    """

    center: FloatArray
    side: FloatArray
    roll: FloatArray
    mirrored: NDArray[np.bool_]
    intrinsics: Intrinsics

    @classmethod
    def empty(cls, intrinsics: Intrinsics) -> "Crops":
        """Crops without any patch."""
        return cls(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool), intrinsics)

    @classmethod
    def concatenate(cls, parts: Sequence["Crops"]) -> "Crops":
        """One Crops of all patches of at least one part, which share the camera."""
        return cls(
            np.concatenate([part.center for part in parts]),
            np.concatenate([part.side for part in parts]),
            np.concatenate([part.roll for part in parts]),
            np.concatenate([part.mirrored for part in parts]),
            parts[0].intrinsics,
        )

    def __len__(self) -> int:
        return len(self.side)

    def __getitem__(self, index: Index) -> "Crops":
        """A selection by anything that indexes an array; a single integer gives Crops of length 1."""
        chosen = np.atleast_1d(np.arange(len(self))[index])
        return Crops(self.center[chosen], self.side[chosen], self.roll[chosen], self.mirrored[chosen], self.intrinsics)

    def frame_from_patch(self) -> FloatArray:
        """(N, 2, 3) affine maps from patch pixels to pixels as filmed."""
        to_pixels = np.array([[1.0], [1.0 / self.intrinsics.aspect]])
        linear = to_pixels * np.swapaxes(self._virtual_axes(), 1, 2) * (self.side / PATCH_SIZE)[:, None, None]
        offset = self.center - linear.sum(axis=-1) * (PATCH_SIZE / 2)
        return np.concatenate([linear, offset[:, :, None]], axis=-1)

    def to_frame(self, points: ArrayLike) -> FloatArray:
        """Patch pixels (N, K, 2) to pixels as filmed (N, K, 2)."""
        affine = self.frame_from_patch()
        return np.asarray(points, dtype=np.float64) @ np.swapaxes(affine[:, :, :2], 1, 2) + affine[:, None, :, 2]

    def to_patch(self, points: ArrayLike) -> FloatArray:
        """Pixels as filmed (N, K, 2) to patch pixels (N, K, 2)."""
        affine = self.frame_from_patch()
        inverse = np.linalg.inv(affine[:, :, :2])
        return (np.asarray(points, dtype=np.float64) - affine[:, None, :, 2]) @ np.swapaxes(inverse, 1, 2)

    def to_camera(self, vectors: ArrayLike) -> FloatArray:
        """Points or directions (N, K, 3) of the virtual cameras, to the real camera's axes."""
        vectors = np.array(vectors, dtype=np.float64)
        vectors[..., :2] = vectors[..., :2] @ self._virtual_axes()
        return vectors

    def to_virtual(self, vectors: ArrayLike) -> FloatArray:
        """Points or directions (N, K, 3) of the real camera, to the virtual cameras' axes."""
        vectors = np.array(vectors, dtype=np.float64)
        vectors[..., :2] = vectors[..., :2] @ np.swapaxes(self._virtual_axes(), 1, 2)
        return vectors

    def centred(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Offsets of points (N, K, 2) px as filmed from the centres of the patches, in sides of the patches."""
        offsets = (points - self.center[:, None]) * (1.0, self.intrinsics.aspect)
        return offsets / self.side[:, None, None]

    def view_rays(self) -> FloatArray:
        """(N, 2): the centres of the patches on the plane z = 1 of the real camera."""
        return self.intrinsics.normalise(self.center)

    def virtual_center(self) -> FloatArray:
        """(N, 2) centres of the patches in pixels of the virtual cameras."""
        intrinsics = self.intrinsics
        offset = (self.center - (intrinsics.cx, intrinsics.cy)) * (1.0, intrinsics.aspect)
        center: FloatArray = np.einsum("nij,nj->ni", self._virtual_axes(), offset)
        return center

    def _virtual_axes(self) -> FloatArray:
        """(N, 2, 2) orthogonal matrices: x and y of the real camera to those of the virtual ones."""
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        flip = np.where(self.mirrored, -1.0, 1.0)
        return np.stack([np.stack([cos * flip, -sin], axis=-1), np.stack([sin * flip, cos], axis=-1)], axis=-2)


def upright_roll(
    wrist_xy: ArrayLike, middle_mcp_xy: ArrayLike, mirrored: ArrayLike, intrinsics: Intrinsics
) -> FloatArray:
    """The rolls (N,), in [-pi, pi), for which wrist to middle knuckle points up (-y) in the virtual camera.

    wrist_xy, middle_mcp_xy: (N, 2) pixels as filmed. mirrored: (N,) bool.
    """
    along = np.asarray(middle_mcp_xy, dtype=np.float64) - np.asarray(wrist_xy, dtype=np.float64)
    along *= (1.0, intrinsics.aspect)
    along[..., 0] *= np.where(mirrored, -1.0, 1.0)
    roll = -np.pi / 2 - np.arctan2(along[..., 1], along[..., 0])
    return (roll + np.pi) % (2 * np.pi) - np.pi


@is_stage("cutting patches")
def cut_patches(image: NDArray[np.uint8], crops: Crops, size: int = PATCH_SIZE) -> NDArray[np.uint8]:
    """The pixels (N, size, size, 3) that the virtual cameras see in a frame (H, W, 3).

    At PATCH_SIZE, pixel q of a patch shows point to_frame(q); at another size the patch shows the same square.
    Beyond the frame its border is repeated. Crops of at least twice the patch's size are averaged down before they are
    sampled.
    """
    patches = np.empty((len(crops), size, size, 3), dtype=np.uint8)
    for patch, whole, side in zip(patches, crops.frame_from_patch(), crops.side, strict=True):
        affine = _resampled(whole, PATCH_SIZE / size)
        factor = min(int(side // size), *image.shape[:2])
        source, from_patch = (image, affine) if factor < 2 else _shrink_region(image, affine, factor, size)
        cv2.warpAffine(
            source,
            from_patch,
            (size, size),
            dst=patch,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return patches


def _resampled(affine: FloatArray, step: float) -> FloatArray:
    """The affine map (2, 3) of pixels that are `step` pixels wide; centres of pixels have whole numbers."""
    resampled = affine.copy()
    resampled[:, :2] *= step
    resampled[:, 2] += affine[:, :2].sum(axis=1) * (step - 1) / 2
    return resampled


def _shrink_region(
    image: cv2.typing.MatLike, affine: FloatArray, factor: int, size: int
) -> tuple[cv2.typing.MatLike, FloatArray]:
    """The part of the frame that a patch shows, 1 / factor its size, and the patch's affine map into it."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0, size, size], [0, size, 0, size], [1, 1, 1, 1]])
    frame_corners = affine @ corners
    limit = np.array([width, height])
    first = np.clip(np.floor(frame_corners.min(axis=1)).astype(int) - factor, 0, limit - factor)
    last = np.clip(np.ceil(frame_corners.max(axis=1)).astype(int) + factor, first + factor, limit)
    shrunk = (last - first) // factor
    region = image[first[1] : first[1] + shrunk[1] * factor, first[0] : first[0] + shrunk[0] * factor]
    small = cv2.resize(region, tuple(map(int, shrunk)), interpolation=cv2.INTER_AREA)
    shifted = affine / factor
    shifted[:, 2] -= (first + (factor - 1) / 2) / factor
    return small, shifted
