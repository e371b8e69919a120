"""A minimal Debian 12 in a folder, made by debootstrap, whose programs run in namespaces of their own.

Its apt and pip reach their registries as this machine's do: mirror, proxies, indexes and certificates are read
from this machine's configuration when the root is made.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUITE = "bookworm"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USER = "newcomer"
# The kernel removes mounts and ends processes with the namespaces, however the test ends.
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
# The shell stays the first process of its namespace: the kernel does not end a process that changed its user.
MOUNTS = """
set -e
mount --rbind /dev "$0/dev"
mount -t tmpfs shm "$0/dev/shm"
mount -t proc proc "$0/proc"
code=0
chroot "$@" || code=$?
exit $code
"""
CERTIFICATES = "usr/local/share/certificates.pem"
PIP_SETTINGS = ("index-url", "extra-index-url", "proxy", "trusted-host", "timeout", "default-timeout")
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


@dataclass
class MinimalRoot:
    """The root folder, and the environment of its programs."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def create(self) -> None:
        """Make the root with nothing but Debian's minimal packages and certificates, and a user."""
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(self.folder), *_mirror()]
        _check(subprocess.run([*NAMESPACES, *command], check=False, capture_output=True, text=True))
        (self.folder / "etc/apt/apt.conf.d/90host").write_text("\n".join(_apt_settings()))
        self.environment = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        self.environment |= {name: os.environ[name] for name in map(_spelled, PROXIES) if name in os.environ}
        self.environment |= self._pip_settings()
        self.run("apt-get update -qq").check_returncode()
        self.run(f"useradd --create-home {USER}").check_returncode()

    def install(self, *packages: str) -> None:
        """Install Debian packages and those that they depend on."""
        _check(self.run(f"apt-get install -y -qq --no-install-recommends {' '.join(packages)}"))

    def run(self, script: str, user: str = "root", folder: str = "/") -> subprocess.CompletedProcess[str]:
        """Run a shell script in the root."""
        return subprocess.run(
            self._command(script, user, folder), check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def start(self, script: str, user: str = "root", folder: str = "/") -> subprocess.Popen[str]:
        """Start a shell script in the root; the end of the process ends all that the script started."""
        return subprocess.Popen(
            self._command(script, user, folder),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def packages(self) -> set[str]:
        """Return the names of the installed Debian packages."""
        return set(self.run("dpkg-query -W -f '${Package}\n'").stdout.split())

    def _command(self, script: str, user: str, folder: str) -> list[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        variables = [f"{name}={value}" for name, value in {**self.environment, "HOME": home}.items()]
        mounted = [*NAMESPACES, "sh", "-c", MOUNTS, str(self.folder), f"--userspec={user}", str(self.folder)]
        return [*mounted, "env", "-i", *variables, "sh", "-c", f"cd {folder} && {script}"]

    def _pip_settings(self) -> dict[str, str]:
        """Return how this machine's pip reaches its index, and copy the certificates that it trusts."""
        listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True)
        values = dict(re.findall(r"^[^.]+\.+(\S+)='(.*)'$", listing.stdout.decode(), re.MULTILINE))
        if certificates := values.get("cert"):
            shutil.copy(certificates, self.folder / CERTIFICATES)
            values["cert"] = f"/{CERTIFICATES}"
        # Folders of this machine are not in the root.
        names = [name for name in (*PIP_SETTINGS, "cert") if name in values and "file:" not in values[name]]
        return {f"PIP_{name.upper().replace('-', '_')}": values[name] for name in names}


def _mirror() -> Iterator[str]:
    """Yield the address of this machine's mirror of the suite; without one debootstrap uses Debian's."""
    if shutil.which("apt-get"):
        command = ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(SITE)"]
        targets = subprocess.run(command, check=False, capture_output=True, text=True).stdout.splitlines()
        sites = [line.split()[2] for line in targets if line.startswith(f"{SUITE} main ")]
        yield from sites[:1]


def _apt_settings() -> list[str]:
    """Return this machine's settings of apt for the network, as proxies."""
    if not shutil.which("apt-config"):
        return []
    listing = subprocess.run(["apt-config", "dump"], check=False, capture_output=True, text=True).stdout
    return [line for line in listing.splitlines() if re.match(r"Acquire::https?::", line)]


def _spelled(name: str) -> str:
    return name if name in os.environ else name.upper()


def _check(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
