"""Asks numbered questions of a Signalbox, and looks at what it keeps on disk.

    answers.py ADDRESS CLIENT_KEY ask FIRST LAST [WISH]   how many are right, missing, wrong
    answers.py ADDRESS CLIENT_KEY verdict NUMBER          where the answer came from
    answers.py ADDRESS CLIENT_KEY disk FIELD              a word about the disk

The provider says back what it is told, so that an answer to another question is seen.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ADDRESS, CLIENT, COMMAND, *REST = sys.argv[1:]
#: Asked at a time.
HANDS = 8


def said(number):
    return f"question number {number}" + ", which is a long one" * 100


def ask(number, wish):
    """Whether the answer is right; None where there is none."""
    body = {
        "model": "alpha/any",
        "temperature": 0,
        "messages": [{"role": "user", "content": said(number)}],
    }
    headers = {"authorization": f"Bearer {CLIENT}", "content-type": "application/json"}
    if wish:
        headers["x-signalbox-cache"] = wish
    address = f"{ADDRESS}/v1/chat/completions"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            told = json.load(reply)["choices"][0]["message"]["content"]
            return told == said(number), reply.headers["x-signalbox-receipt"]
    except OSError:
        # Refused, or killed meanwhile.
        return None, None
    except ValueError:
        return False, None


def ask_all(first, last, wish=None):
    with ThreadPoolExecutor(HANDS) as hands:
        told = list(hands.map(lambda n: ask(n, wish)[0], range(int(first), int(last) + 1)))
    print(told.count(True), told.count(None), told.count(False))


def control(operation, question):
    reach = json.loads(Path(os.environ["DATA"], "running.json").read_text())
    headers = {"authorization": f"Bearer {reach['token']}", "x-signalbox-panel": "1"}
    address = f"{ADDRESS}/control/{operation}"
    request = urllib.request.Request(address, json.dumps(question).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def verdict(number):
    _, receipt = ask(number, "only-if-cached")
    # A receipt is written beside its answer.
    for _ in range(100):
        try:
            print(control("requests.get", {"id": receipt})["cache"]["verdict"])
            return
        except urllib.error.HTTPError:
            time.sleep(0.1)


def disk(field):
    print(control("cache.page", {})["disk"][field])


{"ask": ask_all, "verdict": verdict, "disk": disk}[COMMAND](*REST)
