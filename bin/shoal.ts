#!/usr/bin/env node
// shoal.ts: where the command line starts. Before anything else is loaded, Node is told to keep what it compiles (not on Node 20): a third
// of the start. The commands: program.ts.
import './compile-cache.ts';

await import('./program.ts');
