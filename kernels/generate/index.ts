// index.ts: writes every generated AssemblyScript source into assembly/generated. Run by `npm run build:kernels`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { accessors } from './accessors.ts';
import { depthwise } from './depthwise.ts';
import { micro } from './micro.ts';
import { probes } from './probes.ts';

const folder = new URL('../assembly/generated/', import.meta.url);
mkdirSync(folder, { recursive: true });
const sources: Readonly<Record<string, () => string>> = {
  'arguments.ts': accessors,
  'depthwise.ts': depthwise,
  'micro.ts': micro,
  'probes.ts': probes,
};
for (const [file, source] of Object.entries(sources)) writeFileSync(new URL(file, folder), source());
