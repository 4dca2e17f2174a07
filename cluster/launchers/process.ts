// process.ts: one process of a local run: started, listened to, started again when it dies, for as long as that helps. Not which (local.ts).
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ProcessEvent } from '../../trainer/events.ts';

export type Role = ProcessEvent['role'];

export interface SupervisedOptions {
  readonly role: Role;
  readonly name: string;
  /** Program and arguments, asked for at every start. */
  readonly command: () => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A line of its stdout. */
  line?(text: string): void;
  /** What it sent by process.send. */
  message?(message: unknown): void;
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
/** Exit codes after which a new start would end the same: what was asked for cannot be run, or it was interrupted. */
const FINAL = new Set([0, 2, 130]);

export function supervise(options: SupervisedOptions): Supervised {
  const { role, name } = options;
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  let deaths = 0;
  let meant = false;
  let stopping = false;
  let gone = (): void => {};
  const over = new Promise<void>((resolve) => {
    gone = resolve;
  });

  function start(): void {
    const [program, ...args] = options.command();
    let text = '';
    const now = spawn(program!, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...options.env },
      detached: true, // Ctrl-C is the launcher's; when that dies the channel closes, and with it the process
    });
    child = now;
    createInterface({ input: now.stdout! }).on('line', (line) => options.line?.(line));
    now.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-TEXT);
    });
    now.on('message', (message) => options.message?.(message));
    now.on('error', (error) => {
      text += error.message;
    });
    now.on('close', (code) => {
      child = null;
      if (!meant) deaths++;
      if (stopping || (code !== null && FINAL.has(code)) || deaths > MOST_DEATHS) {
        options.ended(code, text);
        gone();
        return;
      }
      const pause = meant ? 0 : Math.min(5000, 100 * 2 ** deaths);
      meant = false;
      timer = setTimeout(() => {
        options.restarted();
        start();
      }, pause);
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
      child.kill('SIGKILL');
    },
    signal: (signal) => void child?.kill(signal),
    progressed() {
      deaths = 0;
    },
    async stop(graceMs) {
      stopping = true;
      if (timer) clearTimeout(timer);
      if (child === null) return;
      const late = setTimeout(() => child?.kill('SIGKILL'), graceMs);
      await over;
      clearTimeout(late);
    },
  };
}
