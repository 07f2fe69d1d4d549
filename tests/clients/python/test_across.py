"""Every SDK through Signalbox to a provider of every dialect.

The provider is as strict as its vendor, so a request that is merely similar fails.
The same stories are first told without Signalbox between: what fails there is no
translation's fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dialects import PIXEL, SPEAKERS, Call, Heard, Speaker
from providers import DIALECTS, STREAMED, WHOLE, config, usage
from running import FakeUpstream, Signalbox

PARIS = '<<weather {"city": "Paris"}>>'
ROME = '<<weather {"city": "Rome"}>>'


@pytest.fixture(scope="session", params=DIALECTS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session", params=SPEAKERS)
def spoken(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def stream(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="session")
def boxes(
    upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Signalbox]]:
    """A Signalbox for each dialect of a provider, started when first asked for."""
    running: dict[str, Signalbox] = {}

    def box(dialect: str) -> Signalbox:
        if dialect not in running:
            folder = tmp_path_factory.mktemp(dialect)
            running[dialect] = Signalbox(folder, config(dialect, upstream.url))
        return running[dialect]

    yield box
    for one in running.values():
        one.stop()


@pytest.fixture(scope="session")
def speakers() -> Iterator[Callable[[str, str, str], Speaker]]:
    made: dict[tuple[str, str], Speaker] = {}

    def speaker(spoken: str, url: str, key: str) -> Speaker:
        return made.setdefault((spoken, url), SPEAKERS[spoken](url, key))

    yield speaker
    for one in made.values():
        one.close()


class Line:
    """A client on one end, a provider on the other."""

    def __init__(self, speaker: Speaker, provider: str, prefix: str, upstream: FakeUpstream) -> None:
        self.speaker = speaker
        self.provider = provider
        self._prefix = prefix
        self._upstream = upstream

    def ask(self, model: str, stream: bool, *history: Any, **more: Any) -> Heard:
        return self.speaker.ask(f"{self._prefix}{model}", stream, list(history), **more)

    def assert_reached(self, stream: bool) -> None:
        """The provider was asked in its own dialect, at the right address."""
        _, whole, streamed = DIALECTS[self.provider]
        path = self._upstream.last()["line"].split(" ")[1]
        assert path.endswith(streamed if stream else whole)


@pytest.fixture
def line(
    spoken: str,
    provider: str,
    boxes: Callable[[str], Signalbox],
    speakers: Callable[[str, str, str], Speaker],
    upstream: FakeUpstream,
) -> Line:
    box = boxes(provider)
    return Line(speakers(spoken, box.url, box.key), provider, "fake/", upstream)


@pytest.fixture
def direct(
    spoken: str, speakers: Callable[[str, str, str], Speaker], upstream: FakeUpstream
) -> Line:
    """Without anything between."""
    return Line(speakers(spoken, upstream.url, "sk-direct"), spoken, "", upstream)


# ------------------------------------------------------------------- the stories


def a_text(line: Line, stream: bool) -> None:
    heard = line.ask("ok", stream, line.speaker.user("Hi"))
    assert heard.text == (STREAMED if stream else WHOLE)
    assert heard.calls == []
    assert heard.usage == usage(line.provider, stream)


def a_tool(line: Line, stream: bool, model: str = "tool") -> Heard:
    say = line.speaker
    history = [say.user(f"Ask. {PARIS}")]
    asked = line.ask(model, stream, *history, **say.tools())
    assert [(call.name, call.arguments) for call in asked.calls] == [("weather", {"city": "Paris"})]
    told = say.results([(asked.calls[0], "Sunny in Paris")])
    answer = line.ask(model, stream, *history, *asked.turn, *told, **say.tools())
    assert answer.text == "result: Sunny in Paris"
    assert answer.calls == []
    return asked


def tools_at_once(line: Line, stream: bool, turned: bool = False) -> str:
    say = line.speaker
    history = [say.user(f"Ask both. {PARIS} {ROME}")]
    asked = line.ask("tools-parallel", stream, *history, **say.tools())
    assert [call.arguments for call in asked.calls] == [{"city": "Paris"}, {"city": "Rome"}]
    told: list[tuple[Call, str]] = [
        (call, f"Sunny in {call.arguments['city']}") for call in asked.calls
    ]
    results = say.results(list(reversed(told)) if turned else told)
    return line.ask("tools-parallel", stream, *history, *asked.turn, *results, **say.tools()).text


def a_rate_limit(line: Line, stream: bool) -> None:
    with pytest.raises(line.speaker.rate_limited) as told:
        line.ask("429", stream, line.speaker.user("Hi"))
    status = getattr(told.value, "status_code", None) or getattr(told.value, "code", None)
    assert status == 429
    assert "Rate limit reached" in str(told.value)


def a_refusal(line: Line, stream: bool) -> None:
    with pytest.raises(line.speaker.broken) as told:
        line.ask("400", stream, line.speaker.user("Hi"))
    status = getattr(told.value, "status_code", None) or getattr(told.value, "code", None)
    assert status == 400
    assert "messages: field required" in str(told.value)


def an_image(line: Line, stream: bool) -> None:
    heard = line.ask("image", stream, line.speaker.user("What is this?", PIXEL))
    assert heard.text == f"images: 1 ({len(PIXEL)})"


def a_form(line: Line, stream: bool) -> None:
    heard = line.ask("schema", stream, line.speaker.user("Fill it."), **line.speaker.form())
    assert json.loads(heard.text) == {"name": "x", "count": 1}


def a_thought(line: Line, stream: bool) -> None:
    """Reasons, calls a tool, and is given everything back: what a provider sealed must
    come back to it whole, or in a way it takes."""
    asked = a_tool(line, stream, model="think")
    # Neither all callers nor all providers have words for reasoning that is only shown.
    assert asked.thought in ("", "The user wants an answer.")


def a_break(line: Line) -> None:
    with pytest.raises(line.speaker.broken, match="Overloaded"):
        line.ask("error-mid", True, line.speaker.user("Hi"))


STORIES = [a_text, a_tool, a_rate_limit, a_refusal, an_image, a_form, a_thought]


@pytest.fixture(params=STORIES, ids=lambda story: story.__name__)
def story(request: pytest.FixtureRequest) -> Callable[[Line, bool], None]:
    return request.param


def test_without_signalbox(direct: Line, story: Callable[[Line, bool], None], stream: bool) -> None:
    story(direct, stream)


def test_tools_at_once_without_signalbox(direct: Line, stream: bool) -> None:
    assert tools_at_once(direct, stream) == "result: Sunny in Paris; Sunny in Rome"


def test_a_break_without_signalbox(direct: Line) -> None:
    a_break(direct)


def test_across(line: Line, story: Callable[[Line, bool], None], stream: bool) -> None:
    story(line, stream)
    line.assert_reached(stream)


def test_tools_at_once(line: Line, stream: bool) -> None:
    assert tools_at_once(line, stream) == "result: Sunny in Paris; Sunny in Rome"


def test_results_in_another_order_than_the_calls(line: Line, spoken: str, stream: bool) -> None:
    if spoken in ("gemini", "ollama"):
        # Results without ids are told apart by their order alone.
        assert tools_at_once(line, stream) == "result: Sunny in Paris; Sunny in Rome"
        return
    if spoken == line.provider == "anthropic":
        # Nothing is changed on the way, and this provider is strict.
        with pytest.raises(line.speaker.broken, match="order"):
            tools_at_once(line, stream, turned=True)
        return
    said = tools_at_once(line, stream, turned=True)
    # Some providers want the calls' order, the others take the client's.
    sorted_there = line.provider in ("anthropic", "gemini", "bedrock")
    both = ["Sunny in Paris", "Sunny in Rome"]
    expected = [both] if sorted_there else [both, both[::-1]]
    assert said in [f"result: {'; '.join(order)}" for order in expected]


def test_a_stream_that_breaks_off_is_an_error_to_the_sdk(line: Line) -> None:
    a_break(line)
