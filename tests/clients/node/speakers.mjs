// The SDKs behind one face, so that a story holds for every one.
//
// A speaker says a prompt, or lets tools be used until the answer is a text, in its
// own SDK's words; it gives back what its SDK understood.

import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

/** A speaker over one function that asks once: `ask(model, stream, history, tools)`
 * gives text, usage, calls, and what to put into the next request. */
function speaking({ ask, user, results }) {
  return {
    say: (model, stream, prompt) => ask(model, stream, [user(prompt)], false),
    async useTools(model, stream, prompt, answer) {
      const first = await ask(model, stream, [user(prompt)], true);
      const told = results(first.calls.map((call) => ({ ...call, result: answer(call.input) })));
      const second = await ask(model, stream, [user(prompt), ...first.turn, ...told], true);
      return { calls: first.calls.map(({ input }) => input), text: second.text };
    },
  };
}

const openai = (url, key) => {
  const sdk = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  return speaking({
    user: (content) => ({ role: 'user', content }),
    results: (told) => told.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result })),
    async ask(model, stream, messages, tools) {
      const asked = { model, messages };
      if (tools) asked.tools = [{ type: 'function', function: { name: 'weather', parameters: CITY } }];
      const answer = stream
        ? await sdk.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion()
        : await sdk.chat.completions.create(asked);
      const { message } = answer.choices[0];
      const calls = (message.tool_calls ?? []).map((call) => ({
        id: call.id,
        input: JSON.parse(call.function.arguments),
      }));
      const { prompt_tokens, completion_tokens } = answer.usage;
      return { text: message.content ?? '', usage: [prompt_tokens, completion_tokens], calls, turn: [message] };
    },
  });
};

const responses = (url, key) => {
  const sdk = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  return speaking({
    user: (content) => ({ role: 'user', content }),
    results: (told) => told.map(({ id, result }) => ({ type: 'function_call_output', call_id: id, output: result })),
    async ask(model, stream, input, tools) {
      const asked = { model, input, store: false, include: ['reasoning.encrypted_content'] };
      if (tools) asked.tools = [{ type: 'function', name: 'weather', parameters: CITY, strict: true }];
      const answer = stream ? await finished(await sdk.responses.create({ ...asked, stream: true })) : await sdk.responses.create(asked);
      const calls = answer.output
        .filter(({ type }) => type === 'function_call')
        .map((call) => ({ id: call.call_id, input: JSON.parse(call.arguments) }));
      const parts = answer.output.filter(({ type }) => type === 'message').flatMap(({ content }) => content);
      return {
        text: parts.map(({ text }) => text).join(''),
        usage: [answer.usage.input_tokens, answer.usage.output_tokens],
        calls,
        turn: answer.output.map(({ status, ...item }) => item),
      };
    },
  });
};

/** The response that a stream ends with. */
async function finished(events) {
  for await (const event of events) {
    if (event.type === 'response.failed') throw new Error(event.response.error.message);
    if (event.type === 'response.completed') return event.response;
  }
  throw new Error('the stream has no end');
}

const anthropic = (url, key) => {
  const sdk = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  return speaking({
    user: (content) => ({ role: 'user', content }),
    results: (told) => [
      {
        role: 'user',
        content: told.map(({ id, result }) => ({ type: 'tool_result', tool_use_id: id, content: result })),
      },
    ],
    async ask(model, stream, messages, tools) {
      const asked = { model, messages, max_tokens: 64 };
      if (tools) asked.tools = [{ name: 'weather', input_schema: CITY }];
      const answer = stream ? await sdk.messages.stream(asked).finalMessage() : await sdk.messages.create(asked);
      const { usage } = answer;
      const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
      return {
        text: answer.content.map(({ text }) => text ?? '').join(''),
        usage: [usage.input_tokens + cached, usage.output_tokens],
        calls: answer.content.filter(({ type }) => type === 'tool_use'),
        turn: [{ role: 'assistant', content: answer.content }],
      };
    },
  });
};

const google = (url, key) => {
  const sdk = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
  return speaking({
    user: (text) => ({ role: 'user', parts: [{ text }] }),
    results: (told) => [
      {
        role: 'user',
        parts: told.map(({ id, name, result }) => ({ functionResponse: { id, name, response: { result } } })),
      },
    ],
    async ask(model, stream, contents, tools) {
      const asked = { model, contents, config: {} };
      if (tools) asked.config.tools = [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: CITY }] }];
      const answers = [];
      if (stream) {
        for await (const answer of await sdk.models.generateContentStream(asked)) answers.push(answer);
      } else {
        answers.push(await sdk.models.generateContent(asked));
      }
      const parts = answers.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
      const usage = answers.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata;
      return {
        text: parts.map(({ text, thought }) => (thought ? '' : (text ?? ''))).join(''),
        usage: [usage.promptTokenCount, (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0)],
        calls: parts.flatMap(({ functionCall: call }) => (call ? [{ id: call.id, name: call.name, input: call.args }] : [])),
        turn: [{ role: 'model', parts: parts.filter((part) => part.text !== '' || part.thoughtSignature) }],
      };
    },
  });
};

const ollama = (url, key) => {
  const sdk = new Ollama({ host: url, headers: { authorization: `Bearer ${key}` } });
  return speaking({
    user: (content) => ({ role: 'user', content }),
    results: (told) => told.map(({ name, result }) => ({ role: 'tool', tool_name: name, content: result })),
    async ask(model, stream, messages, tools) {
      const asked = { model, messages, stream };
      if (tools) asked.tools = [{ type: 'function', function: { name: 'weather', parameters: CITY } }];
      const answers = [];
      if (stream) {
        for await (const answer of await sdk.chat(asked)) answers.push(answer);
      } else {
        answers.push(await sdk.chat(asked));
      }
      const text = answers.map(({ message }) => message.content).join('');
      const tool_calls = answers.flatMap(({ message }) => message.tool_calls ?? []);
      const last = answers.at(-1);
      return {
        text,
        usage: [last.prompt_eval_count, last.eval_count],
        calls: tool_calls.map(({ function: call }) => ({ name: call.name, input: call.arguments })),
        turn: [{ role: 'assistant', content: text, ...(tool_calls.length > 0 && { tool_calls }) }],
      };
    },
  });
};

/** The AI SDK walks the whole round trip by itself. */
function vercel(provider) {
  const asked = (model, prompt) => ({ model: provider(model), prompt, maxRetries: 0, maxOutputTokens: 64 });
  /** A stream's error comes as a part of it. */
  async function gathered(stream) {
    for await (const part of stream.fullStream) {
      if (part.type === 'error') throw asError(part.error);
    }
    return { text: await stream.text, steps: await stream.steps, totalUsage: await stream.totalUsage };
  }
  const go = (stream, question) =>
    stream ? gathered(streamText({ ...question, onError: () => {} })) : generateText(question);
  return {
    async say(model, stream, prompt) {
      const { text, totalUsage } = await go(stream, asked(model, prompt));
      return { text, usage: [totalUsage.inputTokens, totalUsage.outputTokens] };
    },
    async useTools(model, stream, prompt, answer) {
      const calls = [];
      const weather = tool({ inputSchema: jsonSchema(CITY), execute: async (input) => answer(input) });
      const question = { ...asked(model, prompt), tools: { weather }, stopWhen: stepCountIs(3) };
      const { text, steps } = await go(stream, question);
      for (const step of steps) calls.push(...step.toolCalls.map(({ input }) => input));
      return { calls, text };
    },
  };
}

/** Some providers of the AI SDK hand on what they were told as it came. */
function asError(told) {
  if (told instanceof Error) return told;
  return new Error(typeof told === 'string' ? told : JSON.stringify(told));
}

const named = (dialect, speaker) => Object.assign(speaker, { dialect });

/** Each SDK, and the dialect it speaks. */
export const SPEAKERS = {
  openai: named('openai', openai),
  'openai responses': named('responses', responses),
  anthropic: named('anthropic', anthropic),
  google: named('gemini', google),
  ollama: named('ollama', ollama),
  'AI SDK, openai chat': named('openai', (url, key) =>
    vercel(createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).chat),
  ),
  'AI SDK, openai responses': named('responses', (url, key) =>
    vercel(createOpenAI({ baseURL: `${url}/v1`, apiKey: key }).responses),
  ),
  'AI SDK, anthropic': named('anthropic', (url, key) =>
    vercel(createAnthropic({ baseURL: `${url}/v1`, apiKey: key })),
  ),
  'AI SDK, google': named('gemini', (url, key) =>
    vercel(createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: key })),
  ),
  'AI SDK, compatible': named('openai', (url, key) =>
    vercel(createOpenAICompatible({ name: 'box', baseURL: `${url}/v1`, apiKey: key, includeUsage: true })),
  ),
};
