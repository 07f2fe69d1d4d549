// Deterministic work goes to tools, as the official SDKs for JavaScript see it: an answer like any other, an error
// of the class that the SDK has for it, and tools of a model whose calls no SDK ever sees.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { configFor, forTheWholeFile, startSignalbox, startUpstream } from '../running.mjs';

const file = forTheWholeFile();
const upstream = await startUpstream(file);
const signalbox = await startSignalbox(
  file,
  `${configFor(upstream)}
[alias.offers]
targets = ["fake/tools-talk"]
tools = { offer = ["calculator"] }
[alias.sums]
targets = ["fake/ok"]
tools = { recognise = "on" }
`,
);
// Without retries, so that each failure shows as what it is.
const openai = new OpenAI({ baseURL: `${signalbox.url}/v1`, apiKey: signalbox.key, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: signalbox.url, apiKey: signalbox.key, maxRetries: 0 });

const asks = (content) => [{ role: 'user', content }];
const times = async () => (await upstream.seen()).requests.length;
const CALL = '<<signalbox_calculator {"expression": "17 * 23"}>>';

const forms = {
  'a completion': async (model, content) =>
    (await openai.chat.completions.create({ model, messages: asks(content) })).choices[0].message.content,
  'a streamed completion': async (model, content) =>
    (await openai.chat.completions.stream({ model, messages: asks(content) }).finalChatCompletion()).choices[0]
      .message.content,
  'a response': async (model, input) => (await openai.responses.create({ model, input })).output_text,
  'a streamed response': async (model, input) =>
    (await openai.responses.stream({ model, input }).finalResponse()).output_text,
  'a message': async (model, content) => words(await anthropic.messages.create(message(model, content))),
  'a streamed message': async (model, content) =>
    words(await anthropic.messages.stream(message(model, content)).finalMessage()),
};

function message(model, content) {
  return { model, messages: asks(content), max_tokens: 200 };
}

function words({ content }) {
  return content.map((block) => block.text).join('');
}

for (const [name, form] of Object.entries(forms)) {
  test(`${name} of a tool is its result, and asks nobody`, async () => {
    const before = await times();
    assert.equal(await form('tool/calculator', '23% of 450'), '103.5');
    assert.equal(await form('tool/calculator', '2^200'), String(2n ** 200n));
    assert.match(await form('tool/regex', 'extract /[0-9]+/\nroom 12, floor 3'), /12[^0-9]+3/);
    assert.match(await form('sums', 'What is 17 * 23?'), /391$/);
    assert.equal(await times(), before);
  });

  test(`${name} of a model whose calls are run by Signalbox goes on to its end`, async () => {
    const before = await times();
    assert.equal(await form('offers', CALL), 'Let me look.\n\nresult: 391');
    assert.equal(await times(), before + 2);
  });
}

test('what a tool cannot do is the error that the SDK has for it', async () => {
  const code = (error) => error.status === 422 && error.code === 'tool_no_answer';
  await assert.rejects(forms['a completion']('tool/calculator', '1/0'), code);
  await assert.rejects(forms['a response']('tool/calculator', '1/0'), OpenAI.UnprocessableEntityError);
  await assert.rejects(forms['a message']('tool/calculator', '1/0'), Anthropic.UnprocessableEntityError);
  await assert.rejects(forms['a completion']('tool/oracle', '1'), OpenAI.NotFoundError);
});

test('a client that runs tools by itself sees its own calls alone', async () => {
  const weather = {
    type: 'function',
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      parse: JSON.parse,
      function: ({ city }) => `sunny in ${city}`,
    },
  };
  const runner = openai.chat.completions.runTools({
    model: 'fake/tools-parallel',
    messages: asks(`${CALL} <<weather {"city": "Lisbon"}>>`),
    tools: [weather, { type: 'function', function: { name: 'signalbox_calculator', parameters: {}, function: () => assert.fail('ours') } }],
  });
  assert.equal(await runner.finalContent(), 'result: 391; sunny in Lisbon');
});
