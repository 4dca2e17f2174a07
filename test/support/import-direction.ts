// import-direction.ts: the lint rule of the house: imports point one way between rooms, and only edge files import node: modules.
// Run by `npm run lint:imports`; prints every breach as file:line and exits with 1.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOMS = ['base', 'kernels', 'datasets', 'trainer', 'cluster', 'bin'] as const;

/** Files of the core that may know Node: everything else there will run in a browser tab. */
const EDGES: readonly RegExp[] = [
  /^kernels\/(load|self-test|source-hash)\.ts$/,
  /^kernels\/generate\//,
  /^datasets\/(feed-worker|feeder|from-arrays|optional-package|split|files|rows-reader|load-source|examine|next-ids|ask-thread|content-hash|drawn-source|image\/(decoder|mask))\.ts$/,
  /^datasets\/(readers|formats|prepare|fetch)\//,
  /^trainer\/(pool|patience|worker|node-files|sha256)\.ts$/,
  /^trainer\/(tfjs-executor|tfjs\/(tf|tensorflow|check-tensorflow|check-webgpu|backends|thread))\.ts$/,
  /^(bin|cluster)\//,
];

/** Packages of the core that run anywhere. */
const PORTABLE = ['zod', 'fflate'];

/** Packages that a folder of the core is about: but no module of Node's. */
const GUESTS: readonly { readonly folder: string; readonly packages: readonly string[] }[] = [
  { folder: 'trainer/tfjs-wasm/', packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'] },
];
const isGuest = (file: string, name: string): boolean =>
  GUESTS.some(({ folder, packages }) => file.startsWith(folder) && packages.includes(name));

const breaches: string[] = [];
for (const file of globSync(ROOMS.map((room) => `${room}/**/*.ts`))) {
  if (file.startsWith('kernels/assembly/')) continue;
  const room = ROOMS.findIndex((name) => file.startsWith(`${name}/`));
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      const target = /^\s*(?:import|export)\b.*?from '([^']+)'|^\} from '([^']+)'|\bimport\('([^']+)'\)/.exec(line);
      const name = target?.[1] ?? target?.[2] ?? target?.[3];
      if (!name) return;
      const where = `${file}:${i + 1}`;
      if (name.startsWith('.')) {
        const path = normalize(join(dirname(file), name));
        const to = ROOMS.findIndex((other) => path.startsWith(`${other}/`));
        if (to < 0) breaches.push(`${where}: imports ${path}, which is in no room`);
        else if (to > room) breaches.push(`${where}: ${ROOMS[room]} imports from ${ROOMS[to]}`);
      } else if (!EDGES.some((edge) => edge.test(file)) && !PORTABLE.includes(name) && !isGuest(file, name)) {
        breaches.push(`${where}: imports ${name}, but is no edge file (test/support/import-direction.ts)`);
      }
    });
}
for (const breach of breaches) console.error(breach);
process.exitCode = breaches.length > 0 ? 1 : 0;
