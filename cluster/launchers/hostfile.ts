// hostfile.ts: hosts as mpirun's hostfiles name them: "host slots=k", one a line; # begins a comment. Who runs where, not how.
import { ShoalError } from '../../base/errors.ts';

export interface Host {
  /** As ssh takes it: a name of its configuration, user@host. */
  readonly name: string;
  /** Workers that it takes. */
  readonly slots: number;
}

/** @throws SHOAL_LAUNCH_HOSTFILE, which names the line */
export function parseHostfile(text: string, file: string): readonly Host[] {
  const hosts: Host[] = [];
  text.split('\n').forEach((line, i) => {
    const [name, ...words] = line.replace(/#.*/, '').trim().split(/\s+/) as [string, ...string[]];
    if (name === '') return;
    let slots = 1;
    for (const word of words) {
      const [, key, value] = /^(slots|max[-_]slots)=(\d{1,4})$/.exec(word) ?? [];
      if (key === undefined || Number(value) < 1) throw flaw(`${file}, line ${i + 1}`, word, 'slots=K, from 1 on');
      if (key === 'slots') slots = Number(value);
    }
    // what begins with - would be an option of ssh
    if (!/^[\w@.:[\]%][\w@.:[\]%-]*$/.test(name)) throw flaw(`${file}, line ${i + 1}`, name, 'the name of a host');
    if (hosts.some((it) => it.name === name)) throw flaw(`${file}, line ${i + 1}`, `${name} again`, 'each host once');
    hosts.push({ name, slots });
  });
  if (hosts.length === 0) throw flaw(file, 'no hosts', 'lines as "host slots=2"');
  return hosts;
}

/** A host for each worker: a host's slots are filled before the next one's. @throws SHOAL_LAUNCH_HOSTFILE for too few slots */
export function fill(hosts: readonly Host[], workers: number): readonly string[] {
  const seats = hosts.flatMap(({ name, slots }) => Array<string>(slots).fill(name));
  if (workers <= seats.length) return seats.slice(0, workers);
  throw flaw('the hostfile', `${seats.length} slots for ${workers} workers`, 'a slot for each worker');
}

const flaw = (where: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_LAUNCH_HOSTFILE',
    operation: `read ${where}`,
    got,
    expected,
    hint: 'A hostfile has lines as "host slots=2"; see docs/launch-ssh.md.',
  });
