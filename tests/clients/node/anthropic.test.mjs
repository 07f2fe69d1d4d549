// The official Anthropic SDK for JavaScript, pointed at Signalbox.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';

import { UPSTREAM_KEY, configFor, eventually, forTheWholeFile, startSignalbox, startUpstream } from '../running.mjs';

const messages = [{ role: 'user', content: 'Hi' }];

const file = forTheWholeFile();
const upstream = await startUpstream(file);
const signalbox = await startSignalbox(file, configFor(upstream));
const sdk = client(signalbox.key);

function client(apiKey, more = {}) {
  // Without retries, so that each failure shows as what it is.
  return new Anthropic({ baseURL: signalbox.url, apiKey, maxRetries: 0, ...more });
}

const message = (model, more = {}) => sdk.messages.create({ model, messages, max_tokens: 64, ...more });

async function read(stream, seen = []) {
  for await (const event of stream) seen.push(event);
  return seen;
}

test('practice answers without any provider key', async () => {
  const answer = await message('practice/instant');
  assert.match(answer.content[0].text, /^\[practice\] You said: “Hi”/);
  const stream = sdk.messages.stream({ model: 'practice/instant', messages, max_tokens: 64 });
  assert.equal(await stream.finalText(), answer.content[0].text);
});

// Claude Code puts reminders of its own before what its user typed.
test('practice quotes what was typed, not a reminder before it', async () => {
  const content = ['<system-reminder>\nBe kind.\n</system-reminder>', 'Good morning'].map((text) => ({ type: 'text', text }));
  const answer = await message('practice/instant', { messages: [{ role: 'user', content }] });
  assert.match(answer.content[0].text, /^\[practice\] You said: “Good morning”/);
});

test('practice counts tokens', async () => {
  const counted = await sdk.messages.countTokens({ model: 'practice/instant', messages });
  assert.ok(counted.input_tokens > 0);
});

test('models are listed and found', async () => {
  const ids = (await read(sdk.models.list())).map((model) => model.id);
  assert.ok(ids.includes('practice/steady') && ids.includes('fake/ok'), `${ids}`);
  assert.equal((await sdk.models.retrieve('fake/ok')).type, 'model');
});

test('a reply passes with its usage and its headers', async () => {
  const { data, response } = await message('fake/ok').withResponse();
  assert.equal(data.content[0].text, 'Hello from the fake upstream.');
  assert.equal(data.usage.cache_read_input_tokens, 100);
  assert.equal(response.headers.get('x-request-id'), 'req_fake');
  const receipt = await signalbox.receipt(response.headers.get('x-signalbox-receipt'));
  assert.equal(receipt.row.provider, 'fake');
});

test('a bearer token works as well, and the provider sees its own key only', async () => {
  const bearer = client(null, { authToken: signalbox.key });
  await bearer.messages.create({ model: 'fake/ok', messages, max_tokens: 64 });
  const seen = (await upstream.seen()).requests.at(-1);
  const headers = Object.fromEntries(seen.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(headers['x-api-key'], UPSTREAM_KEY);
  assert.equal(headers.authorization, undefined);
  assert.ok(!JSON.stringify(seen).includes(signalbox.key));
});

test('a stream passes with text and usage', async () => {
  const final = await sdk.messages.stream({ model: 'fake/ok', messages, max_tokens: 64 }).finalMessage();
  assert.equal(final.content[0].text, 'word0 word1 word2 word3 word4 word5 word6 word7 ');
  assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [25, 15]);
});

test('an alias answers as if nothing had happened', async () => {
  const { data, response } = await message('resilient').withResponse();
  assert.equal(data.content[0].text, 'Hello from the fake upstream.');
  assert.ok(Number(response.headers.get('x-signalbox-attempts')) > 1);
});

for (const [name, model, expected, status, said] of [
  ['an unknown model', 'claude-nonesuch', Anthropic.NotFoundError, 404, /claude-nonesuch/],
  ['a refused key', 'fake/401', Anthropic.AuthenticationError, 401, /Incorrect API key/],
  ['a rate limit', 'fake/429', Anthropic.RateLimitError, 429, /Rate limit reached/],
  ['an overload', 'fake/529', Anthropic.InternalServerError, 529, /overloaded_error/],
  ['a page instead of an answer', 'fake/html', Anthropic.InternalServerError, 502, /Fake sent no usable reply/],
  ['all targets failing', 'doomed', Anthropic.InternalServerError, 502, /All 2 targets failed/],
]) {
  for (const stream of [false, true]) {
    test(`${name} is the SDK's own error${stream ? ', streamed' : ''}`, async () => {
      const error = await message(model, { stream }).then(() => undefined, (error) => error);
      assert.ok(error instanceof expected, `${error}`);
      assert.equal(error.status, status);
      assert.match(error.message, said);
      assert.equal(error.error.type, 'error');
      assert.match(error.headers.get('x-signalbox-receipt'), /^rc-/);
    });
  }
}

test('a wrong client key says where to get a good one', async () => {
  const error = await client('sbx-wrong').models.list().then(() => undefined, (error) => error);
  assert.ok(error instanceof Anthropic.AuthenticationError, `${error}`);
  assert.match(error.message, /signalbox clients add/);
});

for (const model of ['fake/cut-mid', 'fake/close-mid', 'practice/breaks']) {
  test(`${model}: a stream that breaks off throws while it is read`, async () => {
    const seen = [];
    await assert.rejects(read(await message(model, { stream: true }), seen), (error) => {
      assert.ok(error instanceof Anthropic.APIError, `${error}`);
      assert.match(error.message, /broke off/);
      return true;
    });
    assert.equal(seen[0].type, 'message_start');
    assert.ok(!seen.some((event) => event.type === 'message_stop'));
  });
}

test('a client that leaves midway is heard upstream', async () => {
  const before = (await upstream.seen()).hang_ups;
  for await (const event of await message('fake/slow', { stream: true })) {
    if (event.type === 'content_block_delta') break;
  }
  await eventually('the provider to be hung up on', async () => (await upstream.seen()).hang_ups > before);
});
