"""The official SDKs behind one face, so that a story holds for every dialect.

Each speaker asks in its own SDK's words and gives back what its SDK understood.
What a provider really said never comes by another way: a story sees what a program
written with that SDK would see.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anthropic
import ollama
import openai
from google import genai
from google.genai import errors as google_errors
from google.genai import types

from running import PATIENCE_S

#: The smallest picture there is.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

#: A tool's arguments, and a document's form.
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FORM = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["name", "count"],
    "additionalProperties": False,
}


@dataclass
class Call:
    name: str
    arguments: dict[str, Any]
    id: str | None = None


@dataclass
class Heard:
    """What an SDK understood of an answer."""

    text: str = ""
    thought: str = ""
    calls: list[Call] = field(default_factory=list)
    #: Tokens in, with what came from a cache, and tokens out, with the reasoning.
    usage: tuple[int, int] | None = None
    stop: str | None = None
    #: The answer in the SDK's own form, to be put into the next request.
    turn: Any = None


class Speaker:
    """One SDK. `url` is where its dialect begins."""

    #: What it raises for a rate limit, and whenever a stream breaks off.
    rate_limited: type[Exception]
    broken: tuple[type[Exception], ...]

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        raise NotImplementedError

    def user(self, text: str, image: bytes | None = None) -> Any:
        raise NotImplementedError

    def results(self, told: list[tuple[Call, str]]) -> list[Any]:
        """The turns that answer calls."""
        raise NotImplementedError

    def tools(self) -> dict[str, Any]:
        """What offers the tool `weather`."""
        raise NotImplementedError

    def form(self) -> dict[str, Any]:
        """What asks for an answer in the form of `FORM`."""
        raise NotImplementedError

    def close(self) -> None:
        pass


class Chat(Speaker):
    rate_limited = openai.RateLimitError
    broken = (openai.APIError,)

    def __init__(self, url: str, key: str) -> None:
        self.sdk = openai.OpenAI(
            base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=PATIENCE_S
        )

    def close(self) -> None:
        self.sdk.close()

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        create = self.sdk.chat.completions.create
        if not stream:
            answer = create(model=model, messages=history, **more)
            choice = answer.choices[0]
            return self._heard(
                choice.message.content or "",
                getattr(choice.message, "reasoning_content", None) or "",
                [
                    (call.id, call.function.name, call.function.arguments)
                    for call in choice.message.tool_calls or []
                ],
                answer.usage,
                choice.finish_reason,
            )
        text, thought, calls, usage, stop = "", "", {}, None, None
        options = {"include_usage": True}
        for chunk in create(
            model=model, messages=history, stream=True, stream_options=options, **more
        ):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                thought += getattr(choice.delta, "reasoning_content", None) or ""
                stop = choice.finish_reason or stop
                for part in choice.delta.tool_calls or []:
                    held = calls.setdefault(part.index, ["", "", ""])
                    held[0] = held[0] or part.id or ""
                    held[1] = held[1] or part.function.name or ""
                    held[2] += part.function.arguments or ""
        ordered = [tuple(calls[index]) for index in sorted(calls)]
        return self._heard(text, thought, ordered, usage, stop)

    def _heard(self, text: str, thought: str, calls: list[Any], usage: Any, stop: Any) -> Heard:
        turn: dict[str, Any] = {"role": "assistant", "content": text or None}
        if calls:
            turn["tool_calls"] = [
                {"id": id, "type": "function", "function": {"name": name, "arguments": given}}
                for id, name, given in calls
            ]
        return Heard(
            text,
            thought,
            [Call(name, json.loads(given), id) for id, name, given in calls],
            usage and (usage.prompt_tokens, usage.completion_tokens),
            stop,
            [turn],
        )

    def user(self, text: str, image: bytes | None = None) -> Any:
        if image is None:
            return {"role": "user", "content": text}
        url = "data:image/png;base64," + base64.b64encode(image).decode()
        return {
            "role": "user",
            "content": [
                {"type": "text", "text": text},
                {"type": "image_url", "image_url": {"url": url}},
            ],
        }

    def results(self, told: list[tuple[Call, str]]) -> list[Any]:
        return [
            {"role": "tool", "tool_call_id": call.id, "content": result} for call, result in told
        ]

    def tools(self) -> dict[str, Any]:
        return {"tools": [{"type": "function", "function": {"name": "weather", "parameters": CITY}}]}

    def form(self) -> dict[str, Any]:
        wanted = {"name": "thing", "schema": FORM, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}


class Responses(Speaker):
    rate_limited = openai.RateLimitError
    broken = (openai.APIError,)

    def __init__(self, url: str, key: str) -> None:
        self.sdk = openai.OpenAI(
            base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=PATIENCE_S
        )

    def close(self) -> None:
        self.sdk.close()

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        asked = {"model": model, "input": history, "store": False} | more
        asked["include"] = ["reasoning.encrypted_content"]
        if not stream:
            return self._heard(self.sdk.responses.create(**asked))
        pieces, last = [], None
        for event in self.sdk.responses.create(stream=True, **asked):
            if event.type == "response.output_text.delta":
                pieces.append(event.delta)
            elif event.type == "response.failed":
                # The SDK hands this on; a program has to look.
                raise openai.APIError(event.response.error.message, None, body=None)
            elif event.type == "response.completed":
                last = event.response
        assert last is not None, "the stream has an end"
        heard = self._heard(last)
        assert "".join(pieces) == heard.text, "the deltas are the text"
        return heard

    def _heard(self, answer: Any) -> Heard:
        calls = [
            Call(item.name, json.loads(item.arguments), item.call_id)
            for item in answer.output
            if item.type == "function_call"
        ]
        thought = "".join(
            part.text
            for item in answer.output
            if item.type == "reasoning"
            for part in item.summary
        )
        return Heard(
            answer.output_text,
            thought,
            calls,
            (answer.usage.input_tokens, answer.usage.output_tokens),
            answer.status,
            [item.model_dump(exclude_none=True, exclude={"status"}) for item in answer.output],
        )

    def user(self, text: str, image: bytes | None = None) -> Any:
        content: list[Any] = [{"type": "input_text", "text": text}]
        if image is not None:
            url = "data:image/png;base64," + base64.b64encode(image).decode()
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        return {"role": "user", "content": content}

    def results(self, told: list[tuple[Call, str]]) -> list[Any]:
        return [
            {"type": "function_call_output", "call_id": call.id, "output": result}
            for call, result in told
        ]

    def tools(self) -> dict[str, Any]:
        return {"tools": [{"type": "function", "name": "weather", "parameters": CITY, "strict": True}]}

    def form(self) -> dict[str, Any]:
        wanted = {"type": "json_schema", "name": "thing", "schema": FORM, "strict": True}
        return {"text": {"format": wanted}}


class Messages(Speaker):
    rate_limited = anthropic.RateLimitError
    broken = (anthropic.APIError,)

    def __init__(self, url: str, key: str) -> None:
        self.sdk = anthropic.Anthropic(
            base_url=url, api_key=key, max_retries=0, timeout=PATIENCE_S
        )

    def close(self) -> None:
        self.sdk.close()

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        asked = {"model": model, "messages": history, "max_tokens": 64} | more
        if not stream:
            return self._heard(self.sdk.messages.create(**asked))
        with self.sdk.messages.stream(**asked) as events:
            pieces = list(events.text_stream)
            heard = self._heard(events.get_final_message())
        assert "".join(pieces) == heard.text, "the deltas are the text"
        return heard

    def _heard(self, answer: Any) -> Heard:
        usage = answer.usage
        read = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        blocks = answer.content
        return Heard(
            "".join(block.text for block in blocks if block.type == "text"),
            "".join(block.thinking for block in blocks if block.type == "thinking"),
            [Call(block.name, block.input, block.id) for block in blocks if block.type == "tool_use"],
            (usage.input_tokens + read, usage.output_tokens),
            answer.stop_reason,
            [
                {
                    "role": "assistant",
                    "content": [block.model_dump(exclude_none=True) for block in blocks],
                }
            ],
        )

    def user(self, text: str, image: bytes | None = None) -> Any:
        content: list[Any] = [{"type": "text", "text": text}]
        if image is not None:
            data = base64.b64encode(image).decode()
            source = {"type": "base64", "media_type": "image/png", "data": data}
            content.append({"type": "image", "source": source})
        return {"role": "user", "content": content}

    def results(self, told: list[tuple[Call, str]]) -> list[Any]:
        blocks = [
            {"type": "tool_result", "tool_use_id": call.id, "content": result}
            for call, result in told
        ]
        return [{"role": "user", "content": blocks}]

    def tools(self) -> dict[str, Any]:
        return {"tools": [{"name": "weather", "input_schema": CITY}]}

    def form(self) -> dict[str, Any]:
        return {"output_config": {"format": {"type": "json_schema", "schema": FORM}}}


class Google(Speaker):
    rate_limited = google_errors.ClientError
    # A stream that ends in an error is told as whichever the error says.
    broken = (google_errors.APIError,)

    def __init__(self, url: str, key: str) -> None:
        options = types.HttpOptions(base_url=url, timeout=int(PATIENCE_S * 1000))
        self.sdk = genai.Client(api_key=key, http_options=options)

    def close(self) -> None:
        self.sdk.close()

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        automatic = types.AutomaticFunctionCallingConfig(disable=True)
        config = types.GenerateContentConfig(automatic_function_calling=automatic, **more)
        asked = {"model": model, "contents": history, "config": config}
        if stream:
            answers = list(self.sdk.models.generate_content_stream(**asked))
        else:
            answers = [self.sdk.models.generate_content(**asked)]
        parts, stop, usage = [], None, None
        for answer in answers:
            usage = answer.usage_metadata or usage
            for candidate in answer.candidates or []:
                stop = candidate.finish_reason or stop
                parts += (candidate.content and candidate.content.parts) or []
        output = usage and (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        texts = [part for part in parts if part.text]
        calls = [part.function_call for part in parts if part.function_call]
        # As they came: a part may hold nothing but a signature. A chunk's empty text is no part.
        kept = [part for part in parts if part.text != "" or part.thought_signature]
        return Heard(
            "".join(part.text for part in texts if not part.thought),
            "".join(part.text for part in texts if part.thought),
            [Call(call.name, call.args or {}, call.id) for call in calls],
            usage and (usage.prompt_token_count, output),
            stop and stop.name,
            [types.Content(role="model", parts=kept)],
        )

    def user(self, text: str, image: bytes | None = None) -> Any:
        parts = [types.Part.from_text(text=text)]
        if image is not None:
            parts.append(types.Part.from_bytes(data=image, mime_type="image/png"))
        return types.Content(role="user", parts=parts)

    def results(self, told: list[tuple[Call, str]]) -> list[Any]:
        parts = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id, name=call.name, response={"result": result}
                )
            )
            for call, result in told
        ]
        return [types.Content(role="user", parts=parts)]

    def tools(self) -> dict[str, Any]:
        weather = types.FunctionDeclaration(name="weather", parameters_json_schema=CITY)
        return {"tools": [types.Tool(function_declarations=[weather])]}

    def form(self) -> dict[str, Any]:
        return {"response_mime_type": "application/json", "response_json_schema": FORM}


class Ollama(Speaker):
    rate_limited = ollama.ResponseError
    broken = (ollama.ResponseError,)

    def __init__(self, url: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self.sdk = ollama.Client(host=url, headers=headers, timeout=PATIENCE_S, trust_env=False)

    def ask(self, model: str, stream: bool, history: list[Any], **more: Any) -> Heard:
        answer = self.sdk.chat(model=model, messages=history, stream=stream, **more)
        answers = list(answer) if stream else [answer]
        calls = [call for one in answers for call in one.message.tool_calls or []]
        text = "".join(one.message.content or "" for one in answers)
        last = answers[-1]
        assert last.done, "the stream has an end"
        turn: dict[str, Any] = {"role": "assistant", "content": text}
        if calls:
            turn["tool_calls"] = [call.model_dump(exclude_none=True) for call in calls]
        return Heard(
            text,
            "".join(one.message.thinking or "" for one in answers),
            [Call(call.function.name, dict(call.function.arguments)) for call in calls],
            (last.prompt_eval_count, last.eval_count),
            last.done_reason,
            [turn],
        )

    def user(self, text: str, image: bytes | None = None) -> Any:
        return {"role": "user", "content": text} | ({"images": [image]} if image else {})

    def results(self, told: list[tuple[Call, str]]) -> list[Any]:
        return [
            {"role": "tool", "tool_name": call.name, "content": result} for call, result in told
        ]

    def tools(self) -> dict[str, Any]:
        return {"tools": [{"type": "function", "function": {"name": "weather", "parameters": CITY}}]}

    def form(self) -> dict[str, Any]:
        return {"format": FORM}


#: The dialects that a client may speak, and who speaks them.
SPEAKERS: dict[str, Callable[[str, str], Speaker]] = {
    "openai": Chat,
    "responses": Responses,
    "anthropic": Messages,
    "gemini": Google,
    "ollama": Ollama,
}
