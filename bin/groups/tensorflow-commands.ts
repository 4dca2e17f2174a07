// tensorflow-commands.ts: `shoal tensorflow ...`: its commands and their options. A command's own code is loaded when it is called.
import type { Registrar } from '../registrar.ts';

export function addTensorflowCommands({ action, command, screen }: Registrar): void {
  command('setup', 'make a tfjs-node that works on this Node, from npm and a PyPI wheel; run again, it changes nothing')
    .option('--python <path>', 'an environment, or its executable, that has TensorFlow (default: one is made)')
    .option('--gpu', 'install the wheel with CUDA (default: where an NVIDIA driver is loaded)')
    .option('--json', 'print one line of JSON')
    .action(
      action(async (options, _) =>
        (await import('../commands/tensorflow-setup.ts')).tensorflowSetupCommand(options, screen),
      ),
    );
}
