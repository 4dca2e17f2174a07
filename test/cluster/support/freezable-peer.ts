// freezable-peer.ts: a process that attaches to the listener named in its arguments, and tells its parent how that ends.
import { connect } from '../../../cluster/transport.ts';
import { MESSAGES } from './examples.ts';

const connection = await connect({
  url: process.argv[2]!,
  token: process.env['SHOAL_TOKEN']!,
  limits: { pingMs: 20 },
  handlers: {
    message: (message) => connection.send(message),
    bulk() {},
    close: (reason) => process.send!(reason?.code ?? 'goodbye', () => process.disconnect()),
  },
});
connection.send(MESSAGES.attach);
