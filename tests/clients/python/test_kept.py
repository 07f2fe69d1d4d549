"""Answers that were given before, told to the official SDKs: what each understands of
an answer is the same the second time, whoever asked the first time and in which
dialect, and nobody is asked again. What differs in anything that counts is asked.

A provider of its own: what it was asked is counted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import anthropic
import ollama
import openai
import pytest
from google.genai import errors as google_errors
from google.genai import types

from callers import anthropic_caller, openai_caller
from dialects import SPEAKERS, Heard, Responses, Speaker
from providers import STREAMED, WHOLE
from running import PATIENCE_S, FakeUpstream, Signalbox, eventually

#: The version of Anthropic's API that knows a temperature; its newest SDK names one that does not.
WITH_TEMPERATURE = {"anthropic-version": "2023-06-01"}
#: What asks for a repeatable answer of a bounded length, in each SDK's words.
COLD: dict[str, dict[str, Any]] = {
    "openai": {"temperature": 0, "max_tokens": 64},
    "responses": {"temperature": 0, "max_output_tokens": 64},
    "anthropic": {
        "extra_body": {"temperature": 0},
        "extra_headers": WITH_TEMPERATURE,
        "max_tokens": 64,
    },
    "gemini": {"temperature": 0, "max_output_tokens": 64},
    "ollama": {"options": {"temperature": 0, "num_predict": 64}},
}
FORMS = [(spoken, stream) for spoken in SPEAKERS for stream in (False, True)]
PARIS = '<<weather {"city": "Paris"}>>'
ONLY = {"x-signalbox-cache": "only-if-cached"}
#: So that no story finds another's answer.
NUMBERS = count(1)


class Plain(Responses):
    """Asks for nothing that no other dialect has a word for."""

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        asked = {"model": model, "input": history} | more
        if not stream:
            return self._heard(self.sdk.responses.create(**asked))
        with self.sdk.responses.stream(**asked) as events:
            return self._heard(events.get_final_response())


def name(form: tuple[str, bool]) -> str:
    spoken, stream = form
    return f"{spoken}-{'streamed' if stream else 'whole'}"


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeUpstream]:
    running = FakeUpstream()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def box(provider: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signalbox]:
    # A name for each kind of story: where too little repeats, the cache steps aside.
    config = f"""
[provider.fake]
name = "Fake"
openai_base_url = "{provider.url}/v1"
anthropic_base_url = "{provider.url}"
key = "env:FAKE_KEY"
local = true
models = ["ok"]

[alias]
same = ["fake/ok"]
across = ["fake/ok"]
table = ["fake/ok"]

[alias.agent]
targets = ["fake/tool"]
cache = {{ temperature = 2.0, tools = true }}
"""
    running = Signalbox(tmp_path_factory.mktemp("kept"), config)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def speakers(box: Signalbox) -> Iterator[Callable[[str], Speaker]]:
    made: dict[str, Speaker] = {}
    kinds = SPEAKERS | {"plain": Plain}
    yield lambda spoken: made.setdefault(spoken, kinds[spoken](box.url, box.key))
    for one in made.values():
        one.close()


class Book:
    """What was asked of the provider, and what is kept."""

    def __init__(self, box: Signalbox, provider: FakeUpstream) -> None:
        self._box = box
        self._provider = provider
        self.asked = self._asked()
        self._entries = self._held()

    def _asked(self) -> int:
        return len(self._provider.seen()["requests"])

    def _held(self) -> int:
        return self._box.control("cache.page", {}).json()["memory"]["entries"]

    def one_more_is_kept(self) -> None:
        """Keeping is done beside the answer's end."""
        eventually("the answer to be kept", lambda: self._held() > self._entries or None)
        self._entries = self._held()

    def assert_asked(self, times: int) -> None:
        assert self._asked() - self.asked == times


@pytest.fixture
def book(box: Signalbox, provider: FakeUpstream) -> Book:
    return Book(box, provider)


def understood(heard: Heard) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in heard.calls]
    return heard.text, heard.thought, calls, heard.usage, heard.stop


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_what_one_sdk_asked_is_told_to_it_again_and_to_every_other(form, speakers, book):
    spoken, stream = form
    question = f"Across, {next(NUMBERS)}"

    def ask(spoken: str, stream: bool) -> Heard:
        say = speakers({"responses": "plain"}.get(spoken, spoken))
        return say.ask("across", stream, [say.user(question)], **COLD[spoken])

    first = ask(spoken, stream)
    assert first.text == (STREAMED if stream else WHOLE)
    book.one_more_is_kept()
    assert understood(ask(spoken, stream)) == understood(first)
    for other, streamed in FORMS:
        told = ask(other, streamed)
        assert told.text == first.text, (other, streamed)
        assert told.usage == first.usage, (other, streamed)
        ended = ("stop", "completed", "end_turn", "STOP")
        assert told.stop in ended, (other, streamed)
    book.assert_asked(1)


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_a_tool_call_told_again_can_be_answered(form, speakers, book):
    spoken, stream = form
    say = speakers(spoken)
    history = [say.user(f"Ask, {next(NUMBERS)}. {PARIS}")]

    def ask(*more: Any) -> Heard:
        return say.ask("agent", stream, [*history, *more], **say.tools())

    first = ask()
    assert [(call.name, call.arguments) for call in first.calls] == [("weather", {"city": "Paris"})]
    book.one_more_is_kept()
    again = ask()
    assert understood(again) == understood(first)
    book.assert_asked(1)
    answer = ask(*again.turn, *say.results([(again.calls[0], "Sunny in Paris")]))
    assert answer.text == "result: Sunny in Paris"
    book.one_more_is_kept()
    # The ids of the calls are drawn anew and tie the same.
    result = say.results([(first.calls[0], "Sunny in Paris")])
    assert ask(*first.turn, *result).text == "result: Sunny in Paris"
    book.assert_asked(2)
    # Another result is another question.
    rain = ask(*again.turn, *say.results([(again.calls[0], "Rain in Paris")]))
    assert rain.text == "result: Rain in Paris"
    book.assert_asked(3)


# ---------------------------------------------------------------- headers and helpers


@pytest.fixture(scope="module")
def chat(form, box, kept):
    return kept(openai_caller(form, box.url, box.key))


@pytest.fixture(scope="module")
def message(form, box, kept):
    return kept(anthropic_caller(form, box.url, box.key))


def test_a_hit_says_so_beside_the_same_object(chat, message, book):
    question = [{"role": "user", "content": f"Headers, {next(NUMBERS)}"}]
    for raw in (
        lambda: chat.wait(
            chat.client.chat.completions.with_raw_response.create(
                model="same", messages=question, temperature=0
            )
        ),
        lambda: chat.wait(
            chat.client.responses.with_raw_response.create(
                model="same", input=question, temperature=0, store=False, max_output_tokens=99
            )
        ),
        lambda: message.raw_message("same", messages=question, **COLD["anthropic"]),
    ):
        first = raw()
        assert first.headers["x-signalbox-cache"] == "miss"
        book.one_more_is_kept()
        again = raw()
        assert again.headers["x-signalbox-cache"] == "hit"
        assert int(again.headers["age"]) >= 0
        assert again.headers["x-signalbox-attempts"] == "0"
        assert again.headers["x-signalbox-receipt"] != first.headers["x-signalbox-receipt"]
        # Only one of the asynchronous forms is read by waiting.
        assert chat.wait(again.parse()) == chat.wait(first.parse())
    book.assert_asked(3)


def test_the_helpers_gather_a_stream_that_is_told_again(chat, message, book):
    question = [{"role": "user", "content": f"Gathered, {next(NUMBERS)}"}]

    def completion() -> Any:
        usage = {"include_usage": True}
        helper = chat.client.chat.completions.stream(
            model="same", messages=question, temperature=0, stream_options=usage
        )
        return chat.inside(helper, lambda stream: stream.get_final_completion())

    def response() -> Any:
        helper = chat.client.responses.stream(
            model="same", input=question, temperature=0, store=False, max_output_tokens=99
        )
        return chat.inside(helper, lambda stream: stream.get_final_response())

    def final_message() -> Any:
        helper = message.client.messages.stream(
            model="same", messages=question, **COLD["anthropic"]
        )
        return message.inside(helper, lambda stream: stream.get_final_message())

    for gathered in (completion, response, final_message):
        first = gathered()
        book.one_more_is_kept()
        assert gathered() == first
    book.assert_asked(3)


def test_what_must_be_kept_and_is_not_is_the_sdks_own_error(chat, message, speakers, box, book):
    with pytest.raises(openai.InternalServerError, match="No answer to this was kept") as told:
        chat.chat("same", temperature=0, extra_headers=ONLY)
    assert told.value.status_code == 504
    with pytest.raises(anthropic.APIStatusError, match="No answer to this was kept") as told:
        message.message("same", **COLD["anthropic"] | {"extra_headers": WITH_TEMPERATURE | ONLY})
    assert told.value.status_code == 504
    with pytest.raises(google_errors.ServerError, match="No answer to this was kept") as told:
        # Its SDK asks again unless it is told not to.
        options = types.HttpOptions(
            headers=ONLY, retry_options=types.HttpRetryOptions(attempts=1)
        )
        google = speakers("gemini").sdk
        config = types.GenerateContentConfig(temperature=0, http_options=options)
        google.models.generate_content(model="same", contents="Hi", config=config)
    assert told.value.code == 504
    headers = ONLY | {"authorization": f"Bearer {box.key}"}
    local = ollama.Client(host=box.url, headers=headers, timeout=PATIENCE_S, trust_env=False)
    with pytest.raises(ollama.ResponseError, match="No answer to this was kept") as told:
        local.chat(model="same", messages=[{"role": "user", "content": "Hi"}], options={"temperature": 0})
    assert told.value.status_code == 504
    book.assert_asked(0)


def test_another_version_of_anthropics_api_is_another_question(message, book):
    """It takes other parameters, and may answer in another form."""
    question = [{"role": "user", "content": f"Version, {next(NUMBERS)}"}]
    older = COLD["anthropic"]
    newer = older | {"extra_headers": {"anthropic-version": "2026-10-21"}}
    for version in (older, newer):
        told = message.raw_message("same", messages=question, **version)
        assert told.headers["x-signalbox-cache"] == "miss"
        book.one_more_is_kept()
    for version in (older, newer):
        told = message.raw_message("same", messages=question, **version)
        assert told.headers["x-signalbox-cache"] == "hit"
    book.assert_asked(2)


# --------------------------------------------------------------- what counts, and what not

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
          "required": ["a", "b"], "additionalProperties": False}

#: Each makes another question of the one before.
COUNTS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "table."}]},
    {"messages": [{"role": "user", "content": "Table"}]},
    {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Table."}]},
    {"temperature": 0.1},
    {"top_p": 0.5},
    {"max_tokens": 65},
    {"seed": 7},
    {"seed": 8},
    {"stop": ["x"]},
    {"presence_penalty": 0.5},
    {"frequency_penalty": 0.5},
    {"logit_bias": {"50256": -100}},
    {"tools": [WEATHER]},
    {"tools": [WEATHER], "tool_choice": "none"},
    {"response_format": {"type": "json_object"}},
    {"reasoning_effort": "low"},
    {"logprobs": True},
    {"extra_body": {"future_field": 1}},
]
#: These say nothing about the answer.
COUNTS_NOT: list[dict[str, Any]] = [
    {"temperature": 0.0},
    {"user": "somebody"},
    {"metadata": {"a": "b"}},
    {"prompt_cache_key": "warm"},
    {"service_tier": "flex"},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "Table."}]}]},
]


def test_whatever_differs_is_asked(box, book):
    sdk = openai_caller("sync", box.url, box.key)
    base = {"messages": [{"role": "user", "content": "Table."}], "temperature": 0, "max_tokens": 64}

    def verdict(more: dict[str, Any]) -> str:
        create = sdk.client.chat.completions.with_raw_response.create
        return create(model="table", **base | more).headers.get("x-signalbox-cache", "")

    assert verdict({}) == "miss"
    book.one_more_is_kept()
    for more in COUNTS:
        # In the order of the list, so that no earlier one answers a later one.
        assert verdict(more) == "miss", more
        book.one_more_is_kept()
        assert verdict({}) == "hit", more
    for more in COUNTS_NOT:
        assert verdict(more) == "hit", more
    book.assert_asked(1 + len(COUNTS))
    sdk.close()
