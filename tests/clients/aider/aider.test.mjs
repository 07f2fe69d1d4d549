// aider, one-shot, pointed at Signalbox the way its users do it. It speaks OpenAI's or
// Anthropic's dialect by litellm; the providers behind speak others. A file goes there in
// the prompt and comes back edited in the answer's text.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { configOf, folderWithNote, reached, run } from '../providers.mjs';
import { startSignalbox, startUpstream } from '../running.mjs';

/** What it speaks, what it is told, and the dialects of providers that answer it. */
const SPOKEN = {
  openai: (url, key) => ({ OPENAI_API_BASE: `${url}/v1`, OPENAI_API_KEY: key }),
  anthropic: (url, key) => ({ ANTHROPIC_API_BASE: url, ANTHROPIC_API_KEY: key }),
};
const PAIRS = [
  ['openai', 'anthropic'],
  ['openai', 'gemini'],
  ['anthropic', 'openai'],
];

for (const spoken of Object.keys(SPOKEN)) {
  test(`without Signalbox between, it edits a file by ${spoken}`, async (t) => {
    const upstream = await startUpstream(t);
    await editsTheNote(t, spoken, upstream.url, 'sk-direct', 'edit');
  });
}

for (const [spoken, dialect] of PAIRS) {
  for (const how of ['--stream', '--no-stream']) {
    test(`it edits a file with ${how}: it speaks ${spoken}, and the provider ${dialect}`, async (t) => {
      const upstream = await startUpstream(t);
      const signalbox = await startSignalbox(t, configOf(dialect, upstream));
      await editsTheNote(t, spoken, signalbox.url, signalbox.key, 'fake/edit', how);
      const { requests } = await upstream.seen();
      assert.ok(reached(dialect, requests), requests.map(({ line }) => line).join());
      const rows = await signalbox.receipts();
      assert.ok(rows.length >= 1 && rows.every((row) => row.ending === 'complete'), JSON.stringify(rows));
      for (const { id } of rows) {
        const { attempts } = await signalbox.receipt(id);
        assert.deepEqual(
          attempts.map(({ spoken }) => spoken),
          [dialect],
        );
      }
    });
  }
}

test('a refusal is told to its user', async (t) => {
  const upstream = await startUpstream(t);
  const signalbox = await startSignalbox(t, configOf('anthropic', upstream));
  const { folder } = await folderWithNote(t);
  const { stdout, stderr } = await aider(t, folder, SPOKEN.openai(signalbox.url, signalbox.key), 'openai/fake/400', 'Hi');
  assert.match(stdout + stderr, /Fake refused the request:\s+messages:\s+field required/);
});

async function editsTheNote(t, spoken, url, key, model, how = '--stream') {
  const { folder, note } = await folderWithNote(t);
  const change = JSON.stringify({ file: 'note.txt', from: 'marmalade', to: 'honey' });
  const env = SPOKEN[spoken](url, key);
  const { code, stdout, stderr } = await aider(t, folder, env, `${spoken}/${model}`, `Change it. <<edit ${change}>>`, how);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Here is the file\./, stderr);
  assert.match(stdout, /Applied edit to note\.txt/, stderr);
  assert.equal(await readFile(note, 'utf8'), 'The secret ingredient is honey.\n');
}

const aider = (t, folder, env, model, prompt, ...more) =>
  run(
    t,
    'aider',
    [
      '--no-git',
      '--yes-always',
      '--no-check-update',
      '--no-show-model-warnings',
      '--no-show-release-notes',
      '--analytics-disable',
      '--no-detect-urls',
      '--no-pretty',
      ...more,
      '--model',
      model,
      '--message',
      prompt,
      'note.txt',
    ],
    folder,
    async (home) => {
      // It would fetch a list of prices from outside unless it has a fresh one, and so would litellm.
      const caches = join(home, '.aider', 'caches');
      await mkdir(caches, { recursive: true });
      await writeFile(join(caches, 'model_prices_and_context_window.json'), '{"none": {}}');
      return { ...env, LITELLM_LOCAL_MODEL_COST_MAP: 'True' };
    },
  );
