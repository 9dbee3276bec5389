"""Batched inverse kinematics: hand parameters from image points, 3D points and priors.

Also the annotator of training data. Levenberg-Marquardt with exact derivatives, many hands at once, numpy alone.
"""

from dahyf_core.fitting.alignment import PALM, aligned, nearest_rotation
from dahyf_core.fitting.fit import FitResult, fit
from dahyf_core.fitting.settings import FitSettings
from dahyf_core.fitting.targets import FitTargets
from dahyf_core.fitting.translation import solve_translation

__all__ = ["PALM", "FitResult", "FitSettings", "FitTargets", "aligned", "fit", "nearest_rotation", "solve_translation"]
