// worker-file.ts: the address of a file that a thread starts from. tsc rewrites imports but not strings, hence this one helper.

/**
 * The URL (href) of the module `name`, given without its ending and relative to the caller.
 * It ends as the caller's own file does: `.ts` when the sources run as they are, `.js` in dist/.
 *
 * A thread's module exports no default: Piscina loads it by `require`, which wraps a module with one in another, and Node aborts the
 * whole process when the thread is ended in that moment (an assertion in ModuleWrap::CreateRequiredModuleFacade; seen in 24.21).
 * @param from the caller's `import.meta.url`
 */
export const workerFile = (name: string, from: string): string =>
  new URL(`${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from).href;
