// ssh.ts: the launcher of a list of hosts: the coordinator here, servers and workers there. Hosts are compared before anything starts.
import { isLoopback } from '../address.ts';
import { type Identity, keepIdentity } from '../certificate.ts';
import { type About, mustAgree } from './about.ts';
import { type Engine, executing, type LaunchOptions } from './engine.ts';
import { fill, type Host } from './hostfile.ts';
import { namesOf, tokenOf } from './local.ts';
import { here } from './place.ts';
import { type Part, runProcesses } from './run.ts';
import { askHost, type HostAbout, type Remote, sshPlace } from './ssh-place.ts';

export interface SshOptions extends LaunchOptions {
  readonly hosts: readonly Host[];
  readonly remote: Remote;
  readonly job: unknown;
  /** This machine, which the others must agree with. */
  readonly about: About;
  /** This machine as the hosts reach it. Default: where their sshds see the login come from. */
  readonly address?: string;
  /** Beyond loopback without TLS. */
  readonly insecure?: boolean;
}

export const ssh: Engine<SshOptions> = {
  name: 'ssh',
  what: 'the hosts of a hostfile',
  async launch(options) {
    const { command, run, workers, servers, hosts, remote, job, about, signal, onEvent, onSaid } = options;
    const seats = fill(hosts, workers);
    const used = hosts.map(({ name }) => name).filter((name) => seats.includes(name));
    const found = new Map<string, HostAbout>();
    await Promise.all(
      used.map(async (host) => {
        const its = await askHost(remote, host, job);
        mustAgree(host, its.about, about);
        found.set(host, its);
      }),
    );
    const address = options.address ?? found.get(used[0]!)!.client;
    const inside = isLoopback(address);
    const everyone = [...new Set([address, ...used.map((host) => found.get(host)!.server)])];
    const identity = inside || options.insecure ? null : keepIdentity(`${run}/tls`, everyone);
    const open = options.insecure ? ['--insecure'] : [];
    const trust = identity ? ['--ca', '{files}/cert.pem'] : open;
    const shown = ({ cert, key }: Identity) => ({ 'cert.pem': cert, 'key.pem': key });

    const server = (name: string, i: number): Part => {
      const host = used[i % used.length]!;
      const listen = ['--listen', `${found.get(host)!.server}:0`.replace(/^(.*:.*):0$/, '[$1]:0')];
      const own = identity ? ['--cert', '{files}/cert.pem', '--key', '{files}/key.pem'] : [];
      return {
        role: 'server',
        name,
        place: sshPlace(remote, host, identity ? shown(identity) : {}),
        options: [...listen, ...own, ...trust],
      };
    };
    const worker = (name: string, i: number): Part => {
      const host = seats[i]!;
      const beside = seats.filter((it) => it === host).length;
      const threads = options.threads ?? Math.max(1, Math.floor(found.get(host)!.about.threads / beside));
      return {
        role: 'worker',
        name,
        place: sshPlace(remote, host, identity ? { 'cert.pem': identity.cert } : {}),
        options: ['--threads', String(threads), ...executing(options.executor), ...trust],
      };
    };
    const secure = identity ? ['--cert', `${run}/tls/cert.pem`, '--key', `${run}/tls/key.pem`] : open;
    return runProcesses({
      run,
      token: tokenOf(run),
      onEvent,
      ...(onSaid && { onSaid }),
      ...(signal && { signal }),
      coordinator: {
        place: here(command),
        listen: inside ? `${address}:0`.replace(/^(.*:.*):0$/, '[$1]:0') : '0.0.0.0:0',
        ...(!inside && { host: address }),
        options: secure,
      },
      parts: [...namesOf('server', servers).map(server), ...namesOf('worker', workers).map(worker)],
    });
  },
};
