"""The number of CPU cores that the service may use, and the number of workers that follows from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.config import cpu_cores, settings
from core.config.cpu_cores import available_cores
from tests import factories

CORES = 6
V2 = "0::/outer/inner\n"
V1 = "9:name=systemd:/\n4:cpu,cpuacct:/outer/inner\n3:cpuset:/other\n"


@pytest.fixture(autouse=True)
def affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    """An affinity mask of six cores on a machine of more."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(CORES)))
    monkeypatch.setattr(os, "cpu_count", lambda: 64)


def write(root: Path, files: dict[str, str]) -> None:
    """Write files below a root that stands in for the machine's."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def test_cores_without_a_cgroup_are_those_of_the_affinity_mask(tmp_path: Path) -> None:
    assert available_cores(tmp_path) == CORES


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        (V2, {"outer/inner/cpu.max": "200000 100000"}, 2),
        (V2, {"outer/inner/cpu.max": "150000 100000"}, 2),
        (V2, {"outer/inner/cpu.max": "10000 100000"}, 1),
        (V2, {"outer/inner/cpu.max": "max 100000"}, CORES),
        (V2, {"outer/inner/cpu.max": "900000 100000"}, CORES),
        (V2, {"outer/cpu.max": "300000 100000", "outer/inner/cpu.max": "max 100000"}, 3),
        (V2, {"cpu.max": "300000 100000"}, 3),
        (V2, {"elsewhere/cpu.max": "100000 100000"}, CORES),
        (
            V1,
            {
                "cpu,cpuacct/outer/inner/cpu.cfs_quota_us": "250000",
                "cpu,cpuacct/outer/inner/cpu.cfs_period_us": "100000",
            },
            3,
        ),
        (V1, {"cpu,cpuacct/cpu.cfs_quota_us": "100000", "cpu,cpuacct/cpu.cfs_period_us": "50000"}, 2),
        (V1, {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, CORES),
        (V1, {"cpuset/other/cpu.cfs_quota_us": "100000", "cpuset/other/cpu.cfs_period_us": "100000"}, CORES),
    ],
)
def test_cores_are_limited_by_the_quota_of_a_cgroup(
    tmp_path: Path, cgroup: str, files: dict[str, str], expected: int
) -> None:
    write(tmp_path, {"proc/self/cgroup": cgroup})
    write(tmp_path / "sys/fs/cgroup", files)

    assert available_cores(tmp_path) == expected


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (5, 5), (64, 8)])
def test_workers_follow_the_cores_up_to_eight(monkeypatch: pytest.MonkeyPatch, cores: int, workers: int) -> None:
    monkeypatch.setattr(settings, "available_cores", lambda: cores)
    given = factories.environment("mongodb://127.0.0.1:1/")

    assert settings.from_env(given).web_concurrency == workers


def test_machine_without_affinity_has_the_cores_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")

    assert cpu_cores.available_cores(tmp_path) == 64
