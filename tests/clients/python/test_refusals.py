"""What Signalbox itself refuses, as the exception the caller's SDK has for it,
with what to do next."""

import anthropic
import httpx2
import openai
import pytest

from callers import anthropic_caller, openai_caller

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


@pytest.fixture(params=["openai", "anthropic"])
def ask(request, form, signalbox, kept):
    """Asks for a model through either SDK: `ask(model, key=…, headers=…)`."""
    sdk = {"openai": openai, "anthropic": anthropic}[request.param]

    def asking(model="fake/ok", key=signalbox.key, text="Hi", **more):
        messages = [{"role": "user", "content": text}]
        if sdk is openai:
            caller = kept(openai_caller(form, signalbox.url, key))
            create = caller.client.chat.completions.create
            return caller.wait(create(model=model, messages=messages, **more))
        caller = kept(anthropic_caller(form, signalbox.url, key))
        return caller.message(model, messages=messages, **more)

    asking.sdk = sdk
    return asking


def test_a_wrong_client_key(ask):
    with pytest.raises(ask.sdk.AuthenticationError) as told:
        ask(key="sbx-never-given-out")
    assert "signalbox clients add" in told.value.message
    assert told.value.response.headers["x-signalbox-receipt"].startswith("rc-")


def test_a_wrong_client_key_before_a_long_prompt(ask):
    with pytest.raises(ask.sdk.AuthenticationError, match="signalbox clients add"):
        ask(key="sbx-never-given-out", text="x" * (900 << 10))


def test_a_providers_key_where_the_client_key_belongs(ask):
    with pytest.raises(ask.sdk.AuthenticationError, match="not a Signalbox client key") as told:
        ask(key="sk-proj-1234567890")
    assert "sk-proj" not in told.value.message


def test_no_key(ask):
    absent = ask.sdk.Omit()
    with pytest.raises(ask.sdk.AuthenticationError, match="No client key was sent"):
        ask(extra_headers={"authorization": absent, "Authorization": absent, "X-Api-Key": absent})


def test_an_unknown_model(ask):
    with pytest.raises(ask.sdk.NotFoundError) as told:
        ask("gpt-nonesuch")
    assert "gpt-nonesuch" in told.value.message


def test_a_provider_without_a_key_says_how_to_set_one(ask):
    with pytest.raises(ask.sdk.BadRequestError) as told:
        ask("keyless/ok")
    assert "Keyless has no key; set one with `signalbox keys set keyless`" in told.value.message


@pytest.mark.parametrize("name", ["host", "origin"])
def test_a_foreign_host_or_page(ask, name):
    foreign = {"host": "evil.example", "origin": "https://evil.example"}[name]
    with pytest.raises(ask.sdk.PermissionDeniedError, match="evil.example") as told:
        ask(extra_headers={name: foreign})
    assert f"server.allow_{name}s" in told.value.message


def test_a_body_larger_than_the_limit(ask):
    expected = {
        openai: openai.APIStatusError,
        anthropic: anthropic.RequestTooLargeError,
    }[ask.sdk]
    with pytest.raises(expected, match="larger than 1 MiB") as told:
        ask(text="x" * (2 << 20))
    assert told.value.status_code == 413


def test_a_body_that_does_not_say_its_length_and_is_too_large(signalbox):
    def endless():
        for _ in range(64):
            yield b" " * (64 << 10)

    answer = httpx2.post(
        signalbox.url + CHAT,
        headers={"authorization": f"Bearer {signalbox.key}", "content-type": "application/json"},
        content=endless(),
        trust_env=False,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_a_wrong_content_type_with_the_key_in_the_query(form, signalbox, kept):
    sdk = kept(openai_caller(form, signalbox.url, "unused"))
    with pytest.raises(openai.APIStatusError, match="Declare it application/json") as told:
        sdk.chat(
            "fake/ok",
            extra_query={"key": signalbox.key},
            extra_headers={"Authorization": openai.Omit(), "Content-Type": "text/plain"},
        )
    assert told.value.status_code == 415


def test_a_wrong_base_url_is_told_as_such_and_not_as_a_missing_model(form, signalbox, kept):
    sdk = kept(openai_caller(form, signalbox.url, signalbox.key))
    lost = openai_caller(form, signalbox.url, signalbox.key, base_url=f"{signalbox.url}/api/v3")
    kept(lost)
    with pytest.raises(openai.BadRequestError, match="check the tool's base URL"):
        lost.chat("fake/ok")
    doubled = openai_caller(form, signalbox.url, signalbox.key, base_url=f"{signalbox.url}/v1/v1")
    kept(doubled)
    assert doubled.chat("fake/ok") == sdk.chat("fake/ok")


BODIES = {
    "not JSON": b'{"model": "fake/ok", "messages": [',
    "no object": b"[1, 2]",
    "empty": b"",
    "no model": b'{"messages": []}',
    "a number as model": b'{"model": 4, "messages": []}',
    "not text": b'{"model": "fake/ok\xff"}',
}


@pytest.mark.parametrize("path", [CHAT, MESSAGES, "/v1/embeddings", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_malformed_body(signalbox, path, body):
    answer = httpx2.post(
        signalbox.url + path,
        headers={"authorization": f"Bearer {signalbox.key}", "content-type": "application/json"},
        content=body,
        trust_env=False,
    )
    told = answer.json()
    assert answer.status_code == 400
    assert answer.headers["x-signalbox-receipt"].startswith("rc-")
    assert told["error"]["type"] == "invalid_request_error"
    assert told["error"]["message"]
    if "messages" in path:
        assert told["type"] == "error"
        assert told["request_id"] == answer.headers["x-signalbox-receipt"]


def test_a_practice_model_that_does_not_exist_names_those_that_do(ask):
    with pytest.raises(ask.sdk.NotFoundError, match="steady, instant"):
        ask("practice/nonesuch")
