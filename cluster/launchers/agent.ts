// agent.ts: the far end of a launcher that reaches its hosts through a stream (ssh-place.ts): starts one process of a run, passes on what it
// says and what signals it is sent, and ends it when the near end falls silent. It decides nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Problem, toWire } from '../../base/errors.ts';
import type { About } from './about.ts';
import { here, type Started } from './place.ts';

/** A line to the agent, as JSON. */
export type ToAgent =
  /** `files` are put into a folder that only this user may read, for which {files} stands in `args`; it goes with the process. */
  | {
      readonly do: 'start';
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly do: 'check'; readonly job: unknown }
  | { readonly do: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly do: 'alive' };

/** A line from it. */
export type FromAgent =
  | { readonly line: string }
  | { readonly text: string }
  | { readonly message: unknown }
  /** null: by a signal. */
  | { readonly exit: number | null }
  /** With the addresses of both ends as sshd saw them; null where no sshd started us. */
  | { readonly about: About; readonly client: string | null; readonly server: string | null }
  | { readonly problem: Problem };

export interface AgentOptions {
  readonly input: Readable;
  /** What runs `shoal` here. */
  readonly command: readonly string[];
  readonly write: (message: FromAgent) => void;
  readonly about: (job: unknown) => Promise<About>;
  /** Nothing from the near end for so long: it is gone, or the network is. Default 30 s; it says something every 5. */
  readonly silenceMs?: number;
}

export const ALIVE_MS = 5000;
const GRACE_MS = 5000;

/** @returns the exit code for this process: that of the process it started, 128 + n for signals, 0 after a check */
export async function runAgent({ input, command, write, about, silenceMs = 30_000 }: AgentOptions): Promise<number> {
  let child: Started | null = null;
  let folder: string | null = null;
  let end = (_: number): void => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });

  function start({ args, env, files }: Extract<ToAgent, { do: 'start' }>): void {
    child = here(command).start({
      args: withFiles(args, files),
      env,
      line: (line) => write({ line }),
      text: (text) => write({ text }),
      message: (message) => write({ message }),
      closed(code) {
        child = null;
        write({ exit: code });
        end(code ?? 128 + constants.signals.SIGKILL);
      },
    });
  }

  /** Writes the files, and puts their folder into the arguments. */
  function withFiles(args: readonly string[], files: Readonly<Record<string, string>>): readonly string[] {
    const contents = Object.entries(files);
    if (contents.length === 0) return args;
    const at = mkdtempSync(join(tmpdir(), 'shoal-')); // mode 700
    folder = at;
    for (const [name, content] of contents) writeFileSync(join(at, name), content, { mode: 0o600 });
    return args.map((word) => word.replaceAll('{files}', at));
  }

  async function check(job: unknown): Promise<void> {
    const [client = null, , server = null] = process.env['SSH_CONNECTION']?.split(' ') ?? [];
    try {
      write({ about: await about(job), client, server });
      end(0);
    } catch (error) {
      write({ problem: toWire(error) });
      end(1);
    }
  }

  let late: NodeJS.Timeout | undefined;
  /** The near end is gone: nobody would ever end the process. */
  function orphaned(): void {
    if (!child) {
      end(1);
      return;
    }
    child.signal('SIGTERM');
    late ??= setTimeout(() => child?.signal('SIGKILL'), GRACE_MS);
  }

  let silence = setTimeout(orphaned, silenceMs);
  const lines = createInterface({ input });
  lines.on('line', (text) => {
    clearTimeout(silence);
    silence = setTimeout(orphaned, silenceMs);
    const message = JSON.parse(text) as ToAgent;
    if (message.do === 'start') start(message);
    else if (message.do === 'check') void check(message.job);
    else if (message.do === 'signal') child?.signal(message.signal);
  });
  lines.on('close', orphaned);
  try {
    return await ended;
  } finally {
    clearTimeout(silence);
    clearTimeout(late);
    lines.removeAllListeners('close');
    lines.close();
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}
