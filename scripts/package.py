"""Builds the deployment package: what runs on Azure, and nothing else.

    python -m scripts.package [--out dist/docket.zip] [--compile] [--with-packages]

Without --with-packages Azure installs requirements.txt itself (a remote build). The same files
give the same package, byte for byte.
"""

from __future__ import annotations

import argparse
import py_compile
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parent.parent
FILES = ("function_app.py", "host.json", "requirements.txt")
FOLDERS = ("functions", "shared", "web", "desks")
PACKAGES = ".python_packages/lib/site-packages"
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings: Linux, x86-64
PLATFORM = ("--platform", "manylinux2014_x86_64", "--python-version", "3.13", "--only-binary=:all:")
_NEVER = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", "node_modules"}
_EPOCH = (2020, 1, 1, 0, 0, 0)


def main(argv: list[str] | None = None) -> int:
    """Writes the package and says what it weighs; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.package", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "docket.zip")
    parser.add_argument("--compile", action="store_true", help="with .pyc files: a quicker start")
    parser.add_argument("--with-packages", action="store_true", help="with the requirements in it")
    args = parser.parse_args(argv)
    build(args.out, compiled=args.compile, with_packages=args.with_packages)
    for line in report(args.out):
        print(line)
    return 0


def build(out: Path, *, compiled: bool = False, with_packages: bool = False) -> None:
    """Writes the package. CalledProcessError when the requirements cannot be fetched."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ZipFile(out, "w", ZIP_DEFLATED) as package:
        _add_all(package, ROOT, sources(ROOT), "", compiled=compiled)
        if with_packages:
            fetched = Path(folder)
            _fetch(fetched)
            _add_all(package, fetched, _below(fetched, fetched), PACKAGES, compiled=compiled)


def sources(root: Path) -> Iterator[Path]:
    """The files of the app, in order."""
    for name in FILES:
        yield root / name
    for folder in FOLDERS:
        yield from _below(root, root / folder)


def _below(root: Path, folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not _NEVER & set(parts) and path.suffix != ".pyc":
            yield path


def _add_all(
    package: ZipFile, root: Path, paths: Iterator[Path], prefix: str, *, compiled: bool
) -> None:
    for path in paths:
        name = PurePosixPath(prefix, path.relative_to(root).as_posix())
        _add(package, str(name), path.read_bytes())
        if compiled and path.suffix == ".py":
            _add_compiled(package, name, path)


def _add_compiled(package: ZipFile, name: PurePosixPath, path: Path) -> None:
    """The .pyc beside the source. Nobody compares it with the source, whose date a zip loses."""
    with tempfile.NamedTemporaryFile(suffix=".pyc") as target:
        try:
            py_compile.compile(
                str(path), target.name, str(name), doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )  # fmt: skip
        except py_compile.PyCompileError:
            return  # a template that packages carry, not a module
        tag = sys.implementation.cache_tag
        place = name.parent / "__pycache__" / f"{name.stem}.{tag}.pyc"
        _add(package, str(place), Path(target.name).read_bytes())


def _add(package: ZipFile, name: str, content: bytes) -> None:
    info = ZipInfo(name, _EPOCH)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    package.writestr(info, content)


def _fetch(target: Path) -> None:
    requirements = str(ROOT / "requirements.txt")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    subprocess.run(  # noqa: S603  # our own command line
        [*pip, *PLATFORM, "--target", str(target), "-r", requirements], check=True
    )


def report(out: Path) -> Iterator[str]:
    """What the package weighs: each part as it is unpacked, and the file itself."""
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with ZipFile(out) as package:
        for info in package.infolist():
            part = "packages" if info.filename.startswith(PACKAGES) else _part(info.filename)
            sizes[part] += info.file_size
            counts[part] += 1
    for part, size in sizes.most_common():
        yield f"{part:<12}{counts[part]:>7} files {size / 1e6:>8.2f} MB"
    yield f"{out.name}: {sum(counts.values())} files, {out.stat().st_size / 1e6:.2f} MB zipped"


def _part(name: str) -> str:
    first, _, rest = name.partition("/")
    return f"{first}/" if rest else "top level"


if __name__ == "__main__":
    sys.exit(main())
