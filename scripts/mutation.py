# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Change one operator or number at a time and tell which changes no test notices.

`make mutation` calls it. Cosmic Ray makes the changes and runs the tests on each; chosen here are
which changes (a seeded sample of places, one change each) and which tests (those that ran the
changed line in a first run, quickest first). Every change is made in a copy of its own.

    python scripts/mutation.py --sample 100 --seed 1 --jobs 2 [paths]
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import coverage
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("emo_music_ros/fusion", "emo_music_ros/recommendation")
TESTS = ("test/fusion", "test/recommendation")
#: Tables of melodies and of what is in the repertoire: data, not behaviour.
DATA = ("library/classical.py", "library/folk.py")
#: Changes after which the program does the same: path ## line before ## line after ## reason.
EQUIVALENT = ROOT / "scripts" / "equivalent_mutants.txt"
NOT_COPIED = (".git", ".venv", ".*_cache", ".hypothesis", "build", "install", "log")
#: Least share of the changes that tests have to notice.
ENOUGH = 0.9
#: Time a change is given [s], and how many times as long as its tests took unchanged.
GRACE, SLOWER = 60.0, 5.0

# Operators that turn numbers into errors wherever they are reached (`<<`, `|` of floats) and `is`
# for `==` would flatter or blur the share.
ARITHMETIC, ORDER = "(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)", "(Eq|NotEq|Lt|LtE|Gt|GtE)"
CHANGES = re.compile(
    rf"core/(ReplaceBinaryOperator_({ARITHMETIC}_{ARITHMETIC}|BitOr_BitAnd|BitAnd_BitOr)"
    rf"|ReplaceComparisonOperator_({ORDER}_{ORDER}|Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_Delete_\w+|Replace(True|False|And|Or|Break|Continue)With\w+"
    r"|AddNot|ExceptionReplacer|NumberReplacer|ZeroIterationForLoop)"
)


@dataclass(frozen=True)
class Change:
    """One change: where it is made, what it looks like and the tests that ran there."""

    spec: MutationSpec
    before: str
    after: str
    tests: tuple[str, ...] = ()
    timeout: float = GRACE

    @property
    def text(self) -> tuple[str, str, str]:
        """The file, and the line before and after."""
        return str(self.spec.module_path), self.before, self.after

    def __str__(self) -> str:
        return f"{self.spec.module_path}:{self.spec.start_pos[0]}: {self.before} -> {self.after}"


# What may be changed ----------------------------------------------------------------------------


def declarations(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the spans of code that declares and does not act.

    These are annotations, decorators and fields, which the type checker holds, and options, whose
    defaults and ranges docs/reference.md holds.
    """
    for node in ast.walk(ast.parse(source)):
        found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        found += getattr(node, "decorator_list", [])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node] if node.func.id in ("field", "option") else []
        for part in found:
            if isinstance(part, ast.expr):
                end = (part.end_lineno or part.lineno, part.end_col_offset or 0)
                yield (part.lineno, part.col_offset), end


def places(path: Path) -> Iterator[tuple[MutationSpec, ...]]:
    """Yield for each place of a file the changes that can be made there."""
    spans = list(declarations(path.read_text()))
    nodes = list(ast_nodes(get_ast_from_path(path)))
    found: dict[tuple[int, int], list[MutationSpec]] = defaultdict(list)
    for name in filter(CHANGES.fullmatch, operator_names()):
        operator = get_operator(name)()
        positions = (each for node in nodes for each in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(positions):
            if not any(first <= start < last for first, last in spans):
                found[start].append(
                    MutationSpec(path.relative_to(ROOT), name, occurrence, start, end)
                )
    for start in sorted(found):
        yield tuple(found[start])


def seen(spec: MutationSpec) -> Change:
    """Return a change with the lines it makes another."""
    source = (ROOT / spec.module_path).read_text()
    changed = mutate_code(source, get_operator(spec.operator_name)(), spec.occurrence)
    pairs = zip(source.splitlines(), changed.splitlines())
    before, after = next(pair for pair in pairs if pair[0] != pair[1])
    return Change(spec, before.strip(), after.strip())


def equivalents() -> set[tuple[str, str, str]]:
    """Return the listed changes that change nothing: path, line before and after."""
    lines = [line for line in EQUIVALENT.read_text().splitlines() if line[:1] not in ("", "#")]
    rows = [[part.strip() for part in line.split(" ## ")] for line in lines]
    return {(path, before, after) for path, before, after, _ in rows}


def sample(paths: list[str], size: int, seed: int) -> list[Change]:
    """Draw places at random and one change at each."""
    files = [file for path in paths for file in sorted((ROOT / path).rglob("*.py"))]
    files += [ROOT / path for path in paths if path.endswith(".py")]
    every = [place for file in files if not str(file).endswith(DATA) for place in places(file)]
    print(f"{sum(map(len, every))} changes at {len(every)} places", flush=True)
    draw, known = random.Random(seed), equivalents()
    drawn = (seen(draw.choice(place)) for place in draw.sample(every, len(every)))
    real = (each for each in drawn if each.text not in known)
    return list(islice(real, size))


# Which tests ------------------------------------------------------------------------------------


def pytest(seed: int, *arguments: str) -> list[str]:
    """Return the command that runs tests on the package in the current folder."""
    settings = ("-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib")
    draws = f"--hypothesis-seed={seed}"
    return [sys.executable, "-m", "pytest", *settings, draws, *arguments]


class Coverage:
    """Which tests ran which lines, and how long each took [s], from one run of all."""

    def __init__(self, folder: Path, seed: int) -> None:
        options = ("-vv", "--durations=0", "--cov=emo_music_ros", "--cov-context=test")
        run = subprocess.run(
            pytest(seed, *options, "--cov-report=", *TESTS),
            cwd=folder,
            env=environment(folder),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if run.returncode:
            sys.exit(f"the tests fail on what is not changed:\n{run.stdout[-4000:]}")
        self.folder = folder
        self.seconds: dict[str, float] = defaultdict(float)
        for took, name in re.findall(r"^([\d.]+)s (?:call|setup) +(\S.*)$", run.stdout, re.M):
            self.seconds[name] += float(took)
        self.data = coverage.CoverageData(str(folder / ".coverage"))
        self.data.read()

    def tests(self, spec: MutationSpec) -> list[str]:
        """Return the tests that ran a place, quickest first.

        What runs while modules are imported, as constants do, belongs to the tests that ran
        anything of its file.
        """
        path, line = self.folder / spec.module_path, spec.start_pos[0]
        contexts = self.data.contexts_by_lineno(str(path))
        statements = [
            (node.end_lineno - node.lineno, range(node.lineno, node.end_lineno + 1))
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.stmt) and node.end_lineno is not None
        ]
        smallest = min((s for s in statements if line in s[1]), key=lambda s: s[0])[1]
        for lines in ([line], smallest, contexts):
            found = {
                context.rpartition("|")[0] for each in lines for context in contexts.get(each, ())
            } - {""}
            if found:
                return sorted(found, key=lambda name: (self.seconds[name], name))
        return []

    def planned(self, change: Change) -> Change:
        """Return a change with its tests and the time it is given."""
        tests = self.tests(change.spec)
        timeout = GRACE + SLOWER * sum(self.seconds[name] for name in tests)
        return replace(change, tests=tuple(tests), timeout=timeout)


# Trying -----------------------------------------------------------------------------------------


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of tests in a copy: nothing outside of it is read or written."""
    inside = {"EMO_MUSIC_CACHE": str(folder / "cache"), "PYTHONPATH": str(folder)}
    return os.environ | inside | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def is_caught(source: Path, seed: int, change: Change) -> bool:
    """Make one change in a new copy and tell whether a test fails on it."""
    if not change.tests:
        return False
    with tempfile.TemporaryDirectory(dir=source.parent) as name:
        folder = Path(name) / "tree"
        shutil.copytree(source, folder, symlinks=True)
        os.chdir(folder)
        os.environ.update(environment(folder))
        command = shlex.join(pytest(seed, "-x", "-q", *change.tests))
        result = mutate_and_test([change.spec], command, change.timeout)
        os.chdir(source.parent)
    if result.worker_outcome is not WorkerOutcome.NORMAL:
        raise RuntimeError(f"{change}: {result.output}")
    return result.test_outcome is TestOutcome.KILLED


def main() -> int:
    """Draw, run, report; 0 if enough was noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, default=100, help="changes to try")
    parser.add_argument("--seed", type=int, default=1, help="of the sample and of hypothesis")
    parser.add_argument("--jobs", type=int, default=2, help="changes tried at a time")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves no copies behind
    changes = sample(list(asked.paths), asked.sample, asked.seed)
    with tempfile.TemporaryDirectory(prefix="mutation") as work:
        source = Path(work) / "source"
        shutil.copytree(ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        covered = Coverage(source, asked.seed)
        planned = [covered.planned(change) for change in changes]
        caught = 0
        with ProcessPoolExecutor(asked.jobs) as pool:
            results = pool.map(partial(is_caught, source, asked.seed), planned)
            for number, (change, is_noticed) in enumerate(zip(planned, results), start=1):
                caught += is_noticed
                if number % 10 == 0:
                    print(f"tried {number} of {len(planned)}", flush=True)
                if not is_noticed:
                    print(f"survived {len(change.tests)} tests: {change}", flush=True)
    share = caught / max(len(planned), 1)
    print(f"caught {caught} of {len(planned)} changes: {share:.0%} (seed {asked.seed})")
    return int(share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
