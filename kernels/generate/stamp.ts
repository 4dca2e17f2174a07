// stamp.ts: writes the hash of the kernels' sources beside what was built from them. The last step of `npm run build:kernels`.
import { writeFileSync } from 'node:fs';
import { STAMP, sourceHash } from '../source-hash.ts';

writeFileSync(new URL(`../../build/${STAMP}`, import.meta.url), sourceHash(new URL('../', import.meta.url)));
