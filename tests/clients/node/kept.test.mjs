// Answers that were given before, told to the official SDKs for JavaScript: what each
// understands is the same the second time, and the provider is not asked again.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { configFor, eventually, forTheWholeFile, startSignalbox, startUpstream } from '../running.mjs';

const file = forTheWholeFile();
const upstream = await startUpstream(file);
const signalbox = await startSignalbox(
  file,
  `${configFor(upstream)}
[alias.agent]
targets = ["fake/tool"]
cache = { temperature = 2.0, tools = true }
`,
);
// Without retries, so that each failure shows as what it is.
const openai = new OpenAI({ baseURL: `${signalbox.url}/v1`, apiKey: signalbox.key, maxRetries: 0 });
const anthropic = new Anthropic({
  baseURL: signalbox.url,
  apiKey: signalbox.key,
  maxRetries: 0,
  // The version of its API that knows a temperature.
  defaultHeaders: { 'anthropic-version': '2023-06-01' },
});

const asks = (content) => [{ role: 'user', content }];
const cold = (content) => ({ model: 'fake/ok', messages: asks(content), temperature: 0, max_tokens: 64 });
const times = async () => (await upstream.seen()).requests.length;
const verdict = (response) => response.headers.get('x-signalbox-cache');

/** Keeping is done beside the answer's end: asks until it is there, and nobody else. */
const kept = (ask) =>
  eventually('the answer to be kept', () =>
    ask({ headers: { 'x-signalbox-cache': 'only-if-cached' } }).catch((error) => {
      assert.equal(error.status, 504);
    }),
  );

async function read(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

const forms = {
  'a completion': (content, options) => openai.chat.completions.create(cold(content), options),
  'a response': (input, options) =>
    openai.responses.create({ model: 'fake/ok', input, temperature: 0, store: false }, options),
  'a message': (content, options) => anthropic.messages.create(cold(content), options),
};

for (const [name, form] of Object.entries(forms)) {
  test(`${name} told again is the same object, and says that it was kept`, async () => {
    const before = await times();
    const first = await form(name).withResponse();
    assert.equal(verdict(first.response), 'miss');
    await kept((options) => form(name, options));
    const again = await form(name).withResponse();
    assert.equal(verdict(again.response), 'hit');
    assert.match(again.response.headers.get('age'), /^\d+$/);
    assert.equal(again.response.headers.get('x-signalbox-attempts'), '0');
    // An SDK may hang the request's own id on it.
    const plain = ({ data }) => JSON.parse(JSON.stringify({ ...data, _request_id: undefined }));
    assert.deepEqual(plain(again), plain(first));
    assert.equal(await times(), before + 1);
  });
}

const gathered = {
  'a completion': (content, options) => {
    const asked = { ...cold(content), stream_options: { include_usage: true } };
    return openai.chat.completions.stream(asked, options).finalChatCompletion();
  },
  'a response': (input, options) =>
    openai.responses.stream({ model: 'fake/ok', input, temperature: 0, store: false }, options).finalResponse(),
  'a message': (content, options) => anthropic.messages.stream(cold(content), options).finalMessage(),
};

for (const [name, form] of Object.entries(gathered)) {
  test(`the helper gathers ${name} from a stream that is told again`, async () => {
    const before = await times();
    const asked = `Gather ${name}`;
    const first = await form(asked);
    assert.deepEqual(await kept((options) => form(asked, options)), first);
    assert.match(JSON.stringify(first), /word0 word1 word2 word3 word4 word5 word6 word7 /);
    assert.equal(await times(), before + 1);
  });
}

test('a stream told again has the same chunks', async () => {
  const asked = { ...cold('Chunks'), stream: true };
  const first = await read(await openai.chat.completions.create(asked));
  const again = await kept((options) => openai.chat.completions.create(asked, options));
  assert.deepEqual(await read(again), first);
});

test('what one SDK asked the other is told, streamed and whole', async () => {
  const before = await times();
  const { choices, usage } = await openai.chat.completions.create(cold('Across'));
  const said = choices[0].message.content;
  const told = await kept((options) => anthropic.messages.create(cold('Across'), options));
  assert.equal(told.content[0].text, said);
  assert.equal(told.stop_reason, 'end_turn');
  const { input_tokens, cache_read_input_tokens, output_tokens } = told.usage;
  assert.deepEqual(
    [input_tokens + cache_read_input_tokens, output_tokens],
    [usage.prompt_tokens, usage.completion_tokens],
  );
  const streamed = await anthropic.messages.stream(cold('Across')).finalMessage();
  assert.deepEqual([streamed.content[0].text, streamed.stop_reason], [said, 'end_turn']);

  const message = await anthropic.messages.stream(cold('Back')).finalMessage();
  const back = await kept((options) => openai.chat.completions.create(cold('Back'), options));
  assert.equal(back.choices[0].message.content, message.content[0].text);
  assert.equal(back.choices[0].finish_reason, 'stop');
  assert.equal(await times(), before + 2);
});

test('a tool call told again can be answered', async () => {
  const before = await times();
  const weather = { name: 'weather', parameters: { type: 'object', properties: {} } };
  const asked = {
    model: 'agent',
    messages: asks('Ask. <<weather {"city": "Paris"}>>'),
    tools: [{ type: 'function', function: weather }],
  };
  const first = (await openai.chat.completions.create(asked)).choices[0];
  const again = (await kept((options) => openai.chat.completions.create(asked, options))).choices[0];
  assert.equal(again.finish_reason, 'tool_calls');
  const called = ({ message }) => message.tool_calls.map((call) => call.function);
  assert.deepEqual(called(again), called(first));
  assert.equal(await times(), before + 1);
  const result = { role: 'tool', tool_call_id: again.message.tool_calls[0].id, content: 'Sunny' };
  const answer = await openai.chat.completions.create({
    ...asked,
    messages: [...asked.messages, again.message, result],
  });
  assert.equal(answer.choices[0].message.content, 'result: Sunny');
});

for (const [name, form, expected] of [
  ['OpenAI', forms['a completion'], OpenAI.InternalServerError],
  ['Anthropic', forms['a message'], Anthropic.APIError],
]) {
  test(`what must be kept and is not is an error of ${name}'s SDK`, async () => {
    const before = await times();
    const only = { headers: { 'x-signalbox-cache': 'only-if-cached' } };
    await assert.rejects(form('Never asked', only), (error) => {
      assert.ok(error instanceof expected, `${error}`);
      assert.equal(error.status, 504);
      assert.match(error.message, /No answer to this was kept/);
      return true;
    });
    assert.equal(await times(), before);
  });
}

test('whatever differs is asked', async () => {
  const before = await times();
  const differs = [
    {},
    { temperature: 0.1 },
    { top_p: 0.5 },
    { max_tokens: 65 },
    { seed: 7 },
    { stop: ['x'] },
    { presence_penalty: 0.5 },
    { frequency_penalty: 0.5 },
    { response_format: { type: 'json_object' } },
    { reasoning_effort: 'low' },
    { tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }] },
    { messages: asks('differ') },
  ];
  for (const more of differs) {
    const { response } = await openai.chat.completions.create({ ...cold('Differ'), ...more }).withResponse();
    assert.equal(verdict(response), 'miss', JSON.stringify(more));
  }
  assert.equal(await times(), before + differs.length);
});
