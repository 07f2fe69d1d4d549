"""An alias answers as if nothing had happened, and its reply says what did."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from callers import anthropic_caller, openai_caller
from running import Signalbox
from test_passing import HELLO, WORDS


@pytest.fixture
def signalbox(written: str, tmp_path: Path) -> Iterator[Signalbox]:
    """One that has not seen anybody fail yet: who is asked first depends on it."""
    running = Signalbox(tmp_path, written)
    yield running
    running.stop()


@pytest.fixture
def openai_sdk(form: str, signalbox: Signalbox):
    caller = openai_caller(form, signalbox.url, signalbox.key)
    yield caller
    caller.close()


@pytest.fixture
def anthropic_sdk(form: str, signalbox: Signalbox):
    caller = anthropic_caller(form, signalbox.url, signalbox.key)
    yield caller
    caller.close()


@pytest.mark.parametrize(("alias", "tried"), [("resilient", "4"), ("patient", "5")])
def test_a_chat_is_answered_by_the_first_that_can(openai_sdk, signalbox, alias, tried):
    raw = openai_sdk.raw_chat(alias)
    assert openai_sdk.wait(raw.parse()).choices[0].message.content == HELLO
    assert raw.headers["x-signalbox-attempts"] == tried
    receipt = signalbox.receipt(raw.headers["x-signalbox-receipt"])
    failed = [attempt["failure"] is not None for attempt in receipt["attempts"]]
    assert failed == [True] * (int(tried) - 1) + [False]


@pytest.mark.parametrize(("alias", "tried"), [("resilient", "4"), ("patient", "5")])
def test_a_streamed_message_is_answered_by_the_first_that_can(anthropic_sdk, alias, tried):
    stream = anthropic_sdk.message(alias, stream=True)
    assert stream.response.headers["x-signalbox-attempts"] == tried
    events = anthropic_sdk.read(stream)
    deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert "".join(deltas) == WORDS


def test_a_streamed_chat_is_answered_by_the_first_that_can(openai_sdk):
    chunks = openai_sdk.read(openai_sdk.chat("resilient", stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == WORDS


def test_when_all_fail_the_last_is_told_with_how_many_were_tried(openai_sdk):
    with pytest.raises(openai.InternalServerError) as told:
        openai_sdk.chat("doomed")
    assert told.value.status_code == 502
    assert told.value.response.headers["x-signalbox-attempts"] == "4"
    assert "All 2 targets failed. The last: Fake failed; try again shortly: The server had an error" in str(told.value)


def test_a_key_that_was_refused_is_told_by_its_providers_name(openai_sdk):
    with pytest.raises(openai.AuthenticationError) as told:
        openai_sdk.chat("all-keys-bad")
    assert "Fake did not accept the key stored for it, which needs replacing" in str(told.value)
