"""A shaded mesh over a picture, drawn on the CPU.

Ours by decision: OpenCV fills the triangles, and previews need no OpenGL and no package besides.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics

NEAR = 0.01  # m, nothing closer to the camera is drawn
SUBPIXEL_BITS = 4
LIGHT = np.array([-0.42, -0.64, -0.64])  # unit vector towards the light: above, left of and behind the camera
INSIDE = 0.3  # brightness of the inner side, seen where the mesh is open (at the wrist)


class _Box(NamedTuple):
    """Pixels of the picture that a mesh may touch; right and bottom are one beyond the last."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top


def draw_mesh(
    image: NDArray[np.uint8],
    vertices_camera: Array,
    faces: NDArray[np.integer],
    intrinsics: Intrinsics,
    colour: tuple[int, int, int],
    opacity: float = 1.0,
) -> None:
    """Draw a smooth-shaded mesh into `image`, in place, as the camera sees it.

    image: (H, W, 3) RGB. vertices_camera: (V, 3) m, camera frame. faces: (F, 3), counter-clockwise seen from outside.
    colour: RGB of a lit surface. opacity: 0 to 1. Lens distortion is applied to the vertices. Triangles are painted
    from far to near (painter's algorithm); those that reach behind the camera are left out.
    """
    in_front = vertices_camera[:, 2] > NEAR
    faces = faces[in_front[faces].all(axis=1)]
    pixels = intrinsics.project(np.where(in_front[:, None], vertices_camera, np.nan))
    box = _visible_box(pixels[faces].reshape(-1, 2), image.shape[1], image.shape[0])
    if box is None:
        return
    normals = _face_normals(vertices_camera, faces)
    outward = np.einsum("fi,fi->f", normals, vertices_camera[faces[:, 0]]) < 0
    order = np.lexsort((-vertices_camera[faces, 2].mean(axis=1), outward))  # inner sides first, then far to near
    brightness = _brightness(vertices_camera, _vertex_normals(normals, faces, len(vertices_camera)))[faces]
    brightness[~outward] = INSIDE

    scale = _supersampling(max(box.size))
    # A pixel's centre is an integer, in the picture and in the canvas that splits it into scale x scale.
    corners = (pixels[faces] - box[:2] + 0.5) * scale - 0.5
    width, height = box.size
    layer = _paint(corners[order], brightness[order], (height * scale, width * scale))
    lit, alpha = np.moveaxis(cv2.resize(layer, box.size, interpolation=cv2.INTER_AREA) * opacity, -1, 0)[..., None]
    region = image[box.top : box.bottom, box.left : box.right]
    region[:] = np.minimum(region * (1 - alpha) + lit * np.asarray(colour, np.float32), 255)


def _visible_box(pixels: Array, width: int, height: int) -> _Box | None:
    """The part of the picture that points (N, 2) px cover, or None."""
    if not len(pixels):
        return None
    low = np.maximum(np.floor(pixels.min(axis=0)) - 1, 0).astype(int)
    high = np.minimum(np.ceil(pixels.max(axis=0)) + 2, (width, height)).astype(int)
    return _Box(*low, *high) if (low < high).all() else None


def _supersampling(size: int) -> int:
    """Samples a pixel and side: more for small meshes, where steps at edges would show most."""
    return 3 if size < 160 else 2 if size < 640 else 1


def _face_normals(vertices: Array, faces: NDArray[np.integer]) -> Array:
    """(F, 3), as long as twice the face's area."""
    a, b, c = vertices[faces[:, 0]], vertices[faces[:, 1]], vertices[faces[:, 2]]
    return np.cross(b - a, c - a)


def _vertex_normals(face_normals: Array, faces: NDArray[np.integer], count: int) -> Array:
    """(count, 3) unit normals, the mean of the faces around weighted by area."""
    normals = np.stack(
        [np.bincount(faces.ravel(), np.repeat(face_normals[:, axis], 3), minlength=count) for axis in range(3)], axis=1
    )
    unit_normals: Array = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return unit_normals


def _brightness(vertices: Array, normals: Array) -> Array:
    """(V,) wrapped Lambert light with a soft highlight, darker towards the outline so that fingers stand apart."""
    towards_eye = -vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    half = LIGHT + towards_eye
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    facing = np.clip(np.einsum("vi,vi->v", normals, towards_eye), 0, 1)
    diffuse = 0.45 + 0.55 * np.clip((normals @ LIGHT + 0.4) / 1.4, 0, 1)
    highlight = 0.25 * np.clip(np.einsum("vi,vi->v", normals, half), 0, 1) ** 16
    brightness: Array = diffuse * (0.45 + 0.55 * np.sqrt(facing)) + highlight
    return brightness


def _paint(corners: Array, brightness: Array, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Paint triangles in order: corners (F, 3, 2) px with brightness (F, 3) -> (*shape, 2) brightness and coverage."""
    owner = np.full(shape, -1, np.int32)
    for index, triangle in enumerate(np.round(corners * 2**SUBPIXEL_BITS).astype(np.int32)):
        cv2.fillConvexPoly(owner, triangle, index, cv2.LINE_8, SUBPIXEL_BITS)
    covered = np.flatnonzero(owner >= 0)
    rows, columns = np.array(np.divmod(covered.astype(np.int32), np.int32(shape[1])), np.float32)
    slope_x, slope_y, offset = _planes(corners, brightness).astype(np.float32).T.copy()
    owner = owner.ravel()[covered]
    layer = np.zeros((shape[0] * shape[1], 2), np.float32)
    layer[covered, 0] = np.clip(slope_x[owner] * columns + slope_y[owner] * rows + offset[owner], 0, 1.2)
    layer[covered, 1] = 1
    return layer.reshape(*shape, 2)


def _planes(corners: Array, values: Array) -> Array:
    """(F, 3): a, b, c with a x + b y + c = the value (F, 3) at each corner (F, 3, 2); slivers get their mean."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    rise_first, rise_second = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    inverse = np.divide(1, area, out=np.zeros_like(area), where=np.abs(area) > 0.5)
    a = (rise_first * second[:, 1] - rise_second * first[:, 1]) * inverse
    b = (rise_second * first[:, 0] - rise_first * second[:, 0]) * inverse
    centre = corners.mean(axis=1)
    return np.stack([a, b, values.mean(axis=1) - a * centre[:, 0] - b * centre[:, 1]], axis=1)
