"""Skins and gloves of the open hand: what another hand's textures are, on an atlas of its own."""

from pathlib import Path

import cv2
import numpy as np
import xatlas
from gltf import read_mesh
from transfer import Texels, laid_onto, nearest_texels, texels

from dahyf_core.hand_model import HandModel
from dahyf_core.synthesis.surface import VertexNormals, describe_surface, unit

SIZE, SOURCE_SIZE = 512, 1024
SKINS = ("african_baseColor", "african_realistic_baseColor", "caucasian_baseColor", "caucasian_realistic_baseColor")
GLOVES = ("glove_caucasian_dark_camo", "glove_caucasian_green_camo", "labglove_baseColor", "cleaning_glove_baseColor")
UNCOVERED = "glove_african_dark_camo"
"""The same glove as the first one on another skin: where the two differ there is skin."""
RELIEFS = (
    ("hands_normal", "hands_occlusionRoughnessMetallic"),
    ("glove_fingerless_normal", "glove_fingerless_occlusionRoughnessMetallic"),
    ("glove_normal", "glove_occlusionRoughnessMetallic"),
)
RATIO_UNIT = 96.0
"""Code of a colour that is the mean; codes are proportional to the root of linear light."""

BARE = 1.0
"""Code of no glove; lossless WebP forgets colours where it is 0."""


def build_skins(folder: Path, model: HandModel) -> dict[str, np.ndarray]:
    """Arrays of the asset; see dahyf_core/synthesis/skins.py for what they are."""
    place, faces, uv = _atlas(model)
    normals = unit(VertexNormals(model.faces, len(model.vertices))(model.vertices))
    targets = texels(model.vertices[place], normals[place], uv, faces, SIZE)
    hand = _sources(folder / "Hand_Nails_R.gltf", model)
    glove = _sources(folder / "Hand_Glove_R.gltf", model)
    onto_hand, onto_glove = nearest_texels(targets, hand), nearest_texels(targets, glove)
    palm = _palmness(model, place, uv, faces)[targets.rows, targets.columns]

    colours = []
    for name in SKINS:
        light = _colours(folder, name, hand, onto_hand)
        colours.append(_filled(np.column_stack([_ratios(light, palm), np.full(len(light), BARE)]), targets))
    skin = [
        _picture(folder, name)[glove.rows, glove.columns][onto_glove].astype(float) for name in (GLOVES[0], UNCOVERED)
    ]
    covered = np.abs(skin[0] - skin[1]).max(axis=1) < 24
    for name in GLOVES:
        light = _colours(folder, name, glove, onto_glove)
        mask = covered if name.startswith("glove_") else np.ones(len(light), bool)
        if not name.startswith("glove_"):  # of one strong colour, of which some channels are all noise
            light = np.repeat(light.sum(axis=1, keepdims=True), 3, axis=1)
        ratio = RATIO_UNIT * np.sqrt(light / light[mask].mean(axis=0))
        colours.append(_filled(np.column_stack([ratio, np.where(mask, 255.0, BARE)]), targets))
    reliefs = []
    for number, (normal, roughness) in enumerate(RELIEFS):
        source, onto = (hand, onto_hand) if number == 0 else (glove, onto_glove)
        slopes = _slopes(_picture(folder, normal), source, onto, targets)
        rough = _picture(folder, roughness)[source.rows, source.columns, 1][onto]
        reliefs.append(_filled(np.column_stack([128 + 127 * slopes, rough]), targets))
    return {
        "place": place.astype(np.int32),
        "faces": faces.astype(np.int32),
        "uv": uv.astype(np.float32),
        **{f"colour_{number}": _packed(picture) for number, picture in enumerate(colours)},
        **{f"relief_{number}": _packed(picture) for number, picture in enumerate(reliefs)},
    }


def _atlas(model: HandModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices of the open hand, doubled at seams (V',), faces (F, 3) of them, and their uv (V', 2), v down."""
    atlas = xatlas.Atlas()
    atlas.add_mesh(model.vertices.astype(np.float32), model.faces.astype(np.uint32))
    packing = xatlas.PackOptions()
    packing.resolution, packing.padding, packing.bruteForce = SIZE, 5, True
    atlas.generate(xatlas.ChartOptions(), packing)
    place, faces, uv = atlas[0]
    return place.astype(int), faces.astype(int), uv.astype(float)


def _sources(path: Path, model: HandModel) -> Texels:
    mesh = laid_onto(read_mesh(path), model)
    return texels(mesh.vertices, mesh.normals, mesh.uv, mesh.faces, SOURCE_SIZE)


def _palmness(model: HandModel, place: np.ndarray, uv: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) share of the palm's tone in the skin's, as shaders/skin.frag mixes them."""
    above = describe_surface(model).finger[place, 3]
    as_points = np.column_stack([above, above, above])
    found = texels(as_points, np.ones_like(as_points), uv, faces, SIZE)
    share = np.clip((found.positions[:, 0] + 0.4) / 0.75, 0, 1)
    picture = np.zeros((SIZE, SIZE))
    picture[found.rows, found.columns] = 1 - share * share * (3 - 2 * share)
    return picture


def _picture(folder: Path, name: str) -> np.ndarray:
    """(S, S, 3) RGB bytes."""
    picture = cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_COLOR_RGB)
    return cv2.resize(picture, (SOURCE_SIZE, SOURCE_SIZE), interpolation=cv2.INTER_AREA)


def _colours(folder: Path, name: str, source: Texels, onto: np.ndarray) -> np.ndarray:
    """(T, 3) linear light."""
    return (_picture(folder, name)[source.rows, source.columns][onto] / 255.0) ** 2


def _ratios(light: np.ndarray, palm: np.ndarray) -> np.ndarray:
    """(T, 3) codes of the colour over that of the palm or of the back, which the program mixes and paints anew."""
    means = [(light * share[:, None]).sum(axis=0) / share.sum() for share in (palm**4, (1 - palm) ** 4)]
    return RATIO_UNIT * np.sqrt(light / (palm[:, None] * means[0] + (1 - palm[:, None]) * means[1]))


def _slopes(normal_map: np.ndarray, source: Texels, onto: np.ndarray, targets: Texels) -> np.ndarray:
    """(T, 2) how the skin's normal leans along columns and rows of the atlas, from a map in the other's tangents."""
    lean = normal_map[source.rows, source.columns].astype(float)[onto] / 127.5 - 1.0
    in_space = lean[:, :1] * source.along[onto] - lean[:, 1:2] * source.across[onto]  # green points up
    return np.stack([(in_space * axis).sum(axis=1) for axis in (targets.along, targets.across)], axis=1)


def _filled(values: np.ndarray, targets: Texels) -> np.ndarray:
    """(SIZE, SIZE, C) bytes; what no face covers takes the value of the nearest texel, so that seams stay unseen."""
    picture = np.zeros((SIZE, SIZE, values.shape[1]), np.uint8)
    picture[targets.rows, targets.columns] = np.clip(np.rint(values), 0, 255)
    empty = np.ones((SIZE, SIZE), np.uint8)
    empty[targets.rows, targets.columns] = 0
    _, labels = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    known = np.zeros((labels.max() + 1, 2), int)
    known[labels[targets.rows, targets.columns]] = np.stack([targets.rows, targets.columns], axis=1)
    rows, columns = known[labels].transpose(2, 0, 1)
    return picture[rows, columns]


def _packed(picture: np.ndarray) -> np.ndarray:
    """The bytes of a lossless WebP file of (SIZE, SIZE, 3 or 4)."""
    code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    return cv2.imencode(".webp", cv2.cvtColor(picture, code), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].ravel()
