"""Deterministic work goes to tools, as the official SDKs see it: an answer like any other, or an error of the
class that the SDK has for it; and tools that a model is offered, whose calls no SDK ever sees.

A provider of its own: what it was asked is counted here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import anthropic
import ollama
import openai
import pytest
from google.genai import errors as google_errors

from dialects import FORM, SPEAKERS, Speaker
from running import PATIENCE_S, FakeUpstream, Signalbox

#: What each SDK needs to be told beside the question.
BESIDE: dict[str, dict[str, Any]] = {"anthropic": {"max_tokens": 200}}
FORMS = [(spoken, stream) for spoken in SPEAKERS for stream in (False, True)]
#: As the fake is told to call it.
CALL = '<<signalbox_calculator {"expression": "17 * 23"}>>'


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
    config = f"""
[provider.fake]
openai_base_url = "{provider.url}/v1"
anthropic_base_url = "{provider.url}"
key = "none"
local = true
models = ["ok"]

[alias.offers]
targets = ["fake/tools-talk"]
tools = {{ offer = ["calculator"] }}

[alias.sums]
targets = ["fake/ok"]
tools = {{ recognise = "on" }}
"""
    running = Signalbox(tmp_path_factory.mktemp("tools"), config)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def speakers(box: Signalbox) -> Iterator[Callable[[str], Speaker]]:
    made: dict[str, Speaker] = {}
    yield lambda spoken: made.setdefault(spoken, SPEAKERS[spoken](box.url, box.key))
    for one in made.values():
        one.close()


def asked(provider: FakeUpstream) -> int:
    return len(provider.seen()["requests"])


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_a_tool_answers_like_a_model_and_asks_nobody(form, speakers, provider):
    spoken, stream = form
    say, before = speakers(spoken), asked(provider)
    for expression, exact in (
        ("1/3 + 1/6", Fraction(1, 3) + Fraction(1, 6)),
        ("0.1 + 0.2", Fraction("0.1") + Fraction("0.2")),
        ("2^200", Fraction(2**200)),
    ):
        heard = say.ask("tool/calculator", stream, [say.user(expression)], **BESIDE.get(spoken, {}))
        assert Fraction(heard.text) == exact
        assert heard.usage in (None, (0, 0))
    assert asked(provider) == before


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_a_whole_message_that_is_a_sum_is_recognised(form, speakers, provider):
    spoken, stream = form
    say, before = speakers(spoken), asked(provider)
    heard = say.ask("sums", stream, [say.user("What is 17 * 23?")], **BESIDE.get(spoken, {}))
    assert heard.text.endswith("391")
    assert asked(provider) == before


@pytest.mark.parametrize("form", FORMS, ids=name)
def test_what_a_model_calls_of_ours_no_sdk_ever_sees(form, speakers, provider):
    spoken, stream = form
    say, before = speakers(spoken), asked(provider)
    heard = say.ask("offers", stream, [say.user(CALL)], **BESIDE.get(spoken, {}))
    assert heard.text == "Let me look.\n\nresult: 391"
    assert heard.calls == []
    assert asked(provider) == before + 2


def test_what_a_tool_cannot_do_is_the_sdks_error_for_it(box):
    chat = openai.OpenAI(base_url=f"{box.url}/v1", api_key=box.key, max_retries=0, timeout=PATIENCE_S)
    claude = anthropic.Anthropic(base_url=box.url, api_key=box.key, max_retries=0, timeout=PATIENCE_S)
    messages = [{"role": "user", "content": "1/0"}]
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        chat.chat.completions.create(model="tool/calculator", messages=messages)
    assert refused.value.code == "tool_no_answer"
    assert "calculator" in refused.value.message
    with pytest.raises(openai.UnprocessableEntityError):
        chat.responses.create(model="tool/calculator", input="1/0")
    with pytest.raises(anthropic.UnprocessableEntityError):
        claude.messages.create(model="tool/calculator", messages=messages, max_tokens=9)
    with pytest.raises(openai.NotFoundError) as unknown:
        chat.chat.completions.create(model="tool/oracle", messages=messages)
    assert "tool/calculator" in unknown.value.message
    chat.close()
    claude.close()


def test_other_sdks_have_errors_for_it_too(box, speakers):
    gemini, llama = speakers("gemini"), speakers("ollama")
    with pytest.raises(google_errors.ClientError) as refused:
        gemini.ask("tool/calculator", False, [gemini.user("1/0")])
    assert refused.value.code == 422
    with pytest.raises(ollama.ResponseError) as told:
        llama.ask("tool/calculator", False, [llama.user("1/0")])
    assert told.value.status_code == 422


def test_structured_output_is_honoured_by_a_tool(box):
    chat = openai.OpenAI(base_url=f"{box.url}/v1", api_key=box.key, max_retries=0, timeout=PATIENCE_S)
    form = {
        "type": "object",
        "properties": {"answer": {"type": "integer"}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    asked_for = {"type": "json_schema", "json_schema": {"name": "sum", "schema": form, "strict": True}}
    messages = [{"role": "user", "content": "17 * 23"}]
    told = chat.chat.completions.create(
        model="tool/calculator", messages=messages, response_format=asked_for
    )
    assert json.loads(told.choices[0].message.content) == {"answer": 391}
    # A form that asks for more than the tool has found is not made up.
    asked_for["json_schema"]["schema"] = FORM
    with pytest.raises(openai.UnprocessableEntityError):
        chat.chat.completions.create(
            model="tool/calculator", messages=messages, response_format=asked_for
        )
    chat.close()


def test_tools_are_listed_as_models(box):
    chat = openai.OpenAI(base_url=f"{box.url}/v1", api_key=box.key, max_retries=0, timeout=PATIENCE_S)
    listed = {model.id for model in chat.models.list()}
    assert {"tool/calculator", "tool/regex", "offers"} <= listed
    # Nothing is granted to these.
    assert not {"tool/sql", "tool/check"} & listed
    chat.close()
