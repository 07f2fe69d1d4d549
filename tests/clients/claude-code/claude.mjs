// Claude Code, one-shot, as its users point it at Signalbox.

import { fileURLToPath } from 'node:url';

import { run } from '../providers.mjs';

// The program is native, and named so on every system.
const CLAUDE = fileURLToPath(
  new URL('../../node_modules/@anthropic-ai/claude-code/bin/claude.exe', import.meta.url),
);

/** Runs one prompt, in which files may be read, with a home of its own. */
export const claude = (t, folder, url, key, model, prompt) =>
  run(t, CLAUDE, ['-p', prompt, '--output-format', 'text', '--allowedTools', 'Read'], folder, {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_AUTH_TOKEN: key,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
    DISABLE_AUTOUPDATER: '1',
  });
