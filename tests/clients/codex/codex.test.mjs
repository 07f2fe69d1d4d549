// Codex, one-shot, pointed at Signalbox the way its users do it. It speaks nothing
// but Responses; the providers behind speak everything.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DIALECTS, configOf, folderWithNote, reached, run } from '../providers.mjs';
import { startSignalbox, startUpstream } from '../running.mjs';

const CODEX = fileURLToPath(new URL('../../node_modules/.bin/codex', import.meta.url));

test('without Signalbox between, a tool reads a file', async (t) => {
  const upstream = await startUpstream(t);
  await readsTheNote(t, upstream.url, 'sk-direct', 'tool');
});

for (const dialect of Object.keys(DIALECTS)) {
  test(`a tool reads a file, and the provider speaks ${dialect}`, async (t) => {
    const upstream = await startUpstream(t);
    const signalbox = await startSignalbox(t, configOf(dialect, upstream));
    await readsTheNote(t, signalbox.url, signalbox.key, 'fake/tool');
    const { requests } = await upstream.seen();
    assert.ok(reached(dialect, requests), requests.map(({ line }) => line).join());
    const rows = await signalbox.receipts();
    assert.ok(rows.length >= 2 && rows.every((row) => row.ending === 'complete'), JSON.stringify(rows));
  });
}

test('a refusal is told to its user', async (t) => {
  const upstream = await startUpstream(t);
  const signalbox = await startSignalbox(t, configOf('anthropic', upstream));
  const { folder } = await folderWithNote(t);
  const { code, stderr } = await codex(t, folder, signalbox.url, signalbox.key, 'fake/400', 'Hi');
  assert.notEqual(code, 0);
  assert.match(stderr, /messages: field required/);
});

async function readsTheNote(t, url, key, model) {
  const { folder, note } = await folderWithNote(t);
  const call = `<<exec_command ${JSON.stringify({ cmd: `cat ${note}` })}>>`;
  const { code, stdout, stderr } = await codex(t, folder, url, key, model, `What does it say? ${call}`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /The secret ingredient is marmalade\./);
}

/** Its own sandbox needs rights that a build machine may not give; the one command
 * that is run is ours. */
const codex = (t, folder, url, key, model, prompt) =>
  run(t, CODEX, ['exec', '--skip-git-repo-check', '-s', 'danger-full-access', prompt], folder, async (home) => {
    await mkdir(join(home, '.codex'));
    await writeFile(
      join(home, '.codex', 'config.toml'),
      `model = "${model}"
model_provider = "box"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.box]
name = "Box"
base_url = "${url}/v1"
env_key = "BOX_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
`,
    );
    return { BOX_KEY: key };
  });
