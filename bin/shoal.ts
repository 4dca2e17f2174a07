#!/usr/bin/env node
// shoal.ts: where the command line starts. Before anything else is loaded, V8 is told how to collect garbage (new-space.ts), and Node how many
// threads to keep (io-threads.ts) and what it compiles (not on Node 20): a third of the start. The commands: program.ts.
import './new-space.ts';
import './io-threads.ts';
import './compile-cache.ts';

await import('./program.ts');
