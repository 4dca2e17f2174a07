// launchers.slow.test.ts: the launcher that needs no daemon, held to what every launcher must do; npm run verify:ssh and verify:slurm hold the same
// suite against real daemons.
import { local } from '../../../cluster/launchers/local.ts';
import { launcherCases } from '../../cases/launcher.ts';

launcherCases({ name: 'local', names: ['worker-1', 'worker-2'], launch: (options) => local.launch(options) });
