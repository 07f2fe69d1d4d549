// Claude Code and providers that do not speak its dialect: every request it makes is
// translated, and its users need not know.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DIALECTS, STREAMED, configOf, folderWithNote, reached } from '../providers.mjs';
import { startSignalbox, startUpstream, temporaryFolder } from '../running.mjs';
import { claude } from './claude.mjs';

for (const dialect of Object.keys(DIALECTS).filter((dialect) => dialect !== 'anthropic')) {
  test(`it is answered, and the provider speaks ${dialect}`, async (t) => {
    const upstream = await startUpstream(t);
    const signalbox = await startSignalbox(t, configOf(dialect, upstream));
    const folder = await temporaryFolder(t, 'work');
    const { code, stdout, stderr } = await claude(t, folder, signalbox.url, signalbox.key, 'fake/ok', 'Hi');
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim(), STREAMED.trim());
    await assertTranslated(dialect, upstream, signalbox, 1);
  });

  test(`a file is read by a tool, and the provider speaks ${dialect}`, async (t) => {
    const upstream = await startUpstream(t);
    const signalbox = await startSignalbox(t, configOf(dialect, upstream));
    const { folder, note } = await folderWithNote(t);
    const ask = `What does <<${note}>> say?`;
    const { code, stdout, stderr } = await claude(t, folder, signalbox.url, signalbox.key, 'fake/tool', ask);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /The secret ingredient is marmalade\./);
    await assertTranslated(dialect, upstream, signalbox, 2);
  });
}

test('a refusal of another dialect is told to its user', async (t) => {
  const upstream = await startUpstream(t);
  const signalbox = await startSignalbox(t, configOf('openai', upstream));
  const folder = await temporaryFolder(t, 'work');
  const run = await claude(t, folder, signalbox.url, signalbox.key, 'fake/400', 'Hi');
  assert.notEqual(run.code, 0);
  assert.match(run.stdout + run.stderr, /Fake refused the request: messages: field required/);
});

/** Whether the provider heard its own dialect alone, and each receipt says so. */
async function assertTranslated(dialect, upstream, signalbox, least) {
  const { requests } = await upstream.seen();
  assert.ok(reached(dialect, requests), requests.map(({ line }) => line).join());
  const rows = await signalbox.receipts();
  assert.ok(rows.length >= least, `at least ${least} exchanges, not ${rows.length}`);
  for (const { id, endpoint, ending } of rows) {
    assert.deepEqual([endpoint, ending], ['messages', 'complete']);
    const { attempts } = await signalbox.receipt(id);
    assert.deepEqual(
      attempts.map(({ spoken }) => spoken),
      [dialect],
    );
  }
}
