// ssh-place.ts: another machine as a place to start processes at: an ssh client a process, with an agent (agent.ts) at its far end.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fromWire, ShoalError } from '../../base/errors.ts';
import type { About } from './about.ts';
import { ALIVE_MS, type FromAgent, type ToAgent } from './agent.ts';
import type { Place } from './place.ts';

export interface Remote {
  /** The client and its options: ["ssh", "-F", "config"]. */
  readonly ssh: readonly string[];
  /** What the far shell runs: the agent. */
  readonly agent: string;
}

/** No question is ever asked, and a host that is gone is noticed. */
const OPTIONS = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=5', 'ServerAliveCountMax=3'];
const GONE_MS = 3000;

interface Talk {
  readonly child: ChildProcess;
  tell(message: ToAgent): void;
}

function talk(
  { ssh, agent }: Remote,
  host: string,
  hear: (message: FromAgent) => void,
  text: (chunk: string) => void,
  closed: (code: number | null) => void,
): Talk {
  const [program, ...first] = ssh;
  const args = [...first, ...OPTIONS.flatMap((it) => ['-o', it]), '-T', host, agent];
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const tell = (message: ToAgent): void => void child.stdin!.write(`${JSON.stringify(message)}\n`);
  const alive = setInterval(() => tell({ do: 'alive' }), ALIVE_MS);
  child.stdin!.on('error', () => {}); // told of by 'close'
  createInterface({ input: child.stdout! }).on('line', (line) => {
    let message: FromAgent;
    try {
      message = JSON.parse(line) as FromAgent;
    } catch {
      text(`${line}\n`); // a greeting of the far shell
      return;
    }
    hear(message);
  });
  child.stderr!.setEncoding('utf8').on('data', text);
  child.on('error', (error) => text(error.message));
  child.on('close', (code) => {
    clearInterval(alive);
    closed(code);
  });
  return { child, tell };
}

/** @param files by name: put beside the process, where {files} stands for their folder in its options */
export const sshPlace = (remote: Remote, host: string, files: Readonly<Record<string, string>>): Place => ({
  name: host,
  start({ args, env, line, text, message, closed }) {
    let exit: number | null = null;
    const hear = (said: FromAgent): void => {
      if ('line' in said) line(said.line);
      else if ('text' in said) text(said.text);
      else if ('message' in said) message(said.message);
      else if ('exit' in said) exit = said.exit;
    };
    // without the agent's word the code is that of ssh itself: a host that cannot be reached, which may come back
    const { child, tell } = talk(remote, host, hear, text, () => closed(exit));
    tell({ do: 'start', args, env, files });
    return {
      signal(signal) {
        tell({ do: 'signal', signal });
        if (signal === 'SIGKILL') setTimeout(() => child.kill('SIGKILL'), GONE_MS).unref();
      },
    };
  },
});

/** What a host is, and the addresses by which it and we are reached. */
export interface HostAbout {
  readonly about: About;
  /** Ours, as the host sees it. */
  readonly client: string;
  readonly server: string;
}

/** @throws SHOAL_LAUNCH_HOST when the host cannot be reached or has no agent; what the agent found wrong */
export function askHost(remote: Remote, host: string, job: unknown): Promise<HostAbout> {
  return new Promise((resolve, reject) => {
    let text = '';
    let found: FromAgent | null = null;
    const hear = (message: FromAgent): void => {
      found = message;
    };
    const { tell } = talk(
      remote,
      host,
      hear,
      (chunk) => {
        text = (text + chunk).slice(-2000);
      },
      (code) => {
        if (found && 'about' in found && found.client !== null && found.server !== null)
          resolve({ about: found.about, client: found.client, server: found.server });
        else if (found && 'problem' in found) reject(fromWire(found.problem));
        else reject(unreachable(host, code, text));
      },
    );
    tell({ do: 'check', job });
  });
}

const unreachable = (host: string, code: number | null, text: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_LAUNCH_HOST',
    operation: `reach ${host}`,
    got: `code ${code}${text.trim() === '' ? '' : `:\n${text.trim()}`}`,
    expected: 'a login without questions, and the same version of Shoal at the same path',
    hint: `Try: ssh -o BatchMode=yes ${host} true. --remote says how Shoal is started there; docs/launch-ssh.md.`,
  });
