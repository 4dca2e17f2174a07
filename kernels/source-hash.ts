// source-hash.ts: a hash of all that the kernels are built from. The build writes it beside its modules, and load.ts refuses modules of
// other sources: their arguments would be read in another order, in silence.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Written by generate/stamp.ts. */
export const STAMP = 'kernels.sources';
/** In kernels/. What is generated is left out: it follows from the rest. */
const SOURCES = ['signatures.ts', 'signatures', 'assembly', 'generate'];

/** @param kernels the folder of that name: a URL that ends in a slash */
export function sourceHash(kernels: URL): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    hash
      .update(`${path}\0`)
      .update(readFileSync(new URL(path, kernels)))
      .update('\0');
  };
  for (const name of SOURCES) {
    if (name.endsWith('.ts')) add(name);
    else
      for (const file of readdirSync(new URL(`${name}/`, kernels)).sort())
        if (file.endsWith('.ts')) add(`${name}/${file}`);
  }
  add('../asconfig.json');
  return hash.digest('hex');
}
