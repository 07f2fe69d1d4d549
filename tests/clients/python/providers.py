"""A provider in each dialect, as config and as what its fake is known to say."""

from __future__ import annotations

#: Where a dialect begins at the fake, and the end of the path that is asked there:
#: whole, then streamed.
DIALECTS = {
    "openai": ("/v1", "/v1/chat/completions", "/v1/chat/completions"),
    "responses": ("/v1", "/v1/responses", "/v1/responses"),
    "anthropic": ("", "/v1/messages", "/v1/messages"),
    "gemini": ("/v1beta", ":generateContent", ":streamGenerateContent?alt=sse"),
    "ollama": ("", "/api/chat", "/api/chat"),
    "bedrock": ("", "/converse", "/converse-stream"),
    "cohere": ("", "/v2/chat", "/v2/chat"),
}

#: What the fake says to anything, whole and streamed.
WHOLE = "Hello from the fake upstream."
STREAMED = "".join(f"word{n} " for n in range(8))


def config(dialect: str, upstream: str) -> str:
    """One provider, `fake`, that speaks nothing but this dialect."""
    base, *_ = DIALECTS[dialect]
    return f"""
[provider.fake]
name = "Fake"
{dialect}_base_url = "{upstream}{base}"
key = "env:FAKE_KEY"
local = true
models = ["ok", "slow"]
"""


def usage(dialect: str, stream: bool) -> tuple[int, int]:
    """Tokens in, cached ones among them, and tokens out, as this fake counts."""
    if dialect == "anthropic":
        return (25, 15) if stream else (162, 7)
    return (11, 8) if stream else (120, 9)
