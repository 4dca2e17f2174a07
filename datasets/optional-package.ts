// optional-package.ts: finds packages that are used if they are installed: beside shoal, or where it is called. It installs none.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ShoalError } from '../base/errors.ts';

/** The URL to import a package from; null if it is not installed. */
export function findPackage(name: string): string | null {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'index.js'))]) {
    try {
      return pathToFileURL(createRequire(from).resolve(name)).href;
    } catch {
      // not there: look in the next place
    }
  }
  return null;
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
