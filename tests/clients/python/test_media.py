"""Pictures and sound, whole and streamed: they pass as they came, and a stream that
breaks off raises."""

import openai
import pytest


def pictures(sdk, model, **more):
    return sdk.wait(sdk.client.images.generate(model=model, prompt="A cat", **more))


def transcript(sdk, model, **more):
    create = sdk.client.audio.transcriptions.create
    return sdk.wait(create(model=model, file=("a.wav", bytes(range(256))), **more))


def test_whole(openai_sdk):
    assert pictures(openai_sdk, "fake/ok").data[0].b64_json.startswith("iVBOR")
    assert transcript(openai_sdk, "fake/ok").text == "Hello from the fake upstream."
    speech = openai_sdk.wait(
        openai_sdk.client.audio.speech.create(model="fake/ok", voice="alloy", input="Hi")
    )
    assert speech.content.startswith(b"ID3\x04")


def test_streamed_pictures(openai_sdk, signalbox):
    stream = pictures(openai_sdk, "fake/ok", stream=True, n=2)
    kinds = [event.type for event in openai_sdk.read(stream)]
    assert kinds == 2 * ["image_generation.partial_image", "image_generation.completed"]
    receipt = signalbox.receipt(stream.response.headers["x-signalbox-receipt"])
    assert receipt["row"]["ending"] == "complete"
    assert (receipt["tokens"]["input"], receipt["tokens"]["output"]) == (10, 12)


def test_a_streamed_transcript(openai_sdk, signalbox):
    stream = transcript(openai_sdk, "fake/ok", stream=True)
    events = openai_sdk.read(stream)
    assert "".join(e.delta for e in events if e.type == "transcript.text.delta") == "Hello there"
    assert events[-1].usage.output_tokens == 6
    receipt = signalbox.receipt(stream.response.headers["x-signalbox-receipt"])
    assert receipt["row"]["ending"] == "complete"


@pytest.mark.parametrize("ask", [pictures, transcript])
def test_a_stream_that_breaks_off_raises(openai_sdk, signalbox, ask):
    stream = ask(openai_sdk, "fake/cut-mid", stream=True)
    seen = []
    with pytest.raises(openai.APIError, match="The stream from Fake broke off") as told:
        openai_sdk.read(stream, seen)
    assert told.value.code == "upstream_stream_broken"
    assert seen, "what came before it broke has arrived"
    receipt = signalbox.receipt(stream.response.headers["x-signalbox-receipt"])
    assert receipt["row"]["ending"] == "broken"
