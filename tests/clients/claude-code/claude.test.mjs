// Claude Code and a provider that speaks its dialect too.
//
// Signalbox must be invisible to it: a whole tool round trip goes through, and the
// provider gets the very bytes that Claude Code wrote, but for the model's name.
// A tap between the two writes down what Claude Code really sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { folderWithNote } from '../providers.mjs';
import { UPSTREAM_KEY, configFor, startSignalbox, startTap, startUpstream, temporaryFolder } from '../running.mjs';
import { claude } from './claude.mjs';

test('a file is read by a tool, and nobody can tell that Signalbox stands between', async (t) => {
  const upstream = await startUpstream(t);
  const signalbox = await startSignalbox(t, configFor(upstream));
  const tap = await startTap(t, signalbox);
  const { folder, note } = await folderWithNote(t);

  const run = await claude(t, folder, tap.url, signalbox.key, 'fake/tool', `What does <<${note}>> say?`);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /The secret ingredient is marmalade\./);

  const sent = tap.requests().filter(({ method }) => method === 'POST');
  const { requests: arrived } = await upstream.seen();
  assert.ok(sent.length >= 2, `a call and its result are two exchanges, not ${sent.length}`);
  assert.equal(arrived.length, sent.length);
  sent.forEach((request, at) => assertPassed(request, arrived[at], signalbox.key));

  const rows = await signalbox.receipts();
  assert.equal(rows.length, sent.length);
  for (const row of rows) {
    assert.deepEqual(
      [row.endpoint, row.requested_model, row.provider, row.model, row.ending],
      ['messages', 'fake/tool', 'fake', 'tool', 'complete'],
    );
    // What the provider reported, both ways.
    assert.deepEqual([row.input_tokens, row.output_tokens, row.usage_basis], [25, 15, 'metered']);
  }
});

test('practice answers it before any provider key exists', async (t) => {
  const signalbox = await startSignalbox(t, '');
  const folder = await temporaryFolder(t, 'work');
  const run = await claude(t, folder, signalbox.url, signalbox.key, 'practice/steady', 'Good morning, box');
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^\[practice\] You said: “/);
  assert.ok((await signalbox.receipts()).every((row) => row.ending === 'complete' && row.practice));
});

test('a stream that breaks off is asked for again, whole, and answered', async (t) => {
  const upstream = await startUpstream(t);
  const signalbox = await startSignalbox(t, configFor(upstream));
  const folder = await temporaryFolder(t, 'work');
  const run = await claude(t, folder, signalbox.url, signalbox.key, 'fake/cut-mid', 'Hi');
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stdout.trim(), 'Hello from the fake upstream.');
  const { requests } = await upstream.seen();
  assert.deepEqual(requests.map(({ body }) => JSON.parse(body).stream), [true, false]);
  const endings = (await signalbox.receipts()).map((row) => row.ending);
  assert.deepEqual(endings, ['complete', 'broken'], 'latest first');
});

test('a wrong client key is told to its user, with what to do', async (t) => {
  const signalbox = await startSignalbox(t, '');
  const folder = await temporaryFolder(t, 'work');
  const run = await claude(t, folder, signalbox.url, 'sbx-wrong', 'practice/instant', 'Hi');
  assert.notEqual(run.code, 0);
  assert.match(run.stdout + run.stderr, /signalbox clients add/);
});

test('an unknown model is told to its user', async (t) => {
  const signalbox = await startSignalbox(t, '');
  const folder = await temporaryFolder(t, 'work');
  const run = await claude(t, folder, signalbox.url, signalbox.key, 'claude-nonesuch', 'Hi');
  assert.notEqual(run.code, 0);
  assert.match(run.stdout + run.stderr, /claude-nonesuch/);
});

/** The provider got what Claude Code sent, but for the model, the key and the hop. */
function assertPassed(sent, arrived, clientKey) {
  assert.equal(arrived.line, `POST ${sent.path} HTTP/1.1`, 'the path with its query');
  const expected = renamed(sent.body.toString('utf8'), 'fake/tool', 'tool');
  assert.ok(arrived.body === expected, 'the body, byte for byte but for the model');

  const headers = Object.fromEntries(arrived.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.ok(sent.headers['anthropic-beta']?.includes('claude-code-'), 'it sends its betas');
  assert.equal(sent.headers.authorization, `Bearer ${clientKey}`);
  assert.equal(headers['x-api-key'], UPSTREAM_KEY);
  assert.equal(headers.authorization, undefined);
  assert.ok(!JSON.stringify(arrived).includes(clientKey), 'the client key stays here');

  const ours = ['authorization', 'host', 'connection', 'accept-encoding', 'content-length'];
  for (const [name, value] of Object.entries(sent.headers)) {
    if (!ours.includes(name)) assert.equal(headers[name], value, name);
  }
}

/** The body with the first, outermost `"model"` changed in place. */
function renamed(body, from, to) {
  const [before, after] = [`"model":${JSON.stringify(from)}`, `"model":${JSON.stringify(to)}`];
  assert.ok(body.startsWith(`{${before}`), 'Claude Code writes the model first');
  return body.replace(before, after);
}
