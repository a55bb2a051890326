"""Puts facet's binary into the wheel and names the platform that the wheel is for.

FACET_BINARY names the binary, and FACET_WHEEL_PLATFORM the tag of another platform, such as win_amd64. Without FACET_BINARY, Go builds it.
"""

import os
import pathlib
import platform
import shutil
import subprocess
import sys

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# A static binary runs on any Linux: the oldest tags that pip knows, for both C libraries.
LINUX = "manylinux2014_{0}.manylinux_2_17_{0}.musllinux_1_1_{0}"


def platform_tag() -> str:
    if tag := os.environ.get("FACET_WHEEL_PLATFORM"):
        return tag
    machine = platform.machine().lower()
    if sys.platform == "linux":
        return LINUX.format({"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine))
    if sys.platform == "darwin":
        return "macosx_11_0_arm64" if machine == "arm64" else "macosx_10_15_x86_64"
    if sys.platform == "win32":
        return "win_arm64" if machine == "arm64" else "win_amd64"
    raise SystemExit(f"facet-clip: no wheel for {sys.platform} on {machine}; build facet with Go and set FACET_BIN")


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        tag = platform_tag()
        folder = pathlib.Path(self.root, "src", "facet", "bin")
        folder.mkdir(exist_ok=True)
        target = folder / ("facet.exe" if tag.startswith("win") else "facet")
        for old in folder.iterdir():
            old.unlink()
        if binary := os.environ.get("FACET_BINARY"):
            shutil.copy(binary, target)
        else:
            command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(target), "./cmd/facet"]
            subprocess.run(command, check=True, cwd=pathlib.Path(self.root).parent, env={**os.environ, "CGO_ENABLED": "0"})
        target.chmod(0o755)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"
