// find-run.ts: which coordinator a command means: by URL, by a run's folder, or the newest run here. It connects to nothing.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { ShoalError } from '../../base/errors.ts';
import { findToken } from '../../cluster/token.ts';
import type { ConnectTls } from '../../cluster/transport.ts';
import { RUN, readRunJob } from '../../trainer/run-folder.ts';
import { usageError } from '../output/usage-error.ts';
import { readTrust, type TlsOptions } from './cluster-options.ts';

export interface RunAddress {
  readonly url: string;
  readonly token: string;
  readonly tls?: ConnectTls;
}

const PARENT = 'runs';
const isUrl = (text: string): boolean => /^[a-z]+:\/\//i.test(text);

/**
 * @param where a URL, whose token stands in SHOAL_TOKEN; or a run's folder
 * @throws SHOAL_USAGE, SHOAL_RUN_MISSING, SHOAL_ENDED for a run that nobody leads, SHOAL_WIRE_TOKEN
 */
export async function findRun(where: string, options: TlsOptions): Promise<RunAddress> {
  const trust = readTrust(options);
  if (where !== undefined && isUrl(where)) {
    const token = findToken({ environment: process.env });
    if (token === null) throw noToken(where, 'no SHOAL_TOKEN', 'Set SHOAL_TOKEN=$(cat runs/NAME/token).');
    return { url: where, token, ...(trust && { tls: trust }) };
  }
  const folder = where.replace(/(?<=.)\/+$/, '');
  await readRunJob(folder);
  const url = read(`${folder}/${RUN.url}`);
  if (url === null) throw ended(folder);
  const token = findToken({ environment: process.env, file: `${folder}/${RUN.token}` });
  if (token === null)
    throw noToken(folder, 'neither SHOAL_TOKEN nor a file token', 'Set SHOAL_TOKEN as its coordinator has it.');
  const own = `${folder}/tls/cert.pem`;
  const tls = { ...(existsSync(own) && readTrust({ ca: own })), ...trust };
  return { url, token, ...(Object.keys(tls).length > 0 && { tls }) };
}

/** The folder of the newest run in runs/ that is under way. @throws SHOAL_USAGE */
export function newestRun(): string {
  const folders = existsSync(PARENT) ? readdirSync(PARENT).map((name) => `${PARENT}/${name}/${RUN.url}`) : [];
  const [last] = folders
    .filter((file) => existsSync(file))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (last) return last.slice(0, -RUN.url.length - 1);
  const hint =
    'Runs of several processes have one: shoal train JOB --workers 3 --servers 2. Give its URL, or its folder.';
  throw usageError('find a run', `none in ${PARENT}/ that has a coordinator`, 'a run under way', hint);
}

function read(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/** Enough of a file's end for an event. */
function tail(file: string): string {
  if (!existsSync(file)) return '';
  const bytes = Buffer.alloc(2 ** 16);
  const opened = openSync(file, 'r');
  try {
    return bytes.toString(
      'utf8',
      0,
      readSync(opened, bytes, 0, bytes.length, Math.max(0, statSync(file).size - bytes.length)),
    );
  } finally {
    closeSync(opened);
  }
}

/** What the last line of a run's events says. */
function ended(folder: string): ShoalError {
  const last = tail(`${folder}/${RUN.events}`).trim().split('\n').at(-1) ?? '';
  const done = /^{"event":"done","reason":"(\w+)","steps":(\d+)/.exec(last);
  const interrupted = done?.[1] === 'interrupted';
  return new ShoalError({
    code: 'SHOAL_ENDED',
    operation: `ask how ${folder} fares`,
    got: done ? `its end: ${done[1]} after ${done[2]} steps` : 'no coordinator that leads it',
    expected: 'a run of several processes under way',
    hint:
      done && !interrupted
        ? `See what it came to: shoal eval ${folder}.`
        : `Go on with it: shoal coordinator --resume ${folder}, or shoal train --resume ${folder} --workers 3 --servers 2.`,
  });
}

const noToken = (where: string, got: string, hint: string): ShoalError =>
  usageError(`ask how ${where} fares`, got, "the run's token", hint);
