// version.ts: the version of this package. An edge file: it reads package.json.
import { readFileSync } from 'node:fs';

const file = new URL(import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json', import.meta.url);

/** "0.1.0" */
export const version: string = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
