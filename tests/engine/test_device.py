"""What a device is prepared to be."""

from collections.abc import Iterator

import pytest
import torch

from arae.engine.device import describe_device, prepare_device, where
from arae.foundation.errors import SettingsError
from arae.foundation.machine import kind_of_machine


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    threads, tf32 = torch.get_num_threads(), torch.backends.cudnn.allow_tf32
    yield
    torch.set_num_threads(threads)
    torch.backends.cudnn.allow_tf32 = tf32


def test_float32_is_not_rounded_to_tf32() -> None:
    torch.backends.cudnn.allow_tf32 = True  # as torch has it
    prepare_device("cpu", 1)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_threads_are_those_asked_for_and_at_least_one() -> None:
    device = prepare_device("cpu", 2)
    assert describe_device(device) == {"device": "cpu", "threads": 2}
    assert where(device, 3) == f"cpu, 2 threads, {kind_of_machine()}, 3 processes"
    prepare_device("cpu", 0)
    assert torch.get_num_threads() == 1


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"--device abacus: expected auto, cpu, cuda or cuda:N"):
        prepare_device("abacus", 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"--device cuda: this machine shows no CUDA device"):
        prepare_device("cuda", 1)
