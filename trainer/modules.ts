// modules.ts: the modules that a job names, with layers and losses of its user's: hashed, compared, then imported. Not what they register.
import { z } from 'zod';
import { strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import type { Files } from './files.ts';
import { readSmall } from './files.ts';
import { importLayers } from './layers/import-layers.ts';
import { nodeFiles } from './node-files.ts';

/** In a job: a path, or with the hash of the file that it led to; that alone is part of what the job is. */
export const moduleSchema = z
  .union(
    [z.string(), strict({ path: z.string(), sha256: z.string().length(64).nullable().default(null) })],
    'a path, or {path, sha256}',
  )
  .transform((value) => (typeof value === 'string' ? { path: value, sha256: null } : value));
export type ModuleConfig = z.output<typeof moduleSchema>;

const LIMIT = 16 << 20;

/**
 * Imports what a job's `modules` name.
 * @param json of the job, before it is read: its layers and losses must be known by then
 * @param at where a path leads, as an absolute one
 * @returns the job with absolute paths and with hashes
 * @throws SHOAL_MODULE for a file that is not there, or not the one that the hash is of; SHOAL_LAYER when it cannot be imported
 */
export async function withModules(
  json: unknown,
  at: (path: string) => string,
  files: Files = nodeFiles,
): Promise<unknown> {
  const named = z.looseObject({ modules: z.array(moduleSchema).nonempty() }).safeParse(json);
  if (!named.success) return json; // none; what else is wrong, parseJob says
  const modules: ModuleConfig[] = [];
  for (const { path, sha256: expected } of named.data.modules) {
    const absolute = at(path);
    const found = await hashOf(absolute, files);
    if (expected !== null && found !== expected) throw otherModule(absolute, found, expected);
    modules.push({ path: absolute, sha256: found });
  }
  await importLayers(modules.map(({ path }) => path));
  return { ...(json as object), modules };
}

async function hashOf(path: string, files: Files): Promise<string> {
  try {
    return await sha256(await readSmall(files, path, LIMIT));
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_MODULE',
        operation: `import the module ${path}`,
        got: cause instanceof Error ? cause.message : String(cause),
        expected: 'the file, as on the machine where the run began',
        hint: "Paths of a job's modules start from the job's folder; every machine of a run needs the file at the same path.",
      },
      { cause },
    );
  }
}

const otherModule = (path: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_MODULE',
    operation: `import the module ${path}`,
    got: `a file with the hash ${got}`,
    expected: `the job's, ${expected}`,
    hint: 'Bring the file back as it was when the run began, or as it is on the other machines.',
  });
