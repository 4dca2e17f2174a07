// json-lines.ts: one JSON object a line; lines that are none are told, not lost or fatal. No schema.

export interface JsonLine {
  /** Counted from 1. */
  readonly line: number;
  /** Null: no JSON object. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** Empty lines are left out. */
export function parseJsonLines(text: string): JsonLine[] {
  return text
    .split('\n')
    .flatMap((source, i) => (source.trim() === '' ? [] : [{ line: i + 1, value: objectOf(source) }]));
}

function objectOf(source: string): JsonLine['value'] {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
