"""LangChain's three chat models, through Signalbox to a provider of every dialect.

They bring older SDKs than the official ones' stories, and habits of their own:
structured output by a forced tool, messages in content blocks, usage in streams.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from providers import DIALECTS, STREAMED, WHOLE, usage
from running import FakeUpstream, Signalbox

Model = Callable[[str, str, str], Any]


def chat(url: str, key: str, model: str) -> Any:
    return ChatOpenAI(
        base_url=f"{url}/v1", api_key=key, model=model, max_retries=0, stream_usage=True
    )


def responses(url: str, key: str, model: str) -> Any:
    return ChatOpenAI(
        base_url=f"{url}/v1", api_key=key, model=model, max_retries=0, use_responses_api=True
    )


def messages(url: str, key: str, model: str) -> Any:
    return ChatAnthropic(base_url=url, api_key=key, model=model, max_retries=0, max_tokens=64)


def google(url: str, key: str, model: str) -> Any:
    return ChatGoogleGenerativeAI(base_url=url, google_api_key=key, model=model, max_retries=1)


SPOKEN: dict[str, tuple[str, Model]] = {
    "ChatOpenAI": ("openai", chat),
    "ChatOpenAI, responses": ("responses", responses),
    "ChatAnthropic": ("anthropic", messages),
    "ChatGoogleGenerativeAI": ("gemini", google),
}


@pytest.fixture(params=SPOKEN)
def spoken(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def model(spoken: str, provider: str, boxes: Callable[[str], Signalbox]) -> Callable[[str], Any]:
    box = boxes(provider)
    return lambda name: SPOKEN[spoken][1](box.url, box.key, f"fake/{name}")


@pytest.fixture
def direct(spoken: str, upstream: FakeUpstream) -> Callable[[str], Any]:
    return lambda name: SPOKEN[spoken][1](upstream.url, "sk-direct", name)


def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


class Thing(BaseModel):
    """Something with a name and a count."""

    name: str
    count: int


def a_text(model: Callable[[str], Any], provider: str) -> None:
    history = [SystemMessage("Be brief."), HumanMessage("Hi")]
    answer = model("ok").invoke(history)
    assert answer.text == WHOLE
    told = answer.usage_metadata
    assert (told["input_tokens"], told["output_tokens"]) == usage(provider, stream=False)
    chunks = list(model("ok").stream(history))
    assert "".join(chunk.text for chunk in chunks) == STREAMED


def a_tool(model: Callable[[str], Any], _: str) -> None:
    bound = model("tools-parallel").bind_tools([weather])
    prompt = HumanMessage('Go. <<weather {"city": "Paris"}>> <<weather {"city": "Rome"}>>')
    asked: AIMessage = bound.invoke([prompt])
    assert [call["args"] for call in asked.tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    told = [
        ToolMessage(weather(**call["args"]), tool_call_id=call["id"], name=call["name"])
        for call in asked.tool_calls
    ]
    answer = bound.invoke([prompt, asked, *told])
    assert answer.text == "result: Sunny in Paris; Sunny in Rome"


def a_form_by_a_forced_tool(model: Callable[[str], Any], _: str) -> None:
    shaped = model("tool").with_structured_output(Thing, method="function_calling")
    thing = shaped.invoke('<<Thing {"name": "box", "count": 3}>>')
    assert thing == Thing(name="box", count=3)


STORIES = [a_text, a_tool, a_form_by_a_forced_tool]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_without_signalbox(story: Any, direct: Callable[[str], Any], spoken: str) -> None:
    story(direct, SPOKEN[spoken][0])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_across(
    story: Any, model: Callable[[str], Any], provider: str, upstream: FakeUpstream
) -> None:
    if story is a_form_by_a_forced_tool and provider == "ollama":
        # Nothing in Ollama's dialect forces a call: refused by name rather than ignored.
        with pytest.raises(Exception, match="tool_choice"):
            story(model, provider)
        return
    story(model, provider)
    path = upstream.last()["line"].split(" ")[1]
    assert path.endswith(DIALECTS[provider][1:])
