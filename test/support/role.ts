// role.ts: `shoal coordinator | server | worker` as a test wants it: through proxies, dying at a failpoint, on a full disk. Run in place of
// bin/shoal.ts: node test/support/role.ts PLAN ROLE ARGUMENTS. Each start of a process takes the next of its failpoints.
import { appendFileSync, mkdirSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { WIRE_LIMITS, type WireLimits } from '../../cluster/limits.ts';
import { type MeddlePlan, meddle } from './meddle.ts';

/** What happens to the process of one name. */
export interface RolePlan {
  /** Of its first start, its second, and so on: a failpoint of cluster/failpoints.ts with @count, or one of files: see `files`. */
  readonly points?: readonly string[];
  /** Options in place of those that the launcher gives. */
  readonly options?: Readonly<Record<string, string>>;
  readonly limits?: Partial<WireLimits>;
  /** What happens to its frames. The spoilt push: of its first start alone. */
  readonly meddle?: MeddlePlan;
  /** Its main thread, which reads the sockets, sleeps for so much of every second. */
  readonly drowsyMs?: number;
}

export interface Plan {
  /** An empty folder of the run's: it counts the starts, and notes what happened. */
  readonly marks: string;
  readonly roles: Readonly<Record<string, RolePlan>>;
}

const [plan, role, ...rest] = process.argv.slice(2) as [string, string, ...string[]];
const { marks, roles } = JSON.parse(plan) as Plan;
const name = role === 'coordinator' ? role : rest[rest.indexOf('--name') + 1]!;
const { points = [], options = {}, limits = {}, meddle: meddling, drowsyMs } = roles[name] ?? {};

const start = starts();
const point = points[start];
if (point !== undefined) {
  appendFileSync(`${marks}/armed`, `${name}: ${point}\n`);
  if (point.startsWith('file ')) files(point.slice(5));
  else process.env['SHOAL_FAILPOINT'] = point;
}
Object.assign(WIRE_LIMITS, limits);
if (meddling)
  meddle({ ...meddling, ...(start > 0 && { spoil: 0 }) }, (what) => appendFileSync(`${marks}/meddled`, `${what}\n`));
if (drowsyMs !== undefined)
  setInterval(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, drowsyMs), 1000).unref();
for (const [option, value] of Object.entries(options)) {
  const at = rest.indexOf(option);
  if (at < 0) rest.push(option, value);
  else rest[at + 1] = value;
}
process.argv.splice(2, Number.POSITIVE_INFINITY, role, ...rest);
await import('../../bin/shoal.ts');

/** How often this process was started before. */
function starts(): number {
  for (let number = 0; ; number++) {
    try {
      mkdirSync(`${marks}/${name}-${number}`);
      return number;
    } catch {
      // another start's
    }
  }
}

/** Dies "before rename", "after rename" or "in a write" of the second checkpoint; or has a "full disk" for the second and third. */
function files(what: string): void {
  let checkpoints = 0;
  const { open, rename } = fs;
  const die = (): void => void process.kill(process.pid, 'SIGKILL');
  const isCheckpoint = (path: unknown): boolean => /checkpoints\/step-/.test(String(path));
  fs.rename = async (from, to) => {
    if (!isCheckpoint(to) || /checkpoints\/step-.*\//.test(String(to)) || /removing/.test(String(to)))
      return rename(from, to);
    checkpoints++;
    if (checkpoints === 2 && what === 'before rename') die();
    await rename(from, to);
    if (checkpoints === 2 && what === 'after rename') die();
  };
  fs.open = async (path, ...more) => {
    const handle = await open(path, ...more);
    if (!isCheckpoint(path) || more[0] === 'r') return handle;
    const { write } = handle;
    handle.write = async (...args: unknown[]) => {
      if (what === 'in a write' && checkpoints === 1) {
        await Reflect.apply(write, handle, [args[0], 0, (args[2] as number) >> 1, args[3]]);
        die();
      }
      if (what === 'full disk' && checkpoints >= 1 && fulls < 2) {
        fulls++;
        appendFileSync(`${marks}/armed`, `${name}: full disk met\n`);
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
      }
      return Reflect.apply(write, handle, args);
    };
    return handle;
  };
  let fulls = 0;
  syncBuiltinESMExports();
}
