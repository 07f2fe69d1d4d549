// Types of the canned answers, for the tests that use them.

export interface Scene {
  name: string;
  rows: import("../src/api/generated").RequestRow[];
  answers: Record<string, (input: never) => unknown>;
  refuse?: Record<string, { code: string; message: string }>;
  status?: number;
  error?: { code: string; message: string };
}

export const scenes: Map<string, Scene>;
export function answer(scene: Scene, operation: string, input: unknown): { status?: number; body: unknown; afterMs?: number };
