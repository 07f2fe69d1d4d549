"""A provider's answers pass through both dialects as if nobody stood between."""

import asyncio
import json

from callers import HI, openai_caller
from running import UPSTREAM_KEY, eventually

HELLO = "Hello from the fake upstream."
WORDS = "".join(f"word{n} " for n in range(8))


def test_a_chat_arrives_whole_with_usage_and_headers(openai_sdk, signalbox):
    raw = openai_sdk.raw_chat("fake/ok")
    answer = openai_sdk.wait(raw.parse())
    assert answer.choices[0].message.content == HELLO
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (120, 9)
    assert answer.usage.prompt_tokens_details.cached_tokens == 100
    assert answer.model_extra["future_field"] == {"a": [1, 2]}
    assert answer._request_id == "req_fake"
    assert raw.headers["x-new-vendor-header"] == "kept"
    assert "set-cookie" not in raw.headers
    assert raw.headers["x-signalbox-provider"] == "fake"
    assert raw.headers["x-signalbox-model"] == "ok"
    assert raw.headers["x-signalbox-attempts"] == "1"
    receipt = signalbox.receipt(raw.headers["x-signalbox-receipt"])
    assert receipt["row"]["provider"] == "fake"


def test_a_message_arrives_whole_with_usage_and_headers(anthropic_sdk, signalbox):
    raw = anthropic_sdk.raw_message("fake/ok")
    answer = anthropic_sdk.wait(raw.parse())
    assert (answer.content[0].text, answer.stop_reason) == (HELLO, "end_turn")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (12, 7)
    assert answer.usage.cache_read_input_tokens == 100
    assert raw.headers["x-request-id"] == "req_fake"
    assert raw.headers["x-signalbox-provider"] == "fake"
    receipt = signalbox.receipt(raw.headers["x-signalbox-receipt"])
    assert receipt["row"]["provider"] == "fake"


def test_a_bare_model_name_finds_its_provider(openai_sdk, anthropic_sdk):
    assert openai_sdk.chat("ok").choices[0].message.content == HELLO
    assert anthropic_sdk.message("ok").content[0].text == HELLO


def test_the_provider_is_asked_with_its_own_key_and_name_and_nothing_of_ours(
    openai_sdk, anthropic_sdk, signalbox, upstream
):
    def asked():
        seen = upstream.last()
        return {name.lower(): value for name, value in seen["headers"]}, seen

    # With a seed an answer is kept, and the provider would be asked once.
    anew = {"x-signalbox-cache": "no-store"}
    openai_sdk.chat("fake/ok", user="someone", seed=7, extra_headers=anew)
    headers, seen = asked()
    assert headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert json.loads(seen["body"]) == {
        "model": "ok", "messages": HI, "user": "someone", "seed": 7,
    }
    assert signalbox.key not in json.dumps(seen)

    anthropic_sdk.message("fake/ok", extra_headers={"anthropic-beta": "some-beta-2026-01-01"})
    headers, seen = asked()
    assert headers["x-api-key"] == UPSTREAM_KEY
    assert "authorization" not in headers
    assert headers["anthropic-beta"] == "some-beta-2026-01-01"
    assert headers["anthropic-version"] >= "2023-06-01"
    assert json.loads(seen["body"])["model"] == "ok"
    assert signalbox.key not in json.dumps(seen)


def test_a_chat_stream_has_usage_only_when_it_was_asked_for(openai_sdk):
    plain = openai_sdk.read(openai_sdk.chat("fake/ok", stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in plain) == WORDS
    assert all(chunk.usage is None for chunk in plain)
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    metered = openai_sdk.read(openai_sdk.chat("fake/ok", **asked))
    assert metered[-1].choices == []
    assert (metered[-1].usage.prompt_tokens, metered[-1].usage.completion_tokens) == (11, 8)


def test_a_message_stream_has_text_and_usage(anthropic_sdk):
    events = anthropic_sdk.read(anthropic_sdk.message("fake/ok", stream=True))
    deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert "".join(deltas) == WORDS
    assert events[0].message.usage.input_tokens == 25
    assert (events[-2].usage.output_tokens, events[-1].type) == (15, "message_stop")


def test_a_tool_call_is_streamed_with_its_arguments(anthropic_sdk):
    tools = [{"name": "Read", "input_schema": {"type": "object"}}]
    asked = [{"role": "user", "content": "Read <<notes/today.txt>>"}]
    manager = anthropic_sdk.client.messages.stream(
        model="fake/tool", messages=asked, tools=tools, max_tokens=64
    )

    def blocking(stream):
        return stream.get_final_message()

    async def waiting(stream):
        return await stream.get_final_message()

    story = blocking if hasattr(manager, "__enter__") else waiting
    use = anthropic_sdk.inside(manager, story).content[0]
    assert (use.name, use.input) == ("Read", {"file_path": "notes/today.txt"})


def test_embeddings_and_token_counts_pass_too(openai_sdk, anthropic_sdk):
    embed = openai_sdk.client.embeddings.create(
        model="fake/ok", input="text", encoding_format="float"
    )
    assert openai_sdk.wait(embed).data[0].embedding == [0.25, -0.5]
    count = anthropic_sdk.client.messages.count_tokens(model="fake/ok", messages=HI)
    assert anthropic_sdk.wait(count).input_tokens == 17


def test_models_are_listed_with_aliases_first(openai_sdk):
    ids = [model.id for model in openai_sdk.read(openai_sdk.client.models.list())]
    assert {"fake/ok", "fake/slow", "resilient", "practice/steady"} <= set(ids)
    assert ids.index("resilient") < ids.index("fake/ok")
    assert "keyless/ok" not in ids


def test_a_chat_client_that_leaves_midway_is_heard_upstream(openai_sdk, upstream):
    before = upstream.hang_ups()
    openai_sdk.read_some(openai_sdk.chat("fake/slow", stream=True), 3)
    eventually("the provider to be hung up on", lambda: upstream.hang_ups() > before or None)


def test_a_message_client_that_leaves_midway_is_heard_upstream(anthropic_sdk, upstream, signalbox):
    before = upstream.hang_ups()
    stream = anthropic_sdk.message("fake/slow", stream=True)
    receipt = stream.response.headers["x-signalbox-receipt"]
    anthropic_sdk.read_some(stream, 3)
    eventually("the provider to be hung up on", lambda: upstream.hang_ups() > before or None)
    assert signalbox.receipt(receipt)["row"]["ending"] == "client_gone"


def test_many_streams_at_once_do_not_mix(practice):
    caller = openai_caller("async", practice.url, practice.key)

    async def one(number):
        messages = [{"role": "user", "content": f"I am number {number}."}]
        stream = await caller.client.chat.completions.create(
            model="practice/steady", messages=messages, stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them():
        return await asyncio.gather(*(one(number) for number in range(40)))

    said = caller.wait(all_of_them())
    caller.close()
    for number, text in enumerate(said):
        assert text.startswith(f"[practice] You said: “I am number {number}.”.")
        assert text.endswith("to get real answers.")
