// The JavaScript SDKs and the Vercel AI SDK through Signalbox, to a provider of every
// dialect. The same stories are first told without Signalbox between: what fails
// there is no translation's fault.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { DIALECTS, STREAMED, WHOLE, configOf, reached, usageOf } from '../providers.mjs';
import { forTheWholeFile, startSignalbox, startUpstream } from '../running.mjs';
import { SPEAKERS } from './speakers.mjs';

const ASK = 'What is the weather? <<weather {"city": "Paris"}>>';
const ASK_BOTH = `${ASK} <<weather {"city": "Rome"}>>`;

const weather = ({ city }) => `Sunny in ${city}`;

const file = forTheWholeFile();
const upstream = await startUpstream(file);

for (const [spoken, speaker] of Object.entries(SPEAKERS)) {
  describe(`${spoken}, without Signalbox between`, () => {
    stories(speaker(upstream.url, 'sk-direct'), '', speaker.dialect);
  });
}

for (const dialect of Object.keys(DIALECTS)) {
  const signalbox = await startSignalbox(file, configOf(dialect, upstream));
  for (const [spoken, speaker] of Object.entries(SPEAKERS)) {
    describe(`${spoken}, and the provider speaks ${dialect}`, () => {
      stories(speaker(signalbox.url, signalbox.key), 'fake/', dialect);
    });
  }
}

/** What every client does with every provider. */
function stories(client, prefix, dialect) {
  for (const stream of [false, true]) {
    const how = stream ? 'streamed' : 'whole';

    test(`a text, ${how}`, async () => {
      const heard = await client.say(`${prefix}ok`, stream, 'Hi');
      assert.equal(heard.text, stream ? STREAMED : WHOLE);
      assert.deepEqual(heard.usage, usageOf(dialect, stream));
      await assertReached(dialect);
    });

    test(`a tool is called and its result is told, ${how}`, async () => {
      const { calls, text } = await client.useTools(`${prefix}tool`, stream, ASK, weather);
      assert.deepEqual(calls, [{ city: 'Paris' }]);
      assert.equal(text, 'result: Sunny in Paris');
      await assertReached(dialect);
    });

    test(`two tools at once, ${how}`, async () => {
      const { calls, text } = await client.useTools(`${prefix}tools-parallel`, stream, ASK_BOTH, weather);
      assert.deepEqual(calls, [{ city: 'Paris' }, { city: 'Rome' }]);
      assert.equal(text, 'result: Sunny in Paris; Sunny in Rome');
    });

    test(`reasoning is given back with the tool's result, ${how}`, async () => {
      const { text } = await client.useTools(`${prefix}think`, stream, ASK, weather);
      assert.equal(text, 'result: Sunny in Paris');
    });

    test(`a rate limit, ${how}`, async () => {
      await assert.rejects(client.say(`${prefix}429`, stream, 'Hi'), (error) => {
        assert.equal(error.status ?? error.statusCode ?? error.status_code, 429, String(error));
        assert.match(error.message, /Rate limit reached/);
        return true;
      });
    });
  }

  test('a stream that breaks off is an error', async () => {
    await assert.rejects(client.say(`${prefix}error-mid`, true, 'Hi'), /Overloaded/);
  });
}


async function assertReached(dialect) {
  const { requests } = await (await fetch(`${upstream.url}/__seen?last=1`)).json();
  assert.ok(reached(dialect, requests), requests[0].line);
}
