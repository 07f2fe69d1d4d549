"""A provider that takes one key: prints its port, then says what it is told until it is ended.

    provider.py KEY
"""

import copy
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = sys.argv[1]
REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "any",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": ""},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


class Provider(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"object": "list", "data": [{"id": "any", "object": "model"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        reply = copy.deepcopy(REPLY)
        reply["choices"][0]["message"]["content"] = asked["messages"][-1]["content"]
        self.answer(reply)

    def answer(self, reply):
        taken = self.headers.get("authorization") == f"Bearer {KEY}"
        if not taken:
            reply = {"error": {"message": "wrong key", "code": "invalid_api_key"}}
        body = json.dumps(reply).encode()
        self.send_response(200 if taken else 401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
print(server.server_port, flush=True)
server.serve_forever()
