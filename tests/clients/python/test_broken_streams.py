"""A stream that breaks off raises while it is read: never a silent end."""

import anthropic
import openai
import pytest

MODELS = [
    # model, what is said of it
    ("fake/cut-mid", "The stream from Fake broke off"),
    ("fake/close-mid", "The stream from Fake broke off"),
    ("practice/breaks", "The stream from Practice broke off"),
]


@pytest.mark.parametrize(("model", "part"), MODELS)
def test_chat(openai_sdk, signalbox, model, part):
    stream = openai_sdk.chat(model, stream=True)
    seen = []
    with pytest.raises(openai.APIError, match=part) as told:
        openai_sdk.read(stream, seen)
    assert told.value.code == "upstream_stream_broken"
    assert seen, "what was said before it broke has arrived"
    assert all(chunk.choices[0].finish_reason is None for chunk in seen)
    receipt = signalbox.receipt(stream.response.headers["x-signalbox-receipt"])
    assert receipt["row"]["ending"] == "broken"


@pytest.mark.parametrize(("model", "part"), MODELS)
def test_message(anthropic_sdk, signalbox, model, part):
    stream = anthropic_sdk.message(model, stream=True)
    seen = []
    with pytest.raises(anthropic.APIError, match=part):
        anthropic_sdk.read(stream, seen)
    assert seen[0].type == "message_start"
    assert "message_stop" not in [event.type for event in seen]
    receipt = signalbox.receipt(stream.response.headers["x-signalbox-receipt"])
    assert receipt["row"]["ending"] == "broken"


def test_an_answer_without_the_closing_mark_is_still_whole(openai_sdk):
    chunks = openai_sdk.read(openai_sdk.chat("fake/no-done", stream=True))
    assert chunks[-1].choices[0].finish_reason == "stop"
