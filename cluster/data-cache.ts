// data-cache.ts: a folder of fetched data, for all runs and workers of a machine, that keeps within a bound: what was not used for longest goes
// first, and never what a run reads. It knows no network, and no format of what it keeps.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';

/** Bytes of the folder, unless it is told otherwise. */
export const CACHE_BYTES = 64 * 2 ** 30;
/** What was used within this time may be another run's that goes on. */
const RECENT_MS = 3_600_000;
/** Others write there too: the folder is looked through again after so many bytes. */
const LOOK_BYTES = 2 ** 30;
/** And where there was no room for something, after so long. */
const LOOK_MS = 60_000;

export interface CacheOptions {
  readonly folder: string;
  /** Default: 64 GiB. */
  readonly bytes?: number;
  /** What the run that asks reads: files and folders whose names begin so, and go on with a "-". Never removed. */
  readonly own: readonly string[];
  /** Ms since 1970; for tests. */
  readonly now?: () => number;
}

export interface DataCache {
  /** The bytes of a file, which counts as used now. Null: it is not there. */
  read(name: string): Uint8Array | null;
  has(name: string): boolean;
  /**
   * Keeps a file, whole or not at all; where there is no room for it, not at all.
   * @throws the file system's errors
   */
  write(name: string, bytes: Uint8Array): void;
}

interface Kept {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly used: number;
}

export function createDataCache({ folder, bytes: most = CACHE_BYTES, own, now = Date.now }: CacheOptions): DataCache {
  let room = 0;
  let looked = Number.NEGATIVE_INFINITY;

  /** Files in it, those in its folders included. */
  function all(): Kept[] {
    const names = (of: string) => readdirSync(of, { withFileTypes: true });
    const of = (path: string, name: string): Kept[] => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat ? [{ path, name, bytes: stat.size, used: stat.mtimeMs }] : [];
    };
    return names(folder).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (!entry.isDirectory()) return of(path, entry.name);
      return names(path).flatMap((inner) => of(`${path}/${inner.name}`, entry.name));
    });
  }

  /** Removes what has to go, and finds out how much room there is. */
  function look(wanted: number): void {
    looked = now();
    const files = all().sort((a, b) => a.used - b.used);
    let total = files.reduce((sum, it) => sum + it.bytes, 0);
    for (const { path, name, bytes, used } of files) {
      if (total + wanted <= most) break;
      if (own.some((it) => name.startsWith(`${it}-`)) || looked - used < RECENT_MS) continue;
      rmSync(path, { force: true });
      total -= bytes;
    }
    room = Math.min(most - total, LOOK_BYTES);
  }

  return {
    read(name) {
      const path = `${folder}/${name}`;
      try {
        const bytes = readFileSync(path);
        const at = now() / 1000;
        utimesSync(path, at, at);
        return bytes;
      } catch {
        return null;
      }
    },
    has: (name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false }) !== undefined,
    write(name, bytes) {
      const path = `${folder}/${name}`;
      const partial = `${path}.${process.pid}.partial`;
      mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
      if (room < bytes.length && (room >= 0 || now() - looked > LOOK_MS)) look(bytes.length);
      if (room < bytes.length) {
        room = -1; // not looked for again at every write
        return;
      }
      try {
        writeFileSync(partial, bytes);
        renameSync(partial, path);
        room -= bytes.length;
      } catch (error) {
        rmSync(partial, { force: true });
        throw error;
      }
    },
  };
}
