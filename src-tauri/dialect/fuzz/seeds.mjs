// Usage: node seeds.mjs FOLDER
//
// Promises: something true to begin with: every request, reply and stream of the fixtures, once for
// each endpoint that could be asked or answer so, in FOLDER/<target>/. Made anew for each run; what
// the fuzzer finds stays beside it. The first bytes choose what an input is fed to (laws.rs).
// Their names and short words are the fuzzer's dictionary, FOLDER/words.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2];
const fixtures = new URL('../fixtures/', import.meta.url).pathname;
const streams = new URL('../tests/dialect/streams/', import.meta.url).pathname;

const words = new Set();

function seed(target, choice, body) {
    for (const [, word] of body.toString().matchAll(/"([A-Za-z][\w.-]{1,40})"/g)) words.add(word);
    const bytes = Buffer.concat([Buffer.from(choice), Buffer.from(body)]);
    const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    mkdirSync(join(out, target), { recursive: true });
    writeFileSync(join(out, target, name), bytes);
}

const files = folder => readdirSync(folder).sort().map(name => join(folder, name));

// The order of endpoints that generate and count, as Endpoint::ALL has them.
const asked = { openai: 0, responses: 2, anthropic: 3, gemini: 4, ollama: 5 };
for (const [dialect, endpoint] of Object.entries(asked)) {
    for (const [at, file] of files(join(fixtures, dialect)).entries()) {
        for (let to = 0; to < 7; to += 1) seed('requests', [endpoint, to, at & 255, (at * 7) & 255], readFileSync(file));
    }
}

// The order of PROVIDERS.
const answers = { openai: 0, responses: 1, anthropic: 2, gemini: 3, ollama: 4, bedrock: 5, cohere: 6 };
function reply(dialect, bytes) {
    for (let to = 0; to < 7; to += 1) seed('streams', [answers[dialect], to, to, 7], bytes);
}
for (const file of files(streams).filter(file => file.endsWith('.sse'))) {
    reply(file.includes('anthropic') ? 'anthropic' : 'openai', readFileSync(file));
}
for (const [dialect, answer] of Object.entries(answers)) {
    for (const file of files(join(fixtures, 'replies', dialect))) {
        for (let caller = 0; caller < 7; caller += 1) seed('wholes', [answer, caller, 0], readFileSync(file));
    }
}
const text = frame => (typeof frame === 'string' ? frame : JSON.stringify(frame));
for (const folder of ['edges', 'bad_input']) {
    for (const file of files(join(fixtures, folder))) {
        for (const step of JSON.parse(readFileSync(file, 'utf8')).shown ?? []) {
            const to = step.to.dialect;
            if (step.request) seed('vectors', [0, 0, 0], JSON.stringify(step.request));
            if (step.reply) {
                for (let caller = 0; caller < 7; caller += 1) seed('wholes', [answers[to], caller, 0], JSON.stringify(step.reply));
                seed('vectors', [1, 0, 1], JSON.stringify(step.reply));
                seed('refusals', [answers[to], 1, 173], JSON.stringify(step.reply));
            }
            if (step.stream) {
                const ends = to === 'ollama' ? ['', '\n'] : ['data: ', '\n\n'];
                reply(to, step.stream.map(frame => ends[0] + text(frame) + ends[1]).join(''));
                const lines = step.stream.map((frame, at) => String.fromCharCode(at) + text(frame));
                seed('frames', [answers[to], 0, 0, 5], lines.join('\n'));
            }
        }
    }
}

// One answer and one call from each whose streams the fixtures have too few of.
const lines = (...frames) => frames.map(frame => JSON.stringify(frame) + '\n').join('');
const events = (...frames) => frames.map(frame => `data: ${JSON.stringify(frame)}\n\n`).join('');
const look = { name: 'look', args: { a: 1 } };
reply('ollama', lines(
    { model: 'm', message: { role: 'assistant', thinking: 'Hm.', content: '' }, done: false },
    { model: 'm', message: { role: 'assistant', content: 'Hi' }, done: false },
    { model: 'm', message: { content: '', tool_calls: [{ function: { name: 'look', arguments: { a: 1 } } }] }, done: false },
    { model: 'm', done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 2 },
));
reply('gemini', events(
    { responseId: 'r', candidates: [{ content: { role: 'model', parts: [{ text: 'Hm.', thought: true }] } }] },
    { candidates: [{ content: { parts: [{ text: 'Hi' }] } }] },
    { candidates: [{ content: { parts: [{ functionCall: look, thoughtSignature: 'c2ln' }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 3 } },
));
reply('cohere', events(
    { type: 'message-start', id: 'c', delta: { message: { role: 'assistant' } } },
    { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
    { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hi' } } } },
    { type: 'content-end', index: 0 },
    { type: 'tool-call-start', index: 0, delta: { message: { tool_calls: { id: 'a', type: 'function', function: { name: 'look', arguments: '' } } } } },
    { type: 'tool-call-delta', index: 0, delta: { message: { tool_calls: { function: { arguments: '{"a":1}' } } } } },
    { type: 'tool-call-end', index: 0 },
    { type: 'message-end', delta: { finish_reason: 'TOOL_CALL', usage: { tokens: { input_tokens: 3, output_tokens: 2 } } } },
));
reply('responses', events(
    { type: 'response.created', response: { id: 'resp_1', model: 'm' } },
    { type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', id: 'fc_1', call_id: 'a', name: 'look', arguments: '' } },
    { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'fc_1', delta: '{"a":1}' },
    { type: 'response.output_item.done', output_index: 0, item: { type: 'function_call', id: 'fc_1', call_id: 'a', name: 'look', arguments: '{"a":1}' } },
    { type: 'response.completed', response: { id: 'resp_1', status: 'completed', model: 'm', output: [], usage: { input_tokens: 3, output_tokens: 2 } } },
));

const amazon = [
    [0, { role: 'assistant' }],
    [1, { contentBlockIndex: 0, start: { toolUse: { toolUseId: 'a', name: 'look' } } }],
    [2, { contentBlockIndex: 0, delta: { toolUse: { input: '{"a":1}' } } }],
    [3, { contentBlockIndex: 0 }],
    [2, { contentBlockIndex: 1, delta: { reasoningContent: { text: 'Hm.', signature: 'EqQB' } } }],
    [4, { stopReason: 'tool_use' }],
    [5, { usage: { inputTokens: 3, outputTokens: 2 } }],
    [7, { message: 'slow' }],
];
for (let to = 0; to < 7; to += 1) {
    const lines = amazon.map(([name, event]) => String.fromCharCode(name) + JSON.stringify(event));
    seed('frames', [0, to, to, 3], lines.join('\n'));
}
seed('frames', [1, 0, 0, 3], '\x06{"bytes":"eyJ0eXBlIjoicGluZyJ9"}');

const refusals = [
    '{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":"rate_limit_exceeded"}}',
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    '{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17s"}]}}',
    '{"message":"too many tokens","__type":"ThrottlingException"}',
    '{"error":"model not found"}',
    '<html><body>502 Bad Gateway</body></html>',
    'retry-after: 7\nx-ratelimit-reset-requests: 1m2.5s\nanthropic-ratelimit-tokens-reset: 2026-01-01T00:00:00Z\n',
    'retry-after:Wed, 21 Oct 2026 07:28:00 GMT\n',
    '--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x--\r\n',
    '{"model":"m","stream":true,"messages":[]}',
];
for (const body of refusals) for (let dialect = 0; dialect < 7; dialect += 1) seed('refusals', [dialect, 1, 173], body);

const vectors = [
    '{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":2}',
    '{"object":"list","data":[{"index":0,"embedding":[1.0,-2.5]},{"index":1,"embedding":"AACAPwAAIMA="}],"usage":{"prompt_tokens":1}}',
    '{"content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY"}',
    '{"requests":[{"model":"m","content":{"parts":[{"text":"a"}]}}]}',
    '{"embeddings":[{"values":[1.0]}]}',
    '{"embeddings":[[1.0]],"prompt_eval_count":1}',
    '{"embeddings":{"float":[[1.0]]},"meta":{"billed_units":{"input_tokens":1,"search_units":1}}}',
    '{"results":[{"index":0,"relevance_score":0.5}],"meta":{"billed_units":{"search_units":1}}}',
];
for (const body of vectors) for (let endpoint = 0; endpoint < 5; endpoint += 1) seed('vectors', [endpoint, endpoint, 1], body);

writeFileSync(join(out, 'words'), [...words].sort().map(word => `"${word}"\n`).join(''));
