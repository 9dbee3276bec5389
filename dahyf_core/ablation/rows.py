"""The networks that are compared: the rows of the paper's table, and two rows that it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dahyf_core.errors import SettingsError
from dahyf_core.network.config import DirectionMap, Encoding, Joints
from dahyf_core.training import TrainingConfig

NEVER = 1.0


@dataclass(frozen=True)
class Row:
    """One kind of network. title: its name in the paper. contrast: whether L_c counts."""

    name: str
    title: str
    direction_map: DirectionMap
    joints: Joints
    contrast: bool
    encoding: Encoding = "none"

    def applied(self, config: TrainingConfig, seed: int) -> TrainingConfig:
        """A recipe's configuration with the parts of this row."""
        network = replace(config.network, direction_map=self.direction_map, joints=self.joints, encoding=self.encoding)
        contrast_from = config.schedule.contrast_from if self.contrast else NEVER
        return replace(
            config, network=network, schedule=replace(config.schedule, contrast_from=contrast_from), seed=seed
        )


ROWS = (
    Row("baseline", "Baseline", "none", "none", False),
    Row("gdm", "+ GDM", "global", "none", False),
    Row("heatmap", "+ GDM + heatmap", "global", "heatmap", False),
    Row("contrast", "+ GDM + heatmap + L_c", "global", "heatmap", True),
    Row("simcc", "+ GDM + SJCP + L_c", "global", "simcc", True),
    Row("ldm", "+ LDM + SJCP + L_c", "local", "simcc", True),
    Row("no_map", "SJCP + L_c, no map", "none", "simcc", True),
    Row("patch_pe", "+ GDM + SJCP + PE + L_c", "global", "simcc", True, "patch"),
    Row("frame_pe", "the same, PE of frame pixels", "global", "simcc", True, "frame"),
)
"""The paper's seven rows. Two more rows are the fifth without a map, and PE in pixels of the frame."""


def select_rows(names: Sequence[str]) -> tuple[Row, ...]:
    """Rows by name; all rows if `names` is empty. Raises SettingsError for an unknown name."""
    known = {row.name: row for row in ROWS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"There is no row {unknown[0]}.", f"Choose from {', '.join(known)}.")
    return tuple(known[name] for name in names) or ROWS
