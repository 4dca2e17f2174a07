// import-layers.ts: imports the modules that register layers of users. No layer of ours: compute threads start sooner without them.
import { ShoalError } from '../../base/errors.ts';

/**
 * Imports modules that register layers.
 * @param modules URLs, or absolute paths
 * @throws SHOAL_LAYER when one cannot be imported
 */
export async function importLayers(modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    await import(module).catch((cause: unknown) => {
      throw new ShoalError(
        {
          code: 'SHOAL_LAYER',
          operation: `import the layers of ${module}`,
          got: cause instanceof Error ? cause.message : String(cause),
          expected: 'a module that calls registerLayer()',
          hint: "Paths of a job's layers start from the job's folder.",
        },
        { cause },
      );
    });
  }
}
