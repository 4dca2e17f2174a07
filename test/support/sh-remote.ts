// sh-remote.ts: this machine as a host of the ssh launcher, without an sshd: the client is a shell that ignores ssh's options and runs the
// far command as sshd would. The real one is tested by npm run verify:ssh.
import { resolve } from 'node:path';
import type { Remote } from '../../cluster/launchers/ssh-place.ts';

/** Options come as pairs, then -T, the host and the command. */
const SCRIPT =
  'while [ "$1" = -o ]; do shift 2; done; export SSH_CONNECTION="127.0.0.1 1 127.0.0.1 22"; exec sh -c "$3"';

export const farCommand = `exec ${process.execPath} ${resolve('bin/shoal.ts')} agent`;

/** @param agent what the far shell runs */
export const shRemote = (agent: string = farCommand): Remote => ({ ssh: ['sh', '-c', SCRIPT, 'sh'], agent });
