"""The programs the stories run against: Signalbox, and a provider that misbehaves.

Promises: loopback and free ports only, a folder of its own for each, and
whatever is started here is ended by its own process id.

Leaves out how the provider misbehaves: that is `tests/harness/provider.rs`, where
the name of the model that is asked for decides.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2

#: What Signalbox must show to the provider, and tools must never see.
UPSTREAM_KEY = "sk-fake-upstream-key"
#: The longest anything here is waited for.
PATIENCE_S = 30.0

Found = TypeVar("Found")


def eventually(what: str, look: Callable[[], Found | None]) -> Found:
    """Looks until there is something to see: what happens in another process
    sends no event that could be awaited here."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.01)
    return found


class Program:
    """A child process that says on standard output where it can be reached."""

    def __init__(self, command: list[str], last_line: str, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        # Reads on to the end, so that a full pipe never stops the program.
        threading.Thread(target=self._read, daemon=True).start()
        self.said = self._until(last_line)

    def told(self, label: str) -> str:
        """What stood behind a label: `Panel: ` gives the link."""
        found = [line.removeprefix(label) for line in self.said if line.startswith(label)]
        assert found, f"it never said `{label}…`, but: {self.said}"
        return found[0]

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _until(self, last_line: str) -> list[str]:
        said: list[str] = []
        while True:
            line = self._lines.get(timeout=PATIENCE_S)
            assert line is not None, f"it ended early; it had said: {said}"
            said.append(line)
            if line.startswith(last_line):
                return said


class FakeUpstream(Program):
    """The provider that stalls, cuts, refuses and lies."""

    def __init__(self) -> None:
        binary = _binary("FAKE_UPSTREAM_BIN", "fake-upstream", "stories")
        super().__init__([binary, "--port", "0"], "Listening on ", _quiet_environment())
        self.url = self.told("Listening on ")

    def seen(self) -> dict[str, Any]:
        """`requests`, each with line, headers and body as they came; `hang_ups`."""
        return httpx2.get(f"{self.url}/__seen", trust_env=False).json()

    def last(self) -> dict[str, Any]:
        url = f"{self.url}/__seen?last=1"
        return httpx2.get(url, trust_env=False).json()["requests"][-1]

    def hang_ups(self) -> int:
        return self.seen()["hang_ups"]


class Signalbox(Program):
    """The headless binary, on a config and a folder of its own."""

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        (folder / "signalbox.toml").write_text(config)
        env = _quiet_environment() | {
            "HOME": str(folder),
            "SIGNALBOX_DATA_DIR": str(folder),
            "SIGNALBOX_KEYCHAIN": "off",
            "FAKE_KEY": UPSTREAM_KEY,
        }
        binary = _binary("SIGNALBOX_BIN", "signalbox", "server")
        super().__init__([binary, "serve", "--port", "0"], "Panel: ", env)
        self.url = self.told("Listening on ")
        self.key = self.told("Client key (shown once): ")

    def control(self, operation: str, question: dict[str, Any]) -> httpx2.Response:
        """Asks the control API, as the command line does."""
        reach = json.loads((self.folder / "running.json").read_text())
        return httpx2.post(
            f"{self.url}/control/{operation}",
            headers={"authorization": f"Bearer {reach['token']}", "x-signalbox-panel": "1"},
            json=question,
            trust_env=False,
        )

    def receipt(self, name: str) -> dict[str, Any]:
        """The receipt of an exchange that is over, or will be shortly."""

        def look() -> dict[str, Any] | None:
            answer = self.control("requests.get", {"id": name})
            return answer.json() if answer.status_code == 200 else None

        return eventually(f"the receipt {name}", look)


def _quiet_environment() -> dict[str, str]:
    """Ours, without what would change where the programs listen or look."""
    noise = ("SIGNALBOX_", "FAKE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(noise)}


def _binary(override: str, name: str, crate: str) -> str:
    if named := os.environ.get(override):
        return named
    repository = Path(__file__).resolve().parents[3]
    target = Path(os.environ.get("CARGO_TARGET_DIR", repository / "target"))
    path = target / "debug" / (name + (".exe" if sys.platform == "win32" else ""))
    assert path.exists(), f"{path} is not there; build it with `cargo build -p {crate}`"
    return str(path)
