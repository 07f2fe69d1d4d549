"""Sends one chat request and prints the status, and the code of an error.

    ask.py ADDRESS CLIENT_KEY MODEL
"""

import json
import sys
import urllib.error
import urllib.request

address, client, model = sys.argv[1:]
body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
request = urllib.request.Request(
    f"{address}/v1/chat/completions",
    data=json.dumps(body).encode(),
    headers={"authorization": f"Bearer {client}", "content-type": "application/json"},
)
try:
    print(urllib.request.urlopen(request, timeout=10).status)
except urllib.error.HTTPError as error:
    print(error.code, json.load(error)["error"]["code"])
