// The lines that point a tool here. Pure text; a key is filled in only while it
// is shown on the page anyway.

const MODEL = "practice/steady";

export interface Tool {
  id: string;
  name: string;
  text: string;
  note: string;
}

export function tools(baseUrl: string, key?: string): Tool[] {
  const shown = key ?? "YOUR_CLIENT_KEY";
  return [
    {
      id: "curl",
      name: "curl",
      text: curlLine(baseUrl, key),
      note: "The practice model answers without any provider. Any alias or provider/model takes its place.",
    },
    {
      id: "claude-code",
      name: "Claude Code",
      text: [
        `export ANTHROPIC_BASE_URL=${baseUrl}`,
        `export ANTHROPIC_AUTH_TOKEN=${shown}`,
        "claude",
      ].join("\n"),
      note: "The base URL has no /v1 here: Claude Code adds it.",
    },
    {
      id: "openai",
      name: "OpenAI SDK",
      text: [
        "from openai import OpenAI",
        "",
        `client = OpenAI(base_url="${baseUrl}/v1", api_key="${shown}")`,
        "answer = client.chat.completions.create(",
        `    model="${MODEL}",`,
        '    messages=[{"role": "user", "content": "Hello"}],',
        ")",
        "print(answer.choices[0].message.content)",
      ].join("\n"),
      note: "The base URL ends in /v1. The same two values work in every SDK and tool that speaks OpenAI's chat completions.",
    },
    {
      id: "anthropic",
      name: "Anthropic SDK",
      text: [
        "from anthropic import Anthropic",
        "",
        `client = Anthropic(base_url="${baseUrl}", auth_token="${shown}")`,
        "answer = client.messages.create(",
        `    model="${MODEL}",`,
        "    max_tokens=256,",
        '    messages=[{"role": "user", "content": "Hello"}],',
        ")",
        "print(answer.content[0].text)",
      ].join("\n"),
      note: "The base URL has no /v1: the SDK adds it.",
    },
  ];
}

export function curlLine(baseUrl: string, key?: string): string {
  return [
    `curl ${baseUrl}/v1/chat/completions \\`,
    `  -H "Authorization: Bearer ${key ?? "YOUR_CLIENT_KEY"}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"model": "${MODEL}", "messages": [{"role": "user", "content": "Hello"}]}'`,
  ].join("\n");
}
