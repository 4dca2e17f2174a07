// optional-package.ts: finds packages that are used if they are installed: beside shoal, or where it is called. It installs none.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

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
