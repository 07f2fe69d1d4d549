// The control API's words in plain English, in one place, so that a lamp, a list
// and a receipt never call one thing by two names. Unknown words pass through:
// a newer server must not make an older panel lie.

import { count, duration, roughMoney } from "./format";
import { hitMark, toldAgain } from "./kept";
import { isByTool } from "./tools";
import type { AttemptShown, BreakerState, HealthState, LostShown, NetworkShown, ReceiptShown, RequestRow } from "./api/generated";

/** What a lamp shows. The shape differs as well as the colour. */
export type Aspect = "clear" | "caution" | "danger" | "dark" | "held" | "off";

export const HEALTH: Record<HealthState, { aspect: Aspect; word: string; meaning: string }> = {
  healthy: { aspect: "clear", word: "Healthy", meaning: "Under 2% of recent attempts failed." },
  degraded: { aspect: "caution", word: "Degraded", meaning: "2% or more of what was asked failed, it asked for a pause, or it is coming back." },
  failing: { aspect: "danger", word: "Failing", meaning: "5% or more failed. Aliases with a rule ask it only to see whether it is back." },
  idle: { aspect: "dark", word: "Idle", meaning: "No attempt in the last five minutes." },
  draining: { aspect: "held", word: "Draining", meaning: "Takes no new work and finishes what it has." },
  disabled: { aspect: "off", word: "Disabled", meaning: "Switched off." },
  no_key: { aspect: "caution", word: "No key", meaning: "Its key is missing, so it gets no requests." },
};

export const BREAKER: Record<BreakerState, { aspect: Aspect; word: string; meaning: string }> = {
  healthy: { aspect: "clear", word: "Healthy", meaning: "Under 2% errors." },
  degraded: { aspect: "caution", word: "Degraded", meaning: "2% errors or more: asked less." },
  recovering: { aspect: "held", word: "Recovering", meaning: "It answers again and takes a growing share." },
  failed: { aspect: "danger", word: "Failed", meaning: "5% errors or more: asked only to see whether it is back." },
};

export const NETWORK: Record<NetworkShown, { aspect: Aspect; word: string; meaning: string }> = {
  fine: { aspect: "clear", word: "Fine", meaning: "Nothing points to this machine's own network." },
  slow: { aspect: "caution", word: "Your own network is slow", meaning: "Every provider has become slow together, so nobody is blamed for it." },
  unreachable: { aspect: "danger", word: "Nobody can be reached", meaning: "No provider at all can be reached, so nobody is blamed for it. Look at this machine's own connection." },
  offline: { aspect: "dark", word: "Offline", meaning: "This machine has no network. Nothing is learnt meanwhile; what had failed is tried once it is back." },
};

const ENDINGS: Record<string, { aspect: Aspect; word: string }> = {
  complete: { aspect: "clear", word: "Answered" },
  refused: { aspect: "caution", word: "Refused" },
  failed: { aspect: "danger", word: "Failed" },
  broken: { aspect: "danger", word: "Broke off" },
  client_gone: { aspect: "dark", word: "Client left" },
};

export function ending(row: RequestRow): { aspect: Aspect; word: string } {
  return ENDINGS[row.ending] ?? { aspect: "dark", word: row.ending };
}

const FAILURES: Record<string, string> = {
  bad_request: "request not accepted",
  auth: "key not accepted",
  permission: "not permitted",
  not_found: "model not known",
  quota: "quota used up",
  rate_limit: "rate limit",
  overloaded: "overloaded",
  context_overflow: "prompt too long",
  content_filter: "declined by its content policy",
  state_lost: "earlier thoughts not accepted",
  timeout: "no answer in time",
  server: "server error",
  connection: "no connection",
  tls: "no secure connection",
  bad_reply: "unreadable answer",
  broken_stream: "stream broke off",
  drained: "taken back by a drain",
};

export function failure(category: string): string {
  return FAILURES[category] ?? category.replaceAll("_", " ");
}

const ENDPOINTS: Record<string, string> = {
  chat_completions: "Chat completions",
  completions: "Completions",
  embeddings: "Embeddings",
  images_generations: "Images",
  images_edits: "Image edits",
  images_variations: "Image variations",
  audio_speech: "Speech",
  audio_transcriptions: "Transcription",
  audio_translations: "Speech translation",
  responses: "Responses",
  input_tokens: "Count tokens",
  messages: "Messages",
  count_tokens: "Count tokens",
  generate_content: "Generate content",
  gemini_count_tokens: "Count tokens",
  embed_content: "Embeddings",
  batch_embed_contents: "Embeddings",
  ollama_chat: "Ollama chat",
  ollama_generate: "Ollama generate",
  ollama_embed: "Embeddings",
  rerank: "Rerank",
};

const LOSSES: Record<string, string> = {
  equivalent: "was written another way",
  degraded: "kept its meaning, not its guarantee",
  dropped: "was left out",
};

export function loss(name: string): string {
  return LOSSES[name] ?? name;
}

export function endpoint(name: string | null): string {
  return name === null ? "Unknown path" : (ENDPOINTS[name] ?? name);
}

const STOPS: Record<string, string> = {
  end: "the model had finished",
  stop_sequence: "a stop sequence was met",
  max_tokens: "the output limit was reached",
  context_full: "the context window was full",
  tool_call: "the model asked for a tool",
  filtered: "the provider's filter cut the answer",
  refusal: "the model declined",
  pause: "the provider paused a long turn",
  other: "a reason Signalbox has no word for",
};

export function stopReason(stop: string): string {
  return STOPS[stop] ?? stop.replaceAll("_", " ");
}

const DIALECTS: Record<string, string> = {
  openai: "OpenAI",
  responses: "Responses",
  anthropic: "Anthropic",
  gemini: "Gemini",
  ollama: "Ollama",
  bedrock: "Bedrock",
  cohere: "Cohere",
};

export function dialect(name: string): string {
  return DIALECTS[name] ?? name;
}

const PARTS: Record<string, { label: string; placeholder: string; hint: string }> = {
  resource: { label: "Resource", placeholder: "my-resource", hint: "Its name in the Azure portal." },
  region: { label: "Region", placeholder: "eu-west-1", hint: "Where its models run." },
  project: { label: "Project", placeholder: "my-project", hint: "The project's id, not its title or number." },
  location: { label: "Location", placeholder: "europe-west1", hint: "A region, or global, us or eu." },
};

/** How a part of a provider's address is asked for. */
export function part(name: string): { label: string; placeholder?: string; hint?: string } {
  return PARTS[name] ?? { label: name.charAt(0).toUpperCase() + name.slice(1) };
}

/** `failed: rate limit (429) after 120 ms`, or `answered in 1.2 s`. */
export function attemptOutcome(attempt: AttemptShown): string {
  if (attempt.lost !== null) return `cancelled after ${duration(attempt.took_ms)}: the other one was sooner`;
  if (attempt.failure === null) return `answered in ${duration(attempt.took_ms)}`;
  const status = attempt.status === null ? "" : ` (${attempt.status})`;
  return `failed: ${failure(attempt.failure)}${status} after ${duration(attempt.took_ms)}`;
}

/** What a cancelled attempt is taken to have cost. */
export function lostCost({ cost_basis, cost_nano_usd }: LostShown): string {
  return cost_basis === "none" ? "what it cost is not known" : `it may cost ${roughMoney(cost_nano_usd)}`;
}

/** The whole way of a request in one sentence; also what a screen reader hears. */
export function routeSentence({ row, attempts }: ReceiptShown): string {
  const asked = row.requested_model === null ? "No model was named" : `Asked for ${row.requested_model}`;
  const steps = [asked];
  if (row.alias !== null) steps.push(row.alias === row.requested_model ? "alias" : `alias ${row.alias}`);
  for (const attempt of attempts) {
    steps.push(`${attempt.provider}/${attempt.model} ${attemptOutcome(attempt)}`);
  }
  if (isByTool(row)) steps.push(`the tool ${row.model ?? ""} answered`);
  else if (hitMark(row.cache) !== undefined) steps.push(toldAgain(row.cache ?? ""));
  else if (attempts.length === 0) steps.push("no provider was asked");
  return steps.join(" → ");
}

/** A reason as a whole sentence: some arrive as the bare words of an error. */
export function sentence(reason: string): string {
  const text = reason.trim();
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

const BASES: Record<string, string> = {
  metered: "metered: the provider reported it",
  estimated: "estimated: derived from sizes",
  none: "not known",
};

export function basis(name: string): string {
  return BASES[name] ?? name;
}

/** Tokens in and out: `1,234 in, 56 out`. */
export function tokensInOut(row: RequestRow): string {
  return `${count(row.input_tokens)} in, ${count(row.output_tokens)} out`;
}
