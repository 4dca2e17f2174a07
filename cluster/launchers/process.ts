// process.ts: one process of a run: started, listened to, started again when it dies, for as long as that helps. Not which (run.ts).
import type { ProcessEvent } from '../../trainer/events.ts';
import type { Place, Start, Started } from './place.ts';

export type Role = ProcessEvent['role'];

export interface SupervisedOptions {
  readonly role: Role;
  readonly name: string;
  readonly place: Place;
  /** Of `shoal`, asked for at every start. */
  readonly args: () => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  line?: Start['line'];
  /** A line of its stderr. */
  said?(text: string): void;
  message?: Start['message'];
  /** Whether it is not worth starting again, after what it said. Default: it is. */
  hopeless?(text: string): boolean;
  /** It has been started again. */
  restarted(): void;
  /** It has ended and is not started again. `code` null: by a signal. `text`: the end of its stderr. */
  ended(code: number | null, text: string): void;
}

export interface Supervised {
  readonly role: Role;
  readonly name: string;
  readonly running: boolean;
  /** Kill -9. It is started again, and that counts for nothing. */
  kill(): void;
  signal(signal: NodeJS.Signals): void;
  /** Whatever goes wrong from now on starts anew to be counted. */
  progressed(): void;
  /** Not started again; resolves when it is gone, killed after the grace. */
  stop(graceMs: number): Promise<void>;
}

/** Deaths in a row, without a step between them, after which it is given up. */
const MOST_DEATHS = 8;
const TEXT = 4000;
/** The exit code of what was asked for and cannot be run. */
export const REFUSED = 2;
/** Exit codes after which it is not started again: it would end the same, or it was interrupted. */
const FINAL: ReadonlySet<number | null> = new Set([0, REFUSED, 130]);

export function supervise(options: SupervisedOptions): Supervised {
  const { role, name, place, env } = options;
  let child: Started | null = null;
  let timer: NodeJS.Timeout | null = null;
  let deaths = 0;
  let meant = false;
  let stopping = false;
  let gone = (): void => {};
  const over = new Promise<void>((resolve) => {
    gone = resolve;
  });

  function start(): void {
    let text = '';
    let rest = '';
    child = place.start({
      args: options.args(),
      env,
      line: (line) => options.line?.(line),
      text(chunk) {
        text = (text + chunk).slice(-TEXT);
        const lines = (rest + chunk).split('\n');
        rest = lines.pop()!;
        for (const line of lines) options.said?.(line);
      },
      message: (message) => options.message?.(message),
      closed(code) {
        child = null;
        if (!meant) deaths++;
        if (stopping || FINAL.has(code) || deaths > MOST_DEATHS || options.hopeless?.(text)) {
          options.ended(code, text);
          gone();
          return;
        }
        const pause = meant ? 0 : Math.min(5000, 100 * 2 ** deaths);
        meant = false;
        timer = setTimeout(() => {
          timer = null;
          options.restarted();
          start();
        }, pause);
      },
    });
  }
  start();

  return {
    role,
    name,
    get running() {
      return child !== null;
    },
    kill() {
      if (child === null) return;
      meant = true;
      child.signal('SIGKILL');
    },
    signal: (signal) => child?.signal(signal),
    progressed() {
      deaths = 0;
    },
    async stop(graceMs) {
      stopping = true;
      if (timer) clearTimeout(timer);
      if (child === null) return;
      const late = setTimeout(() => child?.signal('SIGKILL'), graceMs);
      await over;
      clearTimeout(late);
    },
  };
}
