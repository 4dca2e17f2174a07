// old-agent.ts: the far end of the ssh launcher as another version of Shoal would have it: `node test/support/old-agent.ts agent`.
import { aboutThis } from '../../cluster/launchers/about.ts';
import { runAgent } from '../../cluster/launchers/agent.ts';

process.exitCode = await runAgent({
  input: process.stdin,
  command: [],
  write: (message) => void process.stdout.write(`${JSON.stringify(message)}\n`),
  about: (job) => aboutThis('0.0.1', job),
});
