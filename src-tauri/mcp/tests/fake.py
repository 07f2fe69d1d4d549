"""An MCP server that misbehaves by the name of its first argument. Speaks lines of JSON on its standard streams.

The second argument is a file that it writes one line into for everything that is worth being seen from outside.
"""

import json
import os
import signal
import subprocess
import sys
import time

MODE, SEEN = sys.argv[1], sys.argv[2]
TOOLS = [
    {"name": name, "description": f"Does {name}.", "inputSchema": {"type": "object"}}
    for name in ["docs_search", "docs_read", "secret"]
]


def nap(seconds):
    """Sleeps, but outlives nobody who started it: a test that is killed leaves nothing behind."""
    until, parent = time.monotonic() + seconds, os.getppid()
    while time.monotonic() < until and os.getppid() == parent:
        time.sleep(min(0.2, seconds))
    if os.getppid() != parent:
        os._exit(0)


def see(line):
    with open(SEEN, "a") as seen:
        seen.write(line + "\n")


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def answer(request, result):
    say({"id": request["id"], "result": result})


def text(said, **more):
    return {"content": [{"type": "text", "text": said}], **more}


def listed(request):
    params = request.get("params") or {}
    if MODE == "thousand":
        begin = int(params.get("cursor") or 0)
        tools = [{"name": f"docs_{n}", "inputSchema": {"type": "object"}} for n in range(begin, begin + 100)]
        return {"tools": tools, **({"nextCursor": str(begin + 100)} if begin < 900 else {})}
    if MODE == "endless-list":
        see("page")
        return {"tools": [], "nextCursor": str(time.monotonic())}
    see("list")
    return {"tools": TOOLS}


def called(request):
    tool, arguments = request["params"]["name"], request["params"].get("arguments", {})
    if MODE == "flood-line":
        while True:
            sys.stdout.write("x" * 65536)
    if MODE == "flood-line-of-json":
        sys.stdout.write('{"jsonrpc": "2.0", "id": 1, "result": "')
        while True:
            sys.stdout.write("x" * 65536)
    if MODE == "flood-messages":
        while True:
            say({"method": "notifications/message", "params": {"level": "info", "data": "again"}})
    if MODE == "flood-requests":
        n = 0
        while True:
            n += 1
            say({"id": f"p{n}", "method": "ping"})
    if MODE in ("hang", "hang-deaf"):
        see("called")
        if MODE == "hang-deaf":
            nap(600)
        return None
    if MODE == "dies" or arguments.get("die"):
        sys.stderr.write("Traceback\nout of \x1b[31mpaper\x1b[0m\n")
        sys.stderr.flush()
        os._exit(3)
    if MODE == "nonsense":
        return {"content": "not a list"}
    if MODE == "large":
        return text("x" * (3 << 20))
    if MODE == "asks":
        say({"id": "s1", "method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 5}})
        reply = json.loads(sys.stdin.readline())
        return text(f"refused: {reply['error']['code']}")
    if arguments.get("fail"):
        return text("no such page", isError=True)
    if arguments.get("change"):
        TOOLS.append({"name": "docs_new", "inputSchema": {"type": "object"}})
        say({"method": "notifications/tools/list_changed"})
    if arguments.get("wait"):
        nap(arguments["wait"])
    if tool == "docs_read":
        return text("3 pages", structuredContent={"pages": 3, "environment": sorted(os.environ)})
    return text(f"found {arguments.get('query')}")


def main():
    see(f"start {os.getpid()} {os.getcwd()}")
    if MODE == "stderr-flood":
        for n in range(100_000):
            sys.stderr.write(f"line {n} of far too many\n")
    if MODE == "deaf-to-sigterm":
        signal.signal(signal.SIGTERM, lambda *_: see("sigterm"))
    if MODE in ("child", "dies-with-child"):
        child = subprocess.Popen(["sleep", "600"])
        see(f"child {child.pid}")
    if MODE == "dies-at-start":
        sys.stderr.write("no licence\n")
        sys.exit(7)
    if MODE == "slow-start":
        time.sleep(1.5)
    if MODE == "prints":
        print("Server listening on stdio", flush=True)
        nap(600)
    for line in iter(sys.stdin.readline, ""):
        if MODE == "bad-json":
            sys.stdout.write('{"jsonrpc": "2.0", "id": 0, "result"\n')
            sys.stdout.flush()
            continue
        message = json.loads(line)
        method = message.get("method")
        if method == "initialize":
            version = "1999-12-31" if MODE == "wrong-version" else message["params"]["protocolVersion"]
            see("capabilities " + json.dumps(message["params"]["capabilities"]))
            info = {"name": "fake", "version": "1"}
            answer(message, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info})
        elif method == "tools/list":
            answer(message, listed(message))
        elif method == "tools/call":
            if MODE == "refuses":
                say({"id": message["id"], "error": {"code": -32602, "message": "query is missing"}})
                continue
            result = called(message)
            if MODE == "dies-with-child":
                os._exit(0)
            if result is not None:
                answer(message, result)
        elif method == "notifications/cancelled":
            see("cancelled")
    see("stdin closed")
    if MODE == "deaf-to-sigterm":
        while True:
            nap(600)


main()
