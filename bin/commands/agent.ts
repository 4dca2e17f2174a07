// agent.ts: `shoal agent`: the far end of `shoal launch --engine ssh`. What it does: cluster/launchers/agent.ts.
import { aboutThis } from '../../cluster/launchers/about.ts';
import { runAgent } from '../../cluster/launchers/agent.ts';
import type { ExitCode } from '../output/exit-codes.ts';
import { version } from '../version.ts';
import { ownCommand } from './launched.ts';

export async function agentCommand(): Promise<ExitCode> {
  // sshd hangs up before stdin ends; the process is to be ended all the same
  process.on('SIGHUP', () => {});
  process.stdout.on('error', () => {});
  const code = await runAgent({
    input: process.stdin,
    command: ownCommand(),
    write: (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
    about: (job) => aboutThis(version, job),
  });
  return code as ExitCode;
}
