"""Sessions: which provider runs a network, and what happens when one cannot."""

import os
import warnings

import numpy as np
import pytest

from dahyf_core import runtime
from dahyf_core.errors import ModelFileError
from dahyf_core.runtime import COREML, CPU, CUDA, DIRECTML, PROVIDERS, TENSORRT, create_session
from dahyf_core.shipped import asset

MODEL = asset("hand_landmark.onnx")
PATCHES = np.zeros((1, 224, 224, 3), dtype=np.uint8)


class FakeInferenceSession:
    """Stands in for onnxruntime.InferenceSession. Faults, by provider: absent, load, run."""

    def __init__(self, faults, options, provider, provider_options):
        self.fault = faults.get(provider)
        self.options = options
        self.provider_options = provider_options
        self.provider = provider
        if self.fault == "load":
            raise RuntimeError("no kernel image\nand a long story")

    def get_providers(self):
        return [CPU] if self.fault == "absent" else [self.provider, CPU]

    def run(self, names, inputs):
        if self.fault == "run":
            raise RuntimeError("cuDNN is missing")
        return [self.provider]


@pytest.fixture
def machine(monkeypatch):
    """Pretends a machine with some providers installed, of which some have faults; returns the opened sessions."""

    def pretend(installed, **faults):
        opened = []

        def open_session(model, options, providers, enable_fallback):
            assert not enable_fallback
            ((provider, provider_options),) = providers
            opened.append(FakeInferenceSession(faults, options, provider, provider_options))
            return opened[-1]

        runtime._load_cuda.cache_clear()
        monkeypatch.setattr(runtime.ort, "preload_dlls", lambda directory: print("no CUDA here"))
        monkeypatch.setattr(runtime.ort, "get_available_providers", lambda: installed)
        monkeypatch.setattr(runtime.ort, "InferenceSession", open_session)
        return opened

    return pretend


def test_cpu_alone_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session = create_session(MODEL)
        assert len(session.run(patches=PATCHES)) == 4
    assert session.provider in PROVIDERS


@pytest.mark.parametrize(
    ("installed", "taken"),
    [
        ([CPU, DIRECTML, CUDA, "AzureExecutionProvider"], CUDA),
        ([TENSORRT, CUDA, CPU], CUDA),
        ([CPU, TENSORRT], TENSORRT),
        ([CPU, DIRECTML], DIRECTML),
        ([CPU, COREML], COREML),
        ([CPU], CPU),
    ],
)
def test_best_installed_provider_is_taken(machine, installed, taken):
    machine(installed)
    session = create_session(MODEL)
    assert session.provider == taken
    assert session.run(patches=PATCHES) == [taken]


def test_every_provider_may_fail_until_the_cpu_is_left(machine):
    machine(list(PROVIDERS), **{CUDA: "absent", TENSORRT: "load", DIRECTML: "load", COREML: "absent"})
    with pytest.warns(UserWarning, match="and is left out") as told:
        session = create_session(MODEL)
    assert session.provider == CPU
    assert [str(warning.message).split()[0] for warning in told] == [CUDA, TENSORRT, DIRECTML, COREML]


def test_nvidia_computes_in_full_float32_and_says_nothing_on_standard_output(machine, capsys):
    opened = machine([CPU, CUDA])
    create_session(MODEL)
    assert opened[-1].provider_options["use_tf32"] == "0"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("fault", "reason"), [("load", "no kernel image"), ("absent", "does not start")])
def test_provider_that_does_not_load_is_skipped_with_a_warning(machine, fault, reason):
    machine([CPU, CUDA], **{CUDA: fault})
    with pytest.warns(UserWarning, match=f"{CUDA} cannot run hand_landmark.onnx .*{reason}"):
        session = create_session(MODEL)
    assert session.provider == CPU
    assert session.run(patches=PATCHES) == [CPU]


def test_provider_that_fails_late_is_replaced_for_good(machine):
    machine([CPU, CUDA], **{CUDA: "run"})
    session = create_session(MODEL)
    with pytest.warns(UserWarning, match="cuDNN is missing"):
        assert session.run(patches=PATCHES) == [CPU]
    assert session.provider == CPU
    assert session.run(patches=PATCHES) == [CPU]


def test_fault_of_the_cpu_is_not_hidden(machine):
    machine([CPU], **{CPU: "run"})
    with pytest.raises(RuntimeError, match="cuDNN is missing"):
        create_session(MODEL).run(patches=PATCHES)


def test_no_provider_at_all(machine):
    machine(["AzureExecutionProvider"])
    with pytest.raises(ModelFileError, match="no execution provider"):
        create_session(MODEL)


@pytest.mark.parametrize(("cores", "asked", "given"), [(2, 0, 2), (64, 0, runtime.MOST_THREADS), (2, 6, 6)])
def test_threads(machine, monkeypatch, cores, asked, given):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    opened = machine([CPU])
    create_session(MODEL, threads=asked)
    assert opened[-1].options.intra_op_num_threads == given


def test_a_batch_is_answered_in_its_order_whatever_the_threads():
    patches = np.random.default_rng(1).integers(0, 255, (5, 224, 224, 3), dtype=np.uint8)
    alone, together = create_session(MODEL, threads=1), create_session(MODEL, threads=2)
    for expected, found in zip(alone.run(patches=patches), together.run(patches=patches), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ModelFileError, match=r"nothing\.onnx is missing"):
        create_session(tmp_path / "nothing.onnx")


@pytest.mark.parametrize("content", [b"", b"not a network", MODEL.read_bytes()[:1000]])
def test_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"damaged\.onnx cannot be loaded"):
        create_session(path)
