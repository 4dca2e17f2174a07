// new-space.ts: loaded first of all: how V8 collects the garbage of processes that talk over sockets. Not of other commands.
import { setFlagsFromString } from 'node:v8';

/** Commands whose process is a part of a run over sockets. */
const ROLES = ['coordinator', 'server', 'worker'];

// Their frames are megabytes that die at once, and they make little other garbage. While modules are loaded the young generation grows to
// 16 MiB; such a process then fills it so seldom that dead frames pile up until V8 looks through the whole heap, up to twice a second.
// One that stays at its first size lets go of them in time: training over sockets takes a sixth less of processor time. Later it is too late.
if (ROLES.includes(process.argv[2] ?? '')) setFlagsFromString('--semi-space-growth-factor=1');
