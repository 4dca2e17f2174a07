#!/usr/bin/env node
// shoal.ts: where the command line starts. Before anything else is loaded, Node is told to keep what it compiles (not on Node 20): a third
// of the start. The commands: program.ts.
import module from 'node:module';

// what is compiled from the cache is counted less exactly
if (process.env['NODE_V8_COVERAGE'] === undefined) module.enableCompileCache?.();
await import('./program.ts');
