// figures.ts: what a Python script beside this file prints as one line of JSON: figures of peers that need no conversation (child.ts).
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** By name; none where Python, or what the script imports, is not there. */
export function pythonFigures(script: string, ...words: readonly string[]): Record<string, number> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  try {
    const text = execFileSync(process.env['SHOAL_BENCH_PYTHON'] ?? 'python3', [path, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 300_000,
    });
    return JSON.parse(text) as Record<string, number>;
  } catch {
    return {};
  }
}
