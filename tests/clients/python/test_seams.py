"""A stream that breaks and goes on at another provider: every SDK reads one whole answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialects import SPEAKERS
from running import FakeUpstream, Signalbox

WHOLE = "word0 word1 word2 word3 word4 word5 word6 word7 "


@pytest.fixture(params=["cut-mid", "error-mid"])
def box(
    request: pytest.FixtureRequest, upstream: FakeUpstream, tmp_path: pytest.TempPathFactory
) -> Iterator[Signalbox]:
    """A Signalbox for each story: what breaks is asked last from then on."""
    url = upstream.url
    running = Signalbox(
        tmp_path,
        f"""
[provider.fake]
name = "Fake"
openai_base_url = "{url}/v1"
responses_base_url = "{url}/v1"
anthropic_base_url = "{url}"
gemini_base_url = "{url}/v1beta"
ollama_base_url = "{url}"
key = "none"
local = true

[provider.second]
name = "Second"
anthropic_base_url = "{url}"
key = "none"
local = true
quirks = {{ prefill = "assistant" }}

[alias.go]
targets = ["fake/{request.param}", "second/ok"]
strategy = "priority"
broken_stream = "continue"
""",
    )
    yield running
    running.stop()


@pytest.mark.parametrize("spoken", SPEAKERS)
def test_every_sdk_reads_one_answer(spoken: str, box: Signalbox) -> None:
    speaker = SPEAKERS[spoken](box.url, box.key)
    heard = speaker.ask("go", True, [speaker.user("Count.")])
    speaker.close()
    assert heard.text == WHOLE
    assert not heard.calls
    newest = box.control("requests.list", {}).json()["rows"][0]["id"]
    receipt = box.receipt(newest)
    assert [attempt["failure"] for attempt in receipt["attempts"]] == ["broken_stream", None]
    assert receipt["row"]["ending"] == "complete"
    assert [note["what"] for note in receipt["notes"]].count("seam") == 1
    if heard.usage is not None:
        tokens = receipt["tokens"]
        assert heard.usage == (tokens["input"], tokens["output"])
