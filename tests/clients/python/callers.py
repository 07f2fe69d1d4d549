"""The official SDKs, each in its blocking and its asynchronous form.

A story is told once and holds for both forms: a caller waits for what the
asynchronous client gives, and reads its streams to a list.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import anthropic
import openai

from running import PATIENCE_S

HI = [{"role": "user", "content": "Hi"}]


class Caller:
    """A client, and a loop to run it on when it needs one."""

    def __init__(self, client: Any, loop: asyncio.Runner | None) -> None:
        self.client = client
        self._loop = loop

    def wait(self, answer: Any) -> Any:
        """The answer itself, whichever form the client has."""
        if not inspect.isawaitable(answer):
            return answer

        async def awaited() -> Any:
            return await answer

        assert self._loop is not None
        return self._loop.run(awaited())

    def read(self, stream: Any, seen: list[Any] | None = None) -> list[Any]:
        """Every event of a stream. What came before it broke is left in `seen`."""
        seen = [] if seen is None else seen
        if isinstance(stream, Iterable):
            seen.extend(iter(stream))
            return seen

        async def drain() -> None:
            async for event in stream:
                seen.append(event)

        assert self._loop is not None
        self._loop.run(drain())
        return seen

    def read_some(self, stream: Any, count: int) -> list[Any]:
        """The first few events; then the caller loses interest and hangs up."""
        if isinstance(stream, Iterable):
            events = [event for event, _ in zip(stream, range(count))]
        else:

            async def begin() -> list[Any]:
                return [await anext(stream) for _ in range(count)]

            assert self._loop is not None
            events = self._loop.run(begin())
        self.wait(stream.close())
        return events

    def inside(self, manager: Any, story: Callable[[Any], Any]) -> Any:
        """Tells a story within a helper's `with`, or `async with`."""
        if hasattr(manager, "__enter__"):
            with manager as entered:
                return story(entered)

        async def within() -> Any:
            async with manager as entered:
                return await story(entered)

        assert self._loop is not None
        return self._loop.run(within())

    def close(self) -> None:
        self.wait(self.client.close())
        if self._loop is not None:
            self._loop.close()


class OpenAi(Caller):
    def chat(self, model: str, **more: Any) -> Any:
        return self.wait(
            self.client.chat.completions.create(model=model, messages=HI, **more)
        )

    def raw_chat(self, model: str, **more: Any) -> Any:
        """With the headers it came under."""
        create = self.client.chat.completions.with_raw_response.create
        return self.wait(create(model=model, messages=HI, **more))


class Anthropic(Caller):
    def message(self, model: str, **more: Any) -> Any:
        asked = {"messages": HI, "max_tokens": 64} | more
        return self.wait(self.client.messages.create(model=model, **asked))

    def raw_message(self, model: str, **more: Any) -> Any:
        asked = {"messages": HI, "max_tokens": 64} | more
        return self.wait(self.client.messages.with_raw_response.create(model=model, **asked))


def openai_caller(form: str, url: str, key: str, **more: Any) -> OpenAi:
    # Without retries, so that each failure shows as what it is.
    asked = {"base_url": f"{url}/v1", "api_key": key, "max_retries": 0, "timeout": PATIENCE_S}
    if form == "async":
        return OpenAi(openai.AsyncOpenAI(**asked | more), asyncio.Runner())
    return OpenAi(openai.OpenAI(**asked | more), None)


def anthropic_caller(form: str, url: str, key: str, **more: Any) -> Anthropic:
    asked = {"base_url": url, "api_key": key, "max_retries": 0, "timeout": PATIENCE_S}
    if form == "async":
        return Anthropic(anthropic.AsyncAnthropic(**asked | more), asyncio.Runner())
    return Anthropic(anthropic.Anthropic(**asked | more), None)
