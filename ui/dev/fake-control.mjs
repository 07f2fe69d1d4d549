// A stand-in for the control API, for looking at the panel without a server:
//
//   npm run build && npm run fake            then open http://127.0.0.1:5199/?scene=rich
//
// It serves dist/ under the same strict content policy as the real one, canned
// data by scene, and events that make the rich scene live. No state survives it.
// Scenes: rich, empty, trouble, broken (every read fails), slow, unlinked.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { answer, scenes } from "./scenes.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function serve({ port = 5199, live = true } = {}) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://fake");
    const scene = scenes.get(url.searchParams.get("scene") ?? cookie(request) ?? "rich") ?? scenes.get("rich");
    if (url.pathname === "/control/events") return events(request, response, scene, live);
    if (url.pathname.startsWith("/control/")) {
      return control(request, response, scene, url.pathname.slice("/control/".length));
    }
    const path = url.pathname === "/" ? "/index.html" : normalize(url.pathname);
    try {
      const body = await readFile(join(DIST, path));
      response.writeHead(200, {
        "content-type": TYPES[extname(path)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
        "set-cookie": `scene=${scene.name}; Path=/; SameSite=Strict`,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

async function control(request, response, scene, operation) {
  let text = "";
  for await (const chunk of request) text += chunk;
  const { status = 200, body, afterMs = 0 } = answer(scene, operation, JSON.parse(text || "{}"));
  setTimeout(() => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }, afterMs);
}

function events(request, response, scene, live) {
  if (scene.status === 401) return response.writeHead(401).end();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": open\n\n");
  if (!live || scene.name !== "rich") return;
  const timer = setInterval(() => {
    const row = scene.settle();
    response.write(`data: ${JSON.stringify({ receipts: [row], changed: ["receipts"] })}\n\n`);
  }, 2_500);
  request.on("close", () => clearInterval(timer));
}

function cookie(request) {
  return /scene=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve({ port: Number(process.env.PORT ?? 5199) });
  for (const name of scenes.keys()) console.log(`http://127.0.0.1:${server.address().port}/?scene=${name}`);
}
