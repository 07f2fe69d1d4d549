"""What the provider does wrong, as the exception the SDK would raise against the
provider itself. One target is named directly, so its own words pass through."""

import anthropic
import openai
import pytest

from callers import anthropic_caller, openai_caller
from running import Signalbox

OPENAI = [
    # model, exception, status, part of the message
    ("fake/400", openai.BadRequestError, 400, "messages: field required"),
    ("fake/401", openai.AuthenticationError, 401, "Incorrect API key provided"),
    ("fake/404", openai.NotFoundError, 404, "The model does not exist"),
    ("fake/429", openai.RateLimitError, 429, "Rate limit reached"),
    ("fake/500", openai.InternalServerError, 500, "The server had an error"),
    ("fake/529", openai.InternalServerError, 529, "Overloaded"),
    ("fake/html", openai.InternalServerError, 502, "Fake sent no usable reply; check its base URL"),
    ("fake/html-502", openai.InternalServerError, 502, "Fake failed"),
    ("fake/truncated", openai.InternalServerError, 502, "Fake sent no usable reply"),
    ("fake/empty", openai.InternalServerError, 502, "Fake sent no usable reply"),
    ("fake/redirect", openai.InternalServerError, 502, "redirect"),
    ("fake/cut-before", openai.InternalServerError, 502, "Fake could not be reached"),
    ("fake/error-in-200", openai.InternalServerError, 503, "verloaded"),
    ("gone/any", openai.InternalServerError, 502, "Gone could not be reached"),
    ("plain/any", openai.InternalServerError, 502, "No secure connection to Plain"),
    ("practice/rate-limited", openai.RateLimitError, 429, "on purpose"),
]

ANTHROPIC = [
    ("fake/400", anthropic.BadRequestError, 400, "messages: field required"),
    ("fake/401", anthropic.AuthenticationError, 401, "Incorrect API key provided"),
    ("fake/404", anthropic.NotFoundError, 404, "The model does not exist"),
    ("fake/429", anthropic.RateLimitError, 429, "Rate limit reached"),
    ("fake/500", anthropic.InternalServerError, 500, "The server had an error"),
    ("fake/529", anthropic.OverloadedError, 529, "Overloaded"),
    ("fake/html", anthropic.InternalServerError, 502, "Fake sent no usable reply"),
    ("fake/html-502", anthropic.InternalServerError, 502, "Fake failed"),
    ("fake/truncated", anthropic.InternalServerError, 502, "Fake sent no usable reply"),
    ("fake/empty", anthropic.InternalServerError, 502, "Fake sent no usable reply"),
    ("fake/redirect", anthropic.InternalServerError, 502, "redirect"),
    ("fake/cut-before", anthropic.InternalServerError, 502, "Fake could not be reached"),
    ("fake/error-in-200", anthropic.OverloadedError, 529, "verloaded"),
    ("gone/any", anthropic.InternalServerError, 502, "Gone could not be reached"),
    ("plain/any", anthropic.InternalServerError, 502, "No secure connection to Plain"),
    ("practice/rate-limited", anthropic.RateLimitError, 429, "on purpose"),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("model", "expected", "status", "part"), OPENAI)
def test_chat(openai_sdk, stream, model, expected, status, part):
    with pytest.raises(openai.APIStatusError) as told:
        openai_sdk.chat(model, stream=stream)
    assert type(told.value) is expected
    assert told.value.status_code == status
    assert part in told.value.message
    assert told.value.response.headers["x-signalbox-receipt"].startswith("rc-")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("model", "expected", "status", "part"), ANTHROPIC)
def test_message(anthropic_sdk, stream, model, expected, status, part):
    with pytest.raises(anthropic.APIStatusError) as told:
        anthropic_sdk.message(model, stream=stream)
    assert type(told.value) is expected
    assert told.value.status_code == status
    assert part in told.value.message
    assert told.value.body["type"] == "error"
    assert told.value.response.headers["x-signalbox-receipt"].startswith("rc-")


def test_a_whole_answer_that_breaks_off_is_none(openai_sdk, anthropic_sdk):
    with pytest.raises(openai.InternalServerError, match="Practice failed; try again shortly"):
        openai_sdk.chat("practice/breaks")
    with pytest.raises(anthropic.InternalServerError, match="Practice failed; try again shortly"):
        anthropic_sdk.message("practice/breaks")


def test_a_rate_limit_says_how_long_to_wait(openai_sdk, anthropic_sdk):
    with pytest.raises(openai.RateLimitError) as told:
        openai_sdk.chat("fake/429")
    assert told.value.response.headers["retry-after"] == "2"
    with pytest.raises(anthropic.RateLimitError) as told:
        anthropic_sdk.message("fake/429")
    assert told.value.response.headers["retry-after"] == "2"


def test_words_of_the_provider_are_signed_with_its_name(openai_sdk, anthropic_sdk):
    with pytest.raises(openai.AuthenticationError) as told:
        openai_sdk.chat("fake/401")
    assert told.value.code == "invalid_api_key"
    assert told.value.response.headers["x-signalbox-provider"] == "fake"
    with pytest.raises(anthropic.AuthenticationError) as told:
        anthropic_sdk.message("fake/401")
    assert told.value.response.headers["x-signalbox-provider"] == "fake"


def test_the_sdks_own_retries_reach_a_model_that_fails_every_other_time(form, practice, kept):
    sdk = kept(openai_caller(form, practice.url, practice.key, max_retries=2))
    for _ in range(2):
        assert sdk.chat("practice/flaky").choices[0].message.content.startswith("[practice]")


@pytest.fixture(scope="module")
def hasty(written, tmp_path_factory):
    """A Signalbox that doesn't wait long."""
    limits = "[timeouts]\nfirst_byte_ms = 1000\nidle_ms = 1000\n"
    running = Signalbox(tmp_path_factory.mktemp("hasty"), limits + written)
    yield running
    running.stop()


def test_a_provider_that_says_nothing(form, hasty, kept):
    chat = kept(openai_caller(form, hasty.url, hasty.key))
    with pytest.raises(openai.InternalServerError, match="Fake did not answer in time") as told:
        chat.chat("fake/stall")
    assert told.value.status_code == 504
    message = kept(anthropic_caller(form, hasty.url, hasty.key))
    with pytest.raises(anthropic.APIStatusError, match="Fake did not answer in time") as told:
        message.message("fake/stall")
    assert type(told.value) in (anthropic.GatewayTimeoutError, anthropic.DeadlineExceededError)


def test_a_provider_that_falls_silent_in_the_middle(form, hasty, kept):
    chat = kept(openai_caller(form, hasty.url, hasty.key))
    seen = []
    with pytest.raises(openai.APIError, match="fell silent"):
        chat.read(chat.chat("fake/stall-mid", stream=True), seen)
    assert seen
    message = kept(anthropic_caller(form, hasty.url, hasty.key))
    with pytest.raises(anthropic.APIError, match="fell silent"):
        message.read(message.message("fake/stall-mid", stream=True))
