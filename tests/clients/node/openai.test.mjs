// The official OpenAI SDK for JavaScript, pointed at Signalbox.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { configFor, eventually, forTheWholeFile, startSignalbox, startUpstream } from '../running.mjs';

const messages = [{ role: 'user', content: 'Hi' }];

const file = forTheWholeFile();
const upstream = await startUpstream(file);
const signalbox = await startSignalbox(file, configFor(upstream));
const sdk = client(signalbox.key);

function client(apiKey, more = {}) {
  // Without retries, so that each failure shows as what it is.
  return new OpenAI({ baseURL: `${signalbox.url}/v1`, apiKey, maxRetries: 0, ...more });
}

const chat = (model, more = {}) => sdk.chat.completions.create({ model, messages, ...more });

async function read(stream, seen = []) {
  for await (const event of stream) seen.push(event);
  return seen;
}

const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

test('practice answers without any provider key', async () => {
  const answer = await chat('practice/instant');
  assert.match(answer.choices[0].message.content, /^\[practice\] You said: “Hi”/);
  const said = text(await read(await chat('practice/instant', { stream: true })));
  assert.equal(said, answer.choices[0].message.content);
});

test('practice embeds the same as base64, the default, and as numbers', async () => {
  const asked = { model: 'practice/embedding', input: ['one text', 'another'] };
  const packed = await sdk.embeddings.create(asked);
  const plain = await sdk.embeddings.create({ ...asked, encoding_format: 'float' });
  packed.data.forEach(({ embedding }, at) => {
    assert.equal(embedding.length, plain.data[at].embedding.length);
    embedding.forEach((number, n) => assert.ok(Math.abs(number - plain.data[at].embedding[n]) < 1e-6));
  });
});

test('practice calls a tool and reads its result, by the run-tools helper', async () => {
  const asked = [];
  const runner = sdk.chat.completions.runTools({
    model: 'practice/tools',
    messages,
    tools: [
      {
        type: 'function',
        function: {
          name: 'weather',
          parameters: { type: 'object', properties: {} },
          parse: JSON.parse,
          function: (input) => {
            asked.push(input);
            return 'Sunny';
          },
        },
      },
    ],
  });
  assert.match(await runner.finalContent(), /I got the tool's result/);
  assert.deepEqual(asked, [{}]);
});

test('models are listed and found', async () => {
  const ids = (await read(sdk.models.list())).map((model) => model.id);
  assert.ok(ids.includes('practice/steady') && ids.includes('fake/ok') && ids[0] === 'doomed', `${ids}`);
  assert.equal((await sdk.models.retrieve('fake/ok')).owned_by, 'fake');
});

test('a reply passes with its usage, its headers and its request id', async () => {
  const { data, response, request_id } = await chat('fake/ok').withResponse();
  assert.equal(data.choices[0].message.content, 'Hello from the fake upstream.');
  assert.equal(data.usage.total_tokens, 129);
  assert.deepEqual(data.future_field, { a: [1, 2] });
  assert.equal(request_id, 'req_fake');
  assert.equal(response.headers.get('set-cookie'), null);
  const receipt = await signalbox.receipt(response.headers.get('x-signalbox-receipt'));
  assert.equal(receipt.row.provider, 'fake');
});

test('a stream has usage only when it was asked for', async () => {
  const plain = await read(await chat('fake/ok', { stream: true }));
  assert.equal(text(plain), 'word0 word1 word2 word3 word4 word5 word6 word7 ');
  assert.ok(plain.every((chunk) => !chunk.usage));
  const metered = await read(await chat('fake/ok', { stream: true, stream_options: { include_usage: true } }));
  assert.equal(metered.at(-1).usage.total_tokens, 19);
});

test('an alias answers as if nothing had happened', async () => {
  const { data, response } = await chat('resilient').withResponse();
  assert.equal(data.choices[0].message.content, 'Hello from the fake upstream.');
  assert.ok(Number(response.headers.get('x-signalbox-attempts')) > 1);
});

for (const [name, model, expected, status, message] of [
  ['an unknown model', 'gpt-nonesuch', OpenAI.NotFoundError, 404, /gpt-nonesuch/],
  ['a refused key', 'fake/401', OpenAI.AuthenticationError, 401, /Incorrect API key/],
  ['a rate limit', 'fake/429', OpenAI.RateLimitError, 429, /Rate limit reached/],
  ['a broken provider', 'fake/500', OpenAI.InternalServerError, 500, /had an error/],
  ['a page instead of an answer', 'fake/html', OpenAI.InternalServerError, 502, /Fake sent no usable reply/],
  ['a truncated answer', 'fake/truncated', OpenAI.InternalServerError, 502, /Fake sent no usable reply/],
  ['an empty answer', 'fake/empty', OpenAI.InternalServerError, 502, /Fake sent no usable reply/],
  ['all targets failing', 'doomed', OpenAI.InternalServerError, 502, /All 2 targets failed/],
]) {
  for (const stream of [false, true]) {
    test(`${name} is the SDK's own error${stream ? ', streamed' : ''}`, async () => {
      const error = await chat(model, { stream }).then(() => undefined, (error) => error);
      assert.equal(error?.constructor, expected, `${error}`);
      assert.equal(error.status, status);
      assert.match(error.message, message);
      assert.match(error.headers.get('x-signalbox-receipt'), /^rc-/);
      if (model === 'fake/429') assert.equal(error.headers.get('retry-after'), '2');
    });
  }
}

test('a wrong client key says where to get a good one', async () => {
  const error = await client('sbx-wrong').models.list().then(() => undefined, (error) => error);
  assert.equal(error?.constructor, OpenAI.AuthenticationError, `${error}`);
  assert.match(error.message, /signalbox clients add/);
});

test('a page in a browser may not use the keys kept here', async () => {
  const page = client(signalbox.key, { defaultHeaders: { origin: 'https://evil.example' } });
  const asked = page.chat.completions.create({ model: 'fake/ok', messages });
  await assert.rejects(asked, (error) => error.constructor === OpenAI.PermissionDeniedError);
});

for (const model of ['fake/cut-mid', 'fake/close-mid', 'practice/breaks']) {
  test(`${model}: a stream that breaks off throws while it is read`, async () => {
    const seen = [];
    await assert.rejects(read(await chat(model, { stream: true }), seen), (error) => {
      assert.ok(error instanceof OpenAI.APIError, `${error}`);
      assert.match(error.message, /broke off/);
      return true;
    });
    assert.ok(seen.length > 0, 'what was said before it broke has arrived');
  });
}

test('a client that leaves midway is heard upstream', async () => {
  const before = (await upstream.seen()).hang_ups;
  for await (const chunk of await chat('fake/slow', { stream: true })) {
    if (chunk.choices[0].delta.content) break;
  }
  await eventually('the provider to be hung up on', async () => (await upstream.seen()).hang_ups > before);
});
