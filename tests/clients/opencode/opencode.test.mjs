// opencode, one-shot, pointed at Signalbox the way its users do it: in whichever of
// four dialects they have configured.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { configOf, folderWithNote, reached, run } from '../providers.mjs';
import { startSignalbox, startUpstream } from '../running.mjs';

const OPENCODE = fileURLToPath(new URL('../../node_modules/.bin/opencode', import.meta.url));

/** The package that speaks a dialect, and where that begins. */
const SPOKEN = {
  openai: ['@ai-sdk/openai-compatible', '/v1'],
  responses: ['@ai-sdk/openai', '/v1'],
  anthropic: ['@ai-sdk/anthropic', '/v1'],
  gemini: ['@ai-sdk/google', '/v1beta'],
};

/** A run takes many seconds: each dialect is spoken once and each answered once. */
const PAIRS = [
  ['openai', 'anthropic'],
  ['openai', 'bedrock'],
  ['openai', 'ollama'],
  ['responses', 'gemini'],
  ['anthropic', 'openai'],
  ['anthropic', 'cohere'],
  ['gemini', 'responses'],
];

for (const spoken of Object.keys(SPOKEN)) {
  test(`without Signalbox between, a tool reads a file by ${spoken}`, async (t) => {
    const upstream = await startUpstream(t);
    await readsTheNote(t, spoken, upstream.url, 'sk-direct', '');
  });
}

for (const [spoken, dialect] of PAIRS) {
  test(`a tool reads a file: it speaks ${spoken}, and the provider ${dialect}`, async (t) => {
    const upstream = await startUpstream(t);
    const signalbox = await startSignalbox(t, configOf(dialect, upstream));
    await readsTheNote(t, spoken, signalbox.url, signalbox.key, 'fake/');
    const { requests } = await upstream.seen();
    assert.ok(reached(dialect, requests), requests.map(({ line }) => line).join());
  });
}

async function readsTheNote(t, spoken, url, key, prefix) {
  const { folder, note } = await folderWithNote(t);
  const [npm, base] = SPOKEN[spoken];
  const [tool, ok] = [`${prefix}tool`, `${prefix}ok`];
  const config = {
    autoupdate: false,
    share: 'disabled',
    model: `box/${tool}`,
    // For the title, which it asks for beside.
    small_model: `box/${ok}`,
    provider: {
      box: {
        npm,
        name: 'Box',
        options: { baseURL: url + base, apiKey: key },
        models: { [tool]: { name: tool, tool_call: true }, [ok]: { name: ok } },
      },
    },
  };
  await writeFile(join(folder, 'opencode.json'), JSON.stringify(config));
  const prompt = `What does it say? <<read ${JSON.stringify({ filePath: note })}>>`;
  const { code, stdout, stderr } = await run(t, OPENCODE, ['run', prompt], folder, {
    OPENCODE_CONFIG: join(folder, 'opencode.json'),
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_EXTERNAL_SKILLS: '1',
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /The secret ingredient is marmalade\./, stderr);
}
