"""A streamable-HTTP MCP server on a free port, which it prints. Misbehaves by the path that it is asked at.

/json answers with JSON, /sse with an event stream, /lost forgets its session after each call, /away sends to
the host named in the query, /forbidden answers 403 and repeats the token,
/large answers with more than it may, /echo repeats the token in an error, /flood
sends notifications without end, /hang never answers a call, /seen tells how many calls were cancelled.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SESSIONS = set()
COUNT = [0]
CANCELLED = []


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(405)

    def do_DELETE(self):
        SESSIONS.discard(self.headers.get("Mcp-Session-Id"))
        self.reply(200)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path, _, query = self.path.partition("?")
        if path == "/away":
            return self.reply(307, Location=f"http://{query}/json")
        if path == "/home":
            return self.reply(307, Location="/json")
        if path == "/denied":
            return self.reply(401, WWW_Authenticate="Bearer")
        if path == "/forbidden":
            return self.reply(403, f"bad credentials: {self.headers.get('Authorization')}".encode(), "text/plain")
        if path == "/broken":
            return self.reply(500)
        if path == "/page":
            return self.reply(200, b"<html>hello</html>", "text/html")
        session = self.headers.get("Mcp-Session-Id")
        if message["method"] == "initialize":
            COUNT[0] += 1
            session = f"session-{COUNT[0]}"
            SESSIONS.add(session)
            result = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fake", "version": "1"},
            }
            return self.answer(message, result, Mcp_Session_Id=session)
        if session not in SESSIONS:
            return self.reply(404)
        if message["method"] == "notifications/cancelled":
            CANCELLED.append(message["params"]["requestId"])
        if "id" not in message:
            return self.reply(202)
        if message["method"] == "tools/list":
            return self.answer(message, {"tools": [{"name": "docs_search", "inputSchema": {"type": "object"}}]})
        if path == "/hang":
            self.rfile.read(1)  # until it is hung up on
            return None
        if path == "/flood":
            return self.flood()
        if path == "/seen":
            said = {"content": [{"type": "text", "text": f"{len(CANCELLED)} cancelled"}]}
            return self.answer(message, said)
        if path == "/lost":
            SESSIONS.discard(session)
        if path == "/large":
            return self.answer(message, {"content": [{"type": "text", "text": "x" * (5 << 20)}]})
        token = self.headers.get("Authorization", "no token")
        said = {"content": [{"type": "text", "text": f"{session} {token}"}], "isError": path == "/echo"}
        return self.answer(message, said)

    def flood(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        note = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}})
        try:
            while True:
                self.wfile.write(f"event: message\ndata: {note}\n\n".encode())
        except OSError:
            pass

    def answer(self, request, result, **headers):
        body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result})
        if self.path == "/sse":
            note = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}})
            body = f"event: message\ndata: {note}\n\nevent: message\ndata: {body}\n\n"
            return self.reply(200, body.encode(), "text/event-stream", **headers)
        return self.reply(200, body.encode(), **headers)


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Whoever hangs up on it does so on purpose."""


server = Quiet(("127.0.0.1", 0), Server)
print(server.server_address[1], flush=True)
# Ends with whoever started it: its standard input is theirs.
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve_forever()
