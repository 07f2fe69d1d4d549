// The programs the stories run against: Signalbox, a provider that misbehaves, and
// a tap that writes down what a client really sent.
//
// Promises: loopback and free ports only, a folder of its own for each, and
// whatever is started here is ended by its own process id.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readline from 'node:readline';
import { after } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What Signalbox must show to the provider, and tools must never see. */
export const UPSTREAM_KEY = 'sk-fake-upstream-key';
/** The longest anything here is waited for. */
export const PATIENCE_MS = 30_000;

/** Looks until there is something to see: what happens in another process sends no
 * event that could be awaited here. */
export async function eventually(what, look) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `waited in vain for: ${what}`);
    await pause(10);
  }
}

/** Stands in for one test's context where all tests of a file share what is started. */
export function forTheWholeFile() {
  const endings = [];
  after(async () => {
    for (const end of endings) await end();
  });
  return { after: (end) => endings.push(end) };
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t, name) {
  const folder = await newFolder(name);
  t.after(() => removed(folder));
  return folder;
}

const newFolder = (name) => mkdtemp(join(tmpdir(), `signalbox-${name}-`));
const removed = (folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 });

/** The provider that stalls, cuts, refuses and lies, by the model's name. */
export async function startUpstream(t) {
  const said = await program(t, binary('FAKE_UPSTREAM_BIN', 'fake-upstream', 'stories'), ['--port', '0'], 'Listening on ');
  const url = told(said, 'Listening on ');
  const seen = async () => (await fetch(`${url}/__seen`)).json();
  return { url, seen };
}

/** The headless binary, on a config and a folder of its own. */
export async function startSignalbox(t, config) {
  const folder = await newFolder('data');
  await writeFile(join(folder, 'signalbox.toml'), config);
  const said = await program(t, binary('SIGNALBOX_BIN', 'signalbox', 'server'), ['serve', '--port', '0'], 'Panel: ', {
    HOME: folder,
    SIGNALBOX_DATA_DIR: folder,
    SIGNALBOX_KEYCHAIN: 'off',
    FAKE_KEY: UPSTREAM_KEY,
  }).finally(() => {
    // Endings run in the order they are given: the program's comes first, because
    // it watches its folder and would complain.
    t.after(() => removed(folder));
  });
  const url = told(said, 'Listening on ');

  /** Asks the control API, as the command line does. */
  async function control(operation, question) {
    const { token } = JSON.parse(await readFile(join(folder, 'running.json'), 'utf8'));
    return fetch(`${url}/control/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-signalbox-panel': '1', 'content-type': 'application/json' },
      body: JSON.stringify(question),
    });
  }

  return {
    url,
    key: told(said, 'Client key (shown once): '),
    receipts: async () => (await (await control('requests.list', {})).json()).rows,
    receipt: (id) =>
      eventually(`the receipt ${id}`, async () => {
        const answer = await control('requests.get', { id });
        return answer.ok ? answer.json() : undefined;
      }),
  };
}

/** One provider `fake`, and aliases over it. */
export const configFor = (upstream) => `
[provider.fake]
name = "Fake"
openai_base_url = "${upstream.url}/v1"
anthropic_base_url = "${upstream.url}"
key = "env:FAKE_KEY"
local = true
models = ["ok", "slow"]

[alias]
resilient = ["fake/429", "fake/500", "fake/ok"]
doomed = ["fake/500", "fake/empty"]
`;

/** Stands between a client and Signalbox, changes nothing, and keeps every request
 * as it came: method, path, headers in order, body as bytes. */
export async function startTap(t, signalbox) {
  const requests = [];
  const target = new URL(signalbox.url);
  const server = http.createServer((asked, answer) => {
    const kept = { method: asked.method, path: asked.url, headers: asked.headers, parts: [] };
    requests.push(kept);
    const onward = http.request(
      {
        host: target.hostname,
        port: target.port,
        method: asked.method,
        path: asked.url,
        headers: { ...asked.headers, host: target.host },
      },
      (reply) => {
        answer.writeHead(reply.statusCode, reply.rawHeaders);
        reply.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.on('data', (part) => kept.parts.push(part));
    asked.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests: () => requests.map(({ parts, ...kept }) => ({ ...kept, body: Buffer.concat(parts) })),
  };
}

/** Starts a program and gives what it said up to the line that begins so. */
async function program(t, path, args, lastLine, env = {}) {
  const child = spawn(path, args, {
    env: { ...quietEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  t.after(async () => {
    child.kill();
    await exited;
  });
  const said = [];
  const lines = readline.createInterface({ input: child.stdout });
  await new Promise((reached, never) => {
    const impatient = setTimeout(() => never(new Error(`it never said \`${lastLine}…\`, but: ${said}`)), PATIENCE_MS);
    lines.on('line', (line) => {
      said.push(line);
      if (line.startsWith(lastLine)) {
        clearTimeout(impatient);
        reached();
      }
    });
    exited.then(() => never(new Error(`it ended early; it had said: ${said}`)), never);
  });
  return said;
}

function told(said, label) {
  const line = said.find((line) => line.startsWith(label));
  assert.ok(line, `it never said \`${label}…\`, but: ${said}`);
  return line.slice(label.length);
}

/** Ours, without what would change where a program listens, looks or calls. */
export function quietEnvironment() {
  const noise = /^(SIGNALBOX_|FAKE_|OPENAI_|ANTHROPIC_|CLAUDE|CODEX_|GEMINI_|GOOGLE_|OLLAMA_|OPENCODE|AIDER_|LITELLM_)|_PROXY$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !noise.test(name)));
}

function binary(override, name, crate) {
  if (process.env[override]) return process.env[override];
  const repository = fileURLToPath(new URL('../../', import.meta.url));
  const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');
  const path = join(target, 'debug', name + (process.platform === 'win32' ? '.exe' : ''));
  assert.ok(existsSync(path), `${path} is not there; build it with \`cargo build -p ${crate}\``);
  return path;
}
