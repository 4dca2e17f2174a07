// text-files.ts: texts of a file or of a directory, in the order of their names. Not tokens.
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ShoalError } from '../../base/errors.ts';

/** @throws {ShoalError} SHOAL_DATA_MISSING */
export const readTexts = (path: string): readonly Buffer[] => namedTexts(path).map(({ bytes }) => bytes);

/** @throws {ShoalError} SHOAL_DATA_MISSING */
export function namedTexts(path: string): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const place = resolve(path);
  try {
    if (!statSync(place).isDirectory()) return [{ name: basename(place), bytes: readFileSync(place) }];
    const names = readdirSync(place).sort();
    // links, as Debian has them from a licence's name to its newest version, would give a text twice
    const files = names.filter((name) => lstatSync(join(place, name)).isFile());
    return files.map((name) => ({ name, bytes: readFileSync(join(place, name)) }));
  } catch (cause) {
    const { code, message, path: at } = cause as NodeJS.ErrnoException;
    // of a directory, the system itself has named it
    const unknown = at === place ? 'no such file or directory' : `${at}, a name that is no UTF-8`;
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_MISSING',
        operation: `read the text ${place}`,
        got: code === 'ENOENT' ? unknown : message,
        expected: 'a text file, or a directory of them',
        hint: 'Paths start from the working directory.',
      },
      { cause },
    );
  }
}
