"""Before any key exists: the practice provider answers both SDKs."""

import pytest

from callers import HI, anthropic_caller, openai_caller

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.fixture(scope="module")
def openai_sdk(form, practice, kept):
    return kept(openai_caller(form, practice.url, practice.key))


@pytest.fixture(scope="module")
def anthropic_sdk(form, practice, kept):
    return kept(anthropic_caller(form, practice.url, practice.key))


def test_a_chat_is_answered_and_says_that_it_is_practice(openai_sdk):
    answer = openai_sdk.chat("practice/instant")
    assert answer.choices[0].message.content.startswith("[practice] You said: “Hi”.")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_streamed_chat_says_the_same_as_a_whole_one(openai_sdk):
    whole = openai_sdk.chat("practice/instant").choices[0].message.content
    chunks = openai_sdk.read(openai_sdk.chat("practice/instant", stream=True))
    assert chunks[-1].choices[0].finish_reason == "stop"
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    # The practice provider quotes the request's text, which is the same in both.
    assert said == whole


def test_usage_ends_a_stream_when_it_was_asked_for(openai_sdk):
    stream = openai_sdk.chat(
        "practice/instant", stream=True, stream_options={"include_usage": True}
    )
    last = openai_sdk.read(stream)[-1]
    assert last.choices == []
    assert last.usage.completion_tokens > 0


def test_a_tool_is_called_and_its_result_is_taken(openai_sdk):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
    asked = openai_sdk.chat("practice/tools", tools=tools)
    call = asked.choices[0].message.tool_calls[0]
    assert (asked.choices[0].finish_reason, call.function.name) == ("tool_calls", "weather")
    told = [
        *HI,
        asked.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "Sunny"},
    ]
    create = openai_sdk.client.chat.completions.create
    answer = openai_sdk.wait(create(model="practice/tools", messages=told, tools=tools))
    assert "I got the tool's result" in answer.choices[0].message.content


def test_the_chat_stream_helper_gathers_the_whole_answer(openai_sdk):
    manager = openai_sdk.client.chat.completions.stream(model="practice/instant", messages=HI)

    def blocking(stream):
        return stream.get_final_completion()

    async def waiting(stream):
        return await stream.get_final_completion()

    story = blocking if hasattr(manager, "__enter__") else waiting
    final = openai_sdk.inside(manager, story)
    assert final.choices[0].message.content.startswith("[practice]")


def test_embeddings_are_the_same_as_base64_which_is_the_default_and_as_numbers(openai_sdk):
    create = openai_sdk.client.embeddings.create
    texts = ["one text", "another"]
    packed = openai_sdk.wait(create(model="practice/embedding", input=texts))
    plain = openai_sdk.wait(
        create(model="practice/embedding", input=texts, encoding_format="float")
    )
    assert [item.index for item in packed.data] == [0, 1]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert list(one.embedding) == pytest.approx(list(other.embedding), abs=1e-6)
    assert list(packed.data[0].embedding) != list(packed.data[1].embedding)


def test_embeddings_have_the_dimensions_that_were_asked_for(openai_sdk):
    create = openai_sdk.client.embeddings.create
    answer = openai_sdk.wait(create(model="practice/embedding", input="text", dimensions=8))
    assert len(answer.data[0].embedding) == 8


def test_models_are_listed_and_found_in_openai_shape(openai_sdk):
    ids = [model.id for model in openai_sdk.read(openai_sdk.client.models.list())]
    assert "practice/steady" in ids
    found = openai_sdk.wait(openai_sdk.client.models.retrieve("practice/steady"))
    assert (found.id, found.object, found.owned_by) == ("practice/steady", "model", "practice")


def test_a_message_is_answered_and_says_that_it_is_practice(anthropic_sdk):
    answer = anthropic_sdk.message("practice/instant")
    assert answer.content[0].text.startswith("[practice] You said: “Hi”.")
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0


def test_a_streamed_message_has_the_events_in_their_order(anthropic_sdk):
    events = anthropic_sdk.read(anthropic_sdk.message("practice/instant", stream=True))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}


def test_the_message_stream_helper_gathers_text_and_message(anthropic_sdk):
    manager = anthropic_sdk.client.messages.stream(
        model="practice/instant", messages=HI, max_tokens=64
    )

    def blocking(stream):
        return "".join(stream.text_stream), stream.get_final_message()

    async def waiting(stream):
        text = "".join([part async for part in stream.text_stream])
        return text, await stream.get_final_message()

    story = blocking if hasattr(manager, "__enter__") else waiting
    text, final = anthropic_sdk.inside(manager, story)
    assert text == final.content[0].text
    assert text.startswith("[practice] You said: “Hi”.")
    assert final.usage.output_tokens > 0


def test_a_tool_is_used_and_its_result_is_taken(anthropic_sdk):
    tools = [{"name": "weather", "input_schema": WEATHER}]
    asked = anthropic_sdk.message("practice/tools", tools=tools)
    use = asked.content[0]
    assert (asked.stop_reason, use.type, use.name) == ("tool_use", "tool_use", "weather")
    told = [
        *HI,
        {"role": "assistant", "content": [use.model_dump(exclude_none=True)]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "Sunny"}],
        },
    ]
    answer = anthropic_sdk.message("practice/tools", messages=told, tools=tools)
    assert "I got the tool's result" in answer.content[0].text


def test_tokens_are_counted(anthropic_sdk):
    count = anthropic_sdk.client.messages.count_tokens
    few = anthropic_sdk.wait(count(model="practice/instant", messages=HI))
    long = [{"role": "user", "content": "Hi " * 500}]
    many = anthropic_sdk.wait(count(model="practice/instant", messages=long))
    assert 0 < few.input_tokens < many.input_tokens


def test_models_are_listed_and_found_in_anthropic_shape(anthropic_sdk):
    ids = [model.id for model in anthropic_sdk.read(anthropic_sdk.client.models.list())]
    assert "practice/steady" in ids
    found = anthropic_sdk.wait(anthropic_sdk.client.models.retrieve("practice/steady"))
    assert (found.id, found.type) == ("practice/steady", "model")
    assert found.created_at is not None
