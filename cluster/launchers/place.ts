// place.ts: where a process of a run is started: here, or wherever a launcher reaches. Not which, and not what becomes of it (process.ts).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Start {
  /** Of `shoal`: a role and its options. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A line of its stdout. */
  line(text: string): void;
  /** A piece of its stderr. */
  text(chunk: string): void;
  /** What it sent by process.send. */
  message(message: unknown): void;
  /** It is gone. `code` null: by a signal, or nobody knows. Called once, after everything else. */
  closed(code: number | null): void;
}

export interface Started {
  /** SIGKILL is sure to end it, for whoever can still be reached. */
  signal(signal: NodeJS.Signals): void;
}

export interface Place {
  /** Host, as it stands before its lines. */
  readonly name: string;
  start(start: Start): Started;
}

/**
 * This machine.
 * @param command what runs `shoal`: [node, bin/shoal.js]
 */
export const here = (command: readonly string[], name = 'here'): Place => ({
  name,
  start({ args, env, line, text, message, closed }) {
    const [program, ...first] = command;
    const child = spawn(program!, [...first, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
      detached: true, // Ctrl-C is the launcher's; when that dies the channel closes, and with it the process
    });
    createInterface({ input: child.stdout! }).on('line', line);
    child.stderr!.setEncoding('utf8').on('data', text);
    child.on('message', message);
    child.on('error', (error) => text(error.message));
    child.on('close', (code) => closed(code));
    return { signal: (signal) => void child.kill(signal) };
  },
});
