"""Where no SLURM can be started, its tests say why."""

import socket
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tests.slurm import cluster


@pytest.fixture(autouse=True)
def able(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host on which nothing else stands in the way."""
    monkeypatch.setattr(cluster, "PROGRAMS", ())
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 0)
    monkeypatch.setattr(cluster, "CONFIG", tmp_path)
    return tmp_path


def interfaces(*names: str) -> dict[str, list[SimpleNamespace]]:
    return {name: [SimpleNamespace(family=socket.AF_INET)] for name in names}


def test_an_interface_beside_loopback_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: interfaces("lo", "eth0"))
    assert cluster.why_not() == ""


def test_loopback_alone_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: interfaces("lo"))
    assert "loopback is this host's only interface" in cluster.why_not()


def test_a_cluster_of_the_machine_is_left_alone(able: Path) -> None:
    (able / "slurm.conf").write_text("ClusterName=theirs\n")
    assert f"{able}/slurm.conf is there" in cluster.why_not()
