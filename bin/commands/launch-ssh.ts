// launch-ssh.ts: `shoal launch --engine ssh`: its options. What it does: cluster/launchers/ssh.ts.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { aboutThis } from '../../cluster/launchers/about.ts';
import { type Host, parseHostfile } from '../../cluster/launchers/hostfile.ts';
import { ssh } from '../../cluster/launchers/ssh.ts';
import type { Remote } from '../../cluster/launchers/ssh-place.ts';
import { jobToJson } from '../../trainer/job.ts';
import type { ExitCode } from '../output/exit-codes.ts';
import { typed, usageError } from '../output/usage-error.ts';
import { version } from '../version.ts';
import type { LaunchCommandOptions, Launching } from './launch.ts';
import { ownCommand, runLaunched, tellResult } from './launched.ts';

/** In this folder, by this Node: what a cluster with a shared home has everywhere. */
const same = (): string => `cd ${typed(process.cwd())} && exec ${ownCommand().map(typed).join(' ')}`;

/** @throws SHOAL_USAGE without a hostfile */
export function hostsOf({ hostfile }: LaunchCommandOptions): readonly Host[] {
  if (hostfile === undefined)
    throw usageError('launch with ssh', 'no --hostfile', 'a file with lines as "host slots=2"', 'docs/launch-ssh.md');
  return parseHostfile(read(hostfile), hostfile);
}

/** How Shoal is started on a host. */
export const remoteOf = ({ ssh, remote }: LaunchCommandOptions): Remote => ({
  ssh: (ssh ?? 'ssh').trim().split(/\s+/),
  agent: `${remote ?? same()} agent`,
});

export async function launchSsh(options: Launching): Promise<ExitCode> {
  const { job } = options;
  const hosts = hostsOf(options);
  const workers = options.workers ?? hosts.reduce((sum, { slots }) => sum + slots, 0);
  const json = jobToJson(job);
  const about = await aboutThis(version, json);
  const remote = remoteOf(options);
  const result = await runLaunched({ ...options, workers }, (how) =>
    ssh.launch({
      ...how,
      hosts,
      remote,
      job: json,
      about,
      ...(options.address !== undefined && { address: options.address }),
      ...(options.insecure && { insecure: true }),
    }),
  );
  return tellResult(result, options);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`read the hostfile ${file}`, String(error), 'a readable file', `Its folder is ${dirname(file)}.`);
  }
}
