// Gemini CLI, one-shot, pointed at Signalbox the way its users do it. It speaks
// nothing but Gemini's dialect; the providers behind speak everything.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { DIALECTS, configOf, folderWithNote, reached, run } from '../providers.mjs';
import { startSignalbox, startUpstream } from '../running.mjs';

const GEMINI = fileURLToPath(new URL('../../node_modules/.bin/gemini', import.meta.url));

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

async function readsTheNote(t, url, key, model) {
  const { folder, note } = await folderWithNote(t);
  const call = `<<read_file ${JSON.stringify({ file_path: note })}>>`;
  const { code, stdout, stderr } = await gemini(t, folder, url, key, model, `What does it say? ${call}`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /The secret ingredient is marmalade\./);
}

const gemini = (t, folder, url, key, model, prompt) =>
  run(t, GEMINI, ['--skip-trust', '-y', '-m', model, '-p', prompt], folder, async (home) => {
    await mkdir(join(home, '.gemini'));
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
    };
    await writeFile(join(home, '.gemini', 'settings.json'), JSON.stringify(settings));
    return { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key };
  });
