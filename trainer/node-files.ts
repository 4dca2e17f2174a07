// node-files.ts: Files on the disk of the machine, by node:fs. An edge file: what uses Files does not import it but as a default.

import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { Files } from './files.ts';

const FLAGS = { read: 'r', update: 'r+', create: 'wx', replace: 'w' } as const;

/** The real disk. */
export const nodeFiles: Files = {
  async open(path, mode) {
    const handle = await open(path, FLAGS[mode]);
    return {
      read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
      write: async (from, position) => (await handle.write(from, 0, from.length, position)).bytesWritten,
      size: async () => (await handle.stat()).size,
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },

  list: (directory) => readdir(directory),

  makeDirectory: (path) => mkdir(path),

  async syncDirectory(path) {
    if (process.platform === 'win32') return; // NTFS logs names itself; Windows opens no directory for syncing
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },

  rename: (from, to) => rename(from, to),

  remove: (path) => rm(path, { recursive: true, force: true }),
};
