// bad-samples.ts: the commonest reasons for which samples are bad, each with an example, on stderr. It decides nothing.
import type { Bad } from '../../datasets/source.ts';
import { count, table } from './format.ts';
import type { Screen } from './screen.ts';

/** Reasons that are printed. */
const COMMONEST = 10;

export function showBad(bad: readonly Pick<Bad, 'key' | 'reason'>[], samples: number, screen: Screen): void {
  if (bad.length === 0) return;
  const reasons = new Map<string, { times: number; key: string }>();
  for (const { key, reason } of bad) {
    const known = reasons.get(reason);
    if (known) known.times++;
    else reasons.set(reason, { times: 1, key });
  }
  const commonest = [...reasons].sort(([, a], [, b]) => b.times - a.times).slice(0, COMMONEST);
  screen.err(`${count(bad.length)} of ${count(samples)} are bad:`);
  screen.err(
    table(
      commonest.map(([reason, { times, key }]) => [count(times), reason, JSON.stringify(key)]),
      [0],
    ),
  );
}
