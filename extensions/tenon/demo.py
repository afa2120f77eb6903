"""Render a service, install it, start it, request its probes, and print the next steps."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import copier

ROOT = Path(__file__).parents[2]
PATHS = ("/health", "/health/ready")
NEXT = """
Go on:

  cd {project}
  git init -b main && uv lock && git add . && git commit -m "Start from Tenon"
  uv run my-service migrate
  uv run my-service
  uv run poe check
"""
"""What the message after a copy says."""


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def get(url: str, process: subprocess.Popen[bytes]) -> str:
    """Return the status line and the body of the response; wait for the service to start.

    Raises:
        RuntimeError: The service ended, or sent no response within 30 seconds.
    """
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return f"{response.status} {response.reason}  {response.read().decode()}"
        except urllib.error.HTTPError as error:
            return f"{error.code} {error.reason}  {error.read().decode()}"
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"No response from {url}; the lines above say why.")


def main() -> int:
    """Run the demonstration; the project stays where it was rendered."""
    project = Path(tempfile.mkdtemp(prefix="tenon-")) / "my-service"
    # The template's own environment must not be taken for the project's.
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}

    print(f"Rendering a service into {project} ...", flush=True)
    with warnings.catch_warnings():
        # A maintainer shows uncommitted work; Copier warns that it is part of the copy.
        warnings.simplefilter("ignore", copier.errors.DirtyLocalWarning)
        copier.run_copy(str(ROOT), project, defaults=True, quiet=True, vcs_ref="HEAD")

    print("Installing it ...", flush=True)
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, env=environment, check=True)
    subprocess.run(["uv", "run", "my-service", "migrate"], cwd=project, env=environment, check=True)

    port = free_port()
    command = ["uv", "run", "my-service", "--port", str(port)]
    print(f"Starting it: {' '.join(command)}\n", flush=True)
    with subprocess.Popen(
        command, cwd=project, env={**environment, "MY_SERVICE_SERVER__DRAIN_SECONDS": "0"}
    ) as process:
        try:
            responses = [get(f"http://127.0.0.1:{port}{path}", process) for path in PATHS]
        finally:
            process.terminate()

    print()
    for path, response in zip(PATHS, responses, strict=True):
        print(f"GET {path:<14} {response}")
    print(NEXT.format(project=project), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
