// optional-package.ts: finds packages that are used if they are installed: beside shoal, or where it is called. It installs none.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ShoalError } from '../base/errors.ts';

/** The URL to import a package from; null if it is not installed. */
export function findPackage(name: string): string | null {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'index.js'))]) {
    const require = createRequire(from);
    try {
      return pathToFileURL(require.resolve(name)).href;
    } catch {
      const found = importOnly(name, require.resolve.paths(name) ?? []);
      if (found !== null) return found;
      // not there: look in the next place
    }
  }
  return null;
}

/** A package that `require` may not load: its entry for `import`. */
function importOnly(name: string, folders: readonly string[]): string | null {
  const folder = folders.map((path) => join(path, name)).find((path) => existsSync(join(path, 'package.json')));
  if (folder === undefined) return null;
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports?: { '.'?: { import?: unknown } };
  };
  const entry = exports?.['.']?.import;
  return typeof entry === 'string' ? pathToFileURL(join(folder, entry)).href : null;
}

/**
 * Imports a package that is not everybody's.
 * @param use what it does, as in "which decodes images"
 * @throws SHOAL_OPTIONAL_PACKAGE with the command that installs it
 */
export async function importOptional<Module>(name: string, use: string, operation: string): Promise<Module> {
  const found = findPackage(name);
  if (found !== null) return (await import(found)) as Module;
  throw new ShoalError({
    code: 'SHOAL_OPTIONAL_PACKAGE',
    operation,
    got: `no package "${name}", ${use}`,
    expected: `it beside shoal or in ${process.cwd()}`,
    hint: `Install it: npm install ${name}.`,
  });
}
