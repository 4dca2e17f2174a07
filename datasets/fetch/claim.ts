// claim.ts: what has come of a file, as one download's own while it goes on with it: several that fetch the same file spoil nothing. It fetches nothing.
import { readdirSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../../base/is-alive.ts';
import { writeError } from '../write-error.ts';
import { moveOrigin } from './origin.ts';

export interface Claim {
  /** Whose name no other download has: it is taken along from one that has ended, or not there. */
  readonly path: string;
  /** Leaves what has come for whoever is next, under the name that all know. */
  release(): void;
}

let claims = 0;

/**
 * Takes what has come, if nobody else has: to rename is to take. Of those who were killed it is taken too, if they were of this machine.
 * @throws {ShoalError} SHOAL_DATA_WRITE
 */
export function claim(partial: string): Claim {
  for (const left of leftBy(partial)) move(left, partial);
  const path = `${partial}.${hostname()}.${process.pid}.${++claims}`;
  move(partial, path);
  return { path, release: () => move(path, partial) };
}

/** A file and what tells of it. Another may have been faster: then there is nothing to move, or one that came before it is replaced. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw writeError(error, `write ${to}`);
    return;
  }
  moveOrigin(from, to);
}

/** What processes of this machine had that are no more. */
function leftBy(partial: string): readonly string[] {
  const [folder, own] = [dirname(partial), `${basename(partial)}.${hostname()}.`];
  return readdirSync(folder)
    .filter((name) => name.startsWith(own) && /^\d+\.\d+$/.test(name.slice(own.length)))
    .filter((name) => !isAlive(Number.parseInt(name.slice(own.length), 10)))
    .map((name) => join(folder, name));
}
