"""`llm`, the command, pointed at Signalbox the way its users do it: as a model of its
own for OpenAI's dialect, by an address in the environment for Anthropic's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from providers import STREAMED, WHOLE
from running import PATIENCE_S, FakeUpstream, Signalbox

LLM = str(Path(sys.executable).with_name("llm"))

TOOL = '''
def weather(city: str) -> str:
    "The weather in a city."
    return f"Sunny in {city}"
'''
PARIS = 'Go. <<weather {"city": "Paris"}>>'
FORM = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
    "required": ["name", "count"],
    "additionalProperties": False,
}

Ask = Callable[..., str]


def asking(folder: Path, url: str, key: str, prefix: str) -> Ask:
    """Writes the models down where `llm` looks, and asks one."""
    models = "".join(
        f"- model_id: box-{name}\n  model_name: \"{prefix}{name}\"\n  api_base: {url}/v1\n"
        f"  api_key_name: box\n  supports_tools: true\n  supports_schema: true\n  vision: true\n"
        for name in ("ok", "tool", "schema", "429")
    )
    (folder / "extra-openai-models.yaml").write_text(models)
    (folder / "keys.json").write_text(json.dumps({"box": key}))
    env = os.environ | {
        "LLM_USER_PATH": str(folder),
        "HOME": str(folder),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": key,
    }

    def ask(name: str, *args: str, fails: bool = False) -> str:
        run = subprocess.run(
            [LLM, "-m", name if "/" in name else f"box-{name}", *args],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
        )
        assert (run.returncode != 0) == fails, run.stderr
        return run.stderr if fails else run.stdout.rstrip("\n")

    return ask


@pytest.fixture
def across(provider: str, boxes: Callable[[str], Signalbox], tmp_path: Path) -> Ask:
    box = boxes(provider)
    return asking(tmp_path, box.url, box.key, "fake/")


@pytest.fixture
def direct(upstream: FakeUpstream, tmp_path: Path) -> Ask:
    return asking(tmp_path, upstream.url, "sk-direct", "")


def a_text(ask: Ask) -> None:
    assert ask("ok", "Hi") == STREAMED.rstrip("\n")
    assert ask("ok", "--no-stream", "Hi") == WHOLE


def a_tool(ask: Ask) -> None:
    assert "result: Sunny in Paris" in ask("tool", "--functions", TOOL, PARIS)


def a_form(ask: Ask) -> None:
    assert json.loads(ask("schema", "--schema", json.dumps(FORM), "Fill it.")) == {
        "name": "x",
        "count": 1,
    }


def a_refusal(ask: Ask) -> None:
    assert "Rate limit reached" in ask("429", "Hi", fails=True)


STORIES = [a_text, a_tool, a_form, a_refusal]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_without_signalbox(story: Callable[[Ask], None], direct: Ask) -> None:
    story(direct)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_across(story: Callable[[Ask], None], across: Ask) -> None:
    story(across)


def test_the_anthropic_plugin_without_signalbox(direct: Ask) -> None:
    assert direct("anthropic/claude-sonnet-4-5", "Hi") == STREAMED.rstrip("\n")


def test_the_anthropic_plugin(across: Ask) -> None:
    said = across("anthropic/claude-sonnet-4-5", "--functions", TOOL, PARIS)
    assert "result: Sunny in Paris" in said
