"""A real SLURM on this host: a controller and two node daemons, `c1` (CPUs) and `g1` (two sham GPUs).

For root on a machine where nothing else uses SLURM, such as a container; needs Debian's slurm-wlm
and munge. No systemd, no cgroups, no accounting.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

NAME = "arae-test"
CONFIG = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf", "cgroup.conf")
PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol")
PATIENCE_SECONDS = 60

# cred_expire: a requeued job waits as long before it starts again. config_overrides: believe CPUs.
# linux gathering with OverMemoryKill enforces memory limits without cgroups.
SLURM_CONF = """
ClusterName=arae-test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MinJobAge=300
KillWait=20
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
JobRequeue=1
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
NodeName=c1 NodeHostname={host} NodeAddr=127.0.0.1 Port=17001 CPUs=8 RealMemory={memory}
NodeName=g1 NodeHostname={host} NodeAddr=127.0.0.1 Port=17002 CPUs=8 RealMemory={memory} Gres=gpu:2
PartitionName=cpu Nodes=c1 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=g1 MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Why no SLURM can be started here; "" if one can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)} (Debian: apt-get install slurm-wlm munge)"
    if os.geteuid() != 0:
        return "only root can start SLURM's daemons"
    if (CONFIG / "slurm.conf").exists():
        return f"{CONFIG}/slurm.conf is there: this machine has a SLURM of its own"
    return why_no_name()


def why_no_name() -> str:
    """Why SLURM's daemons could not find each other; "" if they can.

    They resolve even `127.0.0.1` by what glibc finds of the host's addresses, which leaves out those
    of loopback: on a host without another interface that is all.
    """
    others = [
        name
        for name, addresses in psutil.net_if_addrs().items()
        if name != "lo" and any(a.family in (socket.AF_INET, socket.AF_INET6) for a in addresses)
    ]
    if others:
        return ""
    return "loopback is this host's only interface, so SLURM resolves no address; give it another"


@dataclass(frozen=True)
class Cluster:
    """The running daemons, by the folder of their state and logs."""

    folder: Path

    def control(self, *words: str) -> str:
        """Run `scontrol`."""
        return _run("scontrol", *words)

    def cancel(self, job: str) -> None:
        """Run `scancel`."""
        _run("scancel", job)

    def resume(self, node: str) -> None:
        """Put a node back that is down, once its jobs are off it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "State=DOWN" in self.control("show", "node", node):
            with suppress(RuntimeError):
                self.control("update", f"nodename={node}", "state=resume")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{node} stays down")
            time.sleep(0.2)

    def jobs(self) -> list[dict[str, str]]:
        """What `scontrol` knows of every job: `JobState`, `TimeLimit`, …"""
        lines = self.control("show", "job", "--oneliner").splitlines()
        return [
            dict(part.split("=", 1) for part in line.split() if "=" in part)
            for line in lines
            if line.startswith("JobId=")
        ]


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Start the daemons; stop them, by their pid files, at the end."""
    started: list[str] = []
    try:
        _configure(folder)
        if subprocess.run(["munge", "-n"], capture_output=True).returncode:
            _run("runuser", "-u", "munge", "--", "munged")
            started.append("/run/munge/munged.pid")
        for command, pid in (
            (("slurmctld", "-c"), "slurmctld.pid"),
            (("slurmd", "-N", "c1"), "slurmd.c1.pid"),
            (("slurmd", "-N", "g1"), "slurmd.g1.pid"),
        ):
            _run(*command)
            started.append(str(folder / pid))
        _await_nodes()
        yield Cluster(folder)
    finally:
        subprocess.run(["scancel", "--user=root"], capture_output=True)
        _kill_jobs()
        for pid_file in reversed(started):
            _stop(Path(pid_file))
        # A configuration without a controller slows every start of Snakemake by ten seconds.
        for name in FILES:
            (CONFIG / name).unlink(missing_ok=True)


def _configure(folder: Path) -> None:
    (folder / "state").mkdir(parents=True)
    CONFIG.mkdir(exist_ok=True)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    text = SLURM_CONF.format(host=socket.gethostname().split(".")[0], folder=folder, memory=memory)
    for number in range(2):
        os.mknod(folder / f"gpu{number}", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    contents = (text, f"NodeName=g1 Name=gpu File={folder}/gpu[0-1]\n", "CgroupAutomount=no\n")
    for name, content in zip(FILES, contents, strict=True):
        (CONFIG / name).write_text(content, encoding="ascii")
    run = Path("/run/munge")
    run.mkdir(exist_ok=True)
    run.chmod(0o755)
    for place in (run, Path("/var/log/munge"), Path("/var/lib/munge"), Path("/etc/munge")):
        shutil.chown(place, "munge", "munge")
    key = Path("/etc/munge/munge.key")
    if not key.exists():
        key.write_bytes(os.urandom(1024))
        shutil.chown(key, "munge", "munge")
        key.chmod(0o400)


def _await_nodes() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        states = subprocess.run(["sinfo", "-h", "-N", "-o", "%T"], capture_output=True, text=True)
        if set(states.stdout.split()) == {"idle"}:
            return
        time.sleep(0.2)
    raise TimeoutError(f"nodes did not come up:\n{_run('sinfo', '-N', '-l')}")


def _kill_jobs() -> None:
    """Processes of jobs, also those that SLURM lost with a node that it was told is down."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("SLURM_CLUSTER_NAME") == NAME:
                process.kill()


def _stop(pid_file: Path) -> None:
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        return
    deadline = time.monotonic() + 15
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.1)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout
