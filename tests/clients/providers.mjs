// A provider in each dialect, as config and as what its fake is known to say.

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { PATIENCE_MS, quietEnvironment, temporaryFolder } from './running.mjs';

/** Where a dialect begins at the fake, and the end of the path that is asked there. */
export const DIALECTS = {
  openai: ['/v1', '/v1/chat/completions'],
  responses: ['/v1', '/v1/responses'],
  anthropic: ['', '/v1/messages'],
  gemini: ['/v1beta', ':streamGenerateContent?alt=sse', ':generateContent'],
  ollama: ['', '/api/chat'],
  bedrock: ['', '/converse-stream', '/converse'],
  cohere: ['', '/v2/chat'],
};

/** What the fake says to anything, whole and streamed. */
export const WHOLE = 'Hello from the fake upstream.';
export const STREAMED = Array.from({ length: 8 }, (_, n) => `word${n} `).join('');

/** One provider, `fake`, that speaks nothing but this dialect. */
export const configOf = (dialect, upstream) => `
[provider.fake]
name = "Fake"
${dialect}_base_url = "${upstream.url}${DIALECTS[dialect][0]}"
key = "env:FAKE_KEY"
local = true
models = ["ok", "tool"]
`;

/** Whether every request of a list went where this dialect is spoken. */
export const reached = (dialect, requests) =>
  requests.length > 0 &&
  requests.every(({ line }) => DIALECTS[dialect].slice(1).some((end) => line.split(' ')[1].endsWith(end)));

/** Tokens in, cached ones among them, and tokens out, as this fake counts. */
export function usageOf(dialect, stream) {
  if (dialect === 'anthropic') return stream ? [25, 15] : [162, 7];
  return stream ? [11, 8] : [120, 9];
}

/** Runs a program with a home of its own, and waits for its end. */
export async function run(t, path, args, folder, env) {
  const home = await temporaryFolder(t, 'home');
  const child = spawn(path, args, {
    cwd: folder,
    env: {
      ...quietEnvironment(),
      HOME: home,
      USERPROFILE: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_DATA_HOME: join(home, '.data'),
      XDG_STATE_HOME: join(home, '.state'),
      // Some look here for where they are.
      PWD: folder,
      TERM: 'dumb',
      NO_COLOR: '1',
      ...(typeof env === 'function' ? await env(home) : env),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A cold start of a large program on a small, busy machine.
    timeout: 4 * PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (said[name] += text));
  }
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  t.diagnostic(`${code} ${said.stdout.trim()}`);
  return { code, ...said };
}

/** A folder with a note in it that only a tool can have read. */
export async function folderWithNote(t) {
  const folder = await temporaryFolder(t, 'work');
  const note = join(folder, 'note.txt');
  await writeFile(note, 'The secret ingredient is marmalade.\n');
  return { folder, note };
}
