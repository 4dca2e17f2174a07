// cpu.ts: processor time of the processes of a run by what they do, from /proc: Linux alone; elsewhere nothing is known.
import { readdirSync, readFileSync } from 'node:fs';

/** Seconds. */
export interface CpuTimes {
  /** Threads of workers beside the main one. */
  readonly compute: number;
  /** Servers: adding, updating, their sockets. */
  readonly reduce: number;
  /** Main threads of workers, and the coordinator: sockets, encoding, events. */
  readonly wire: number;
}

const TICKS = 100; // USER_HZ, the same on every Linux

interface Found {
  readonly pid: number;
  readonly role: string;
}

/** The process, and those that it has started: `shoal train`, or the coordinator, servers and workers of one. */
function family(root: number): readonly Found[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.flatMap((name): Found[] => {
    const pid = Number(name);
    const stat = fields(`/proc/${pid}/stat`);
    if (!stat || (pid !== root && Number(stat[1]) !== root)) return [];
    const words = read(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    return [{ pid, role: words.find((word) => ['coordinator', 'server', 'worker'].includes(word)) ?? 'train' }];
  });
}

/** So far; null where there is no /proc. */
export function cpuTimes(root: number): CpuTimes | null {
  try {
    let [compute, reduce, wire] = [0, 0, 0];
    const members = family(root);
    const alone = members.length === 1;
    for (const { pid, role } of members) {
      if (role === 'train' && !alone) continue; // the launcher
      for (const task of readdirSync(`/proc/${pid}/task`)) {
        const seconds = secondsOf(`/proc/${pid}/task/${task}/stat`);
        if (role === 'server') reduce += seconds;
        else if (role === 'coordinator' || Number(task) === pid) wire += seconds;
        else compute += seconds;
      }
    }
    return { compute, reduce, wire };
  } catch {
    return null;
  }
}

function secondsOf(path: string): number {
  const stat = fields(path);
  return stat ? (Number(stat[11]) + Number(stat[12])) / TICKS : 0; // utime, stime
}

/** What follows the name, which may have blanks in it: state, parent... */
const fields = (path: string): readonly string[] | null => read(path)?.split(') ').at(-1)?.split(' ') ?? null;

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // gone meanwhile
  }
}
