// index.ts: the registry of launchers.
import { local } from './local.ts';
import { slurm } from './slurm.ts';
import { ssh } from './ssh.ts';

export const engines = { local, ssh, slurm } as const;
export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as readonly EngineName[];
