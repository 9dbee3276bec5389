"""Write the assets of drawn hands; tools/assets/build_drawn_hands sets up what this needs."""

import argparse
from pathlib import Path

import numpy as np
from lights import build_lights
from skins import build_skins

from dahyf_core.hand_model import load_hand_model

ASSETS = Path(__file__).parents[3] / "dahyf_core" / "assets"


def main() -> None:
    """Rebuild skins and gloves from the hands of Godot XR Tools, and surroundings from @pmndrs/assets."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("hands", type=Path, help="folder with Hand_Nails_R.gltf and its textures")
    parser.add_argument("panoramas", type=Path, help="folder hdri of the npm package")
    folders = parser.parse_args()
    _write("hand_skins.npz", build_skins(folders.hands, load_hand_model("open_hand")))
    _write("surroundings.npz", build_lights(folders.panoramas))


def _write(name: str, arrays: dict[str, np.ndarray]) -> None:
    path = ASSETS / name
    unfinished = path.with_suffix(".part.npz")
    np.savez_compressed(unfinished, **arrays)
    unfinished.replace(path)
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
