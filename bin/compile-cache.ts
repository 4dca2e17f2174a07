// compile-cache.ts: imported first, it has Node keep what it compiles, in the folder for temporary files: for this process, its threads
// and the processes that it starts. Sources in TypeScript gain most: every thread would strip their types anew.
import module from 'node:module';

// what comes from the cache is counted less exactly; Node 20 has no such cache
if (process.env['NODE_V8_COVERAGE'] === undefined && process.env['NODE_COMPILE_CACHE'] === undefined) {
  const { directory } = module.enableCompileCache?.() ?? {};
  if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] = directory;
}
