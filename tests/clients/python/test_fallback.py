"""An alias answers as if nothing had happened, and its reply says what did."""

import openai
import pytest

from test_passing import HELLO, WORDS


@pytest.mark.parametrize(("alias", "tried"), [("resilient", "3"), ("patient", "4")])
def test_a_chat_is_answered_by_the_first_that_can(openai_sdk, signalbox, alias, tried):
    raw = openai_sdk.raw_chat(alias)
    assert openai_sdk.wait(raw.parse()).choices[0].message.content == HELLO
    assert raw.headers["x-signalbox-attempts"] == tried
    receipt = signalbox.receipt(raw.headers["x-signalbox-receipt"])
    failed = [attempt["failure"] is not None for attempt in receipt["attempts"]]
    assert failed == [True] * (int(tried) - 1) + [False]


@pytest.mark.parametrize(("alias", "tried"), [("resilient", "3"), ("patient", "4")])
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
    assert told.value.response.headers["x-signalbox-attempts"] == "2"
    assert "All 2 targets failed. The last: Fake failed; try again shortly: The server had an error" in str(told.value)


def test_a_key_that_was_refused_is_told_by_its_providers_name(openai_sdk):
    with pytest.raises(openai.AuthenticationError) as told:
        openai_sdk.chat("all-keys-bad")
    assert "Fake did not accept the key stored for it, which needs replacing" in str(told.value)
