// status.ts: `shoal status`: how a run of several processes fares, once or again and again. Who knows it: cluster/monitor.ts.
import { setTimeout as wait } from 'node:timers/promises';
import { ShoalError } from '../../base/errors.ts';
import { askStatus } from '../../cluster/ask-status.ts';
import type { TlsOptions } from '../input/cluster-options.ts';
import { findRun, newestRun } from '../input/find-run.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import type { Screen } from '../output/screen.ts';
import { statusText } from '../output/status-text.ts';

export interface StatusOptions extends Pick<TlsOptions, 'ca'> {
  readonly json?: boolean;
  readonly watch?: boolean;
  /** Sends the token beyond loopback without TLS. */
  readonly insecure?: boolean;
}

const EVERY_MS = 1000;
/** A coordinator that was lost is back in this time, where something starts it again. */
const PATIENCE_MS = 15_000;
const CLEAR = '\x1b[H\x1b[2J';

export async function statusCommand(
  where: string | undefined,
  options: StatusOptions,
  screen: Screen,
): Promise<ExitCode> {
  const run = where ?? newestRun();
  async function show(): Promise<void> {
    const reach = { ...(await findRun(run, options)), ...(options.insecure && { insecure: true }) };
    const status = await askStatus(reach);
    if (options.json) screen.out(JSON.stringify(status));
    else screen.out(`${options.watch && screen.live ? CLEAR : ''}${statusText(status, screen.outColors)}`);
  }
  if (!options.watch) {
    await show();
    return EXIT.done;
  }
  const stop = new AbortController();
  const stopListening = onInterrupt(
    () => stop.abort(),
    () => process.exit(EXIT.done),
  );
  try {
    return await watch(show, stop.signal, screen);
  } finally {
    stopListening();
  }
}

/** Until Ctrl-C, or the end of the run. */
async function watch(show: () => Promise<void>, signal: AbortSignal, screen: Screen): Promise<ExitCode> {
  let seen = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      await show();
      seen = performance.now();
    } catch (error) {
      const lost = error instanceof ShoalError && (error.code === 'SHOAL_WIRE_CONNECT' || error.code === 'SHOAL_ENDED');
      if (lost && error.code === 'SHOAL_ENDED' && seen > 0) {
        screen.err(error.got);
        return EXIT.done;
      }
      if (!lost || performance.now() - seen > PATIENCE_MS) throw error;
    }
    await wait(EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return EXIT.done;
}
