"""One Signalbox, one provider and one client of each form for all stories.

They may be shared because a story finds its own exchange by the receipt's name
or the provider's last request; what counts across exchanges is compared with
its value before.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from callers import Anthropic, Caller, OpenAi, anthropic_caller, openai_caller
from running import FakeUpstream, Signalbox


@pytest.fixture(scope="session", autouse=True)
def _no_detours() -> Iterator[None]:
    """No proxy, key or address of the machine's own may reach the SDKs."""
    noise = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "OLLAMA_")
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


@pytest.fixture(scope="session")
def nobody() -> Iterator[str]:
    """An address at which nobody listens. The port is held, so that nobody else
    can begin to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(scope="session")
def deaf() -> Iterator[str]:
    """A server without TLS at an https address: it answers a greeting it doesn't
    understand with a 400 in the clear."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def written(upstream: FakeUpstream, nobody: str, deaf: str) -> str:
    return config(upstream.url, nobody, deaf)


@pytest.fixture(scope="session")
def signalbox(written: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signalbox]:
    running = Signalbox(tmp_path_factory.mktemp("signalbox"), written)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signalbox]:
    """As it is after the first start: no config, no provider's key."""
    running = Signalbox(tmp_path_factory.mktemp("practice"), "")
    yield running
    running.stop()


@pytest.fixture(scope="session", params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def kept() -> Iterator[Callable[[Any], Any]]:
    """Closes what it is given when the stories are over."""
    open_callers: list[Caller] = []

    def keep(caller: Any) -> Any:
        open_callers.append(caller)
        return caller

    yield keep
    for caller in open_callers:
        caller.close()


@pytest.fixture(scope="session")
def openai_sdk(form: str, signalbox: Signalbox, kept: Callable[[Any], Any]) -> OpenAi:
    return kept(openai_caller(form, signalbox.url, signalbox.key))


@pytest.fixture(scope="session")
def anthropic_sdk(form: str, signalbox: Signalbox, kept: Callable[[Any], Any]) -> Anthropic:
    return kept(anthropic_caller(form, signalbox.url, signalbox.key))


def config(upstream: str, nobody: str, deaf: str) -> str:
    """A provider that answers, those that can't, and aliases over them."""
    return f"""
[server]
body_limit_mib = 1

[provider.fake]
name = "Fake"
openai_base_url = "{upstream}/v1"
anthropic_base_url = "{upstream}"
key = "env:FAKE_KEY"
local = true
models = ["ok", "slow"]

[provider.keyless]
name = "Keyless"
openai_base_url = "{upstream}/v1"
anthropic_base_url = "{upstream}"
key = "env:NOBODY_SET_THIS"
models = ["ok"]

[provider.gone]
name = "Gone"
openai_base_url = "{nobody}/v1"
anthropic_base_url = "{nobody}"
key = "env:FAKE_KEY"
local = true

[provider.plain]
name = "Plain"
openai_base_url = "{deaf}/v1"
anthropic_base_url = "{deaf}"
key = "env:FAKE_KEY"
local = true

[alias]
resilient = ["fake/429", "fake/500", "fake/ok"]
patient = ["gone/any", "fake/error-in-200", "fake/html", "fake/ok"]
doomed = ["fake/429", "fake/500"]
"all-keys-bad" = ["gone/any", "fake/401"]
"""
