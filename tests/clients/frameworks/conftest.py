"""The same programs as for the official SDKs, whose helpers live beside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from providers import DIALECTS, config  # noqa: E402
from running import FakeUpstream, Signalbox  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _no_detours() -> Iterator[None]:
    """No proxy, key or address of the machine's own may reach the clients."""
    noise = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "OLLAMA_", "LANGCHAIN_", "LANGSMITH_", "LLM_")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith(noise) or name.upper().endswith("_PROXY"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def upstream() -> Iterator[FakeUpstream]:
    running = FakeUpstream()
    yield running
    running.stop()


@pytest.fixture(scope="session", params=DIALECTS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def boxes(
    upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Signalbox]]:
    """A Signalbox for each dialect of a provider, started when first asked for."""
    running: dict[str, Signalbox] = {}

    def box(dialect: str) -> Signalbox:
        if dialect not in running:
            folder = tmp_path_factory.mktemp(dialect)
            # For a client that knows only its vendor's models.
            alias = '[alias]\n"claude-sonnet-4-5" = "fake/tool"\n'
            running[dialect] = Signalbox(folder, config(dialect, upstream.url) + alias)
        return running[dialect]

    yield box
    for one in running.values():
        one.stop()
