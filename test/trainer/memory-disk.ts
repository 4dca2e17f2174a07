// memory-disk.ts: a disk in memory that forgets what was not synced, fills up, and fails at any chosen operation. Not fast.

import type { Files, OpenFile } from '../../trainer/files.ts';

interface FileNode {
  /** Contents since the last sync, oldest first: the first is on the disk, the last is what programs see. */
  contents: Uint8Array[];
}
interface DirectoryNode {
  /** Likewise. A rename is one change, as in a journal. */
  entries: Map<string, TreeNode>[];
}
type TreeNode = FileNode | DirectoryNode;

/** At which operation (from 0) something happens, and what. */
export interface Fault {
  readonly at: number;
  /** 'error': that one fails; 'late error': it is done, yet reports failure; 'dead': it and all after it fail, as after kill -9. */
  readonly kind: 'error' | 'late error' | 'dead';
  readonly errno: string;
}

const systemError = (code: string, what: string): Error => Object.assign(new Error(`${code}: ${what}`), { code });
const last = <T>(list: readonly T[]): T => list[list.length - 1]!;
const isFile = (node: TreeNode): node is FileNode => 'contents' in node;

export class MemoryDisk implements Files {
  fault: Fault | undefined;
  /** Operations asked for so far. */
  operations = 0;
  /** Bytes that all files together may hold. */
  capacity = Number.POSITIVE_INFINITY;
  /** Most bytes a single write takes: short writes are the rule here. */
  readonly mostPerWrite = 200;
  root: DirectoryNode = { entries: [new Map()] };

  private async act<T>(what: string, action: () => T): Promise<T> {
    const at = this.operations++;
    const fault = this.fault;
    if (!fault || at < fault.at || (at > fault.at && fault.kind !== 'dead')) return action();
    if (fault.kind === 'late error') action();
    throw systemError(fault.errno, what);
  }

  private node(path: string): TreeNode {
    let node: TreeNode = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const next: TreeNode | undefined = isFile(node) ? undefined : last(node.entries).get(name);
      if (!next) throw systemError('ENOENT', path);
      node = next;
    }
    return node;
  }

  private parent(path: string): { directory: DirectoryNode; name: string } {
    const cut = path.lastIndexOf('/');
    return { directory: this.node(path.slice(0, cut)) as DirectoryNode, name: path.slice(cut + 1) };
  }

  private change(directory: DirectoryNode, edit: (entries: Map<string, TreeNode>) => void): void {
    const entries = new Map(last(directory.entries));
    edit(entries);
    directory.entries.push(entries);
  }

  private used(node: TreeNode = this.root): number {
    if (isFile(node)) return last(node.contents).length;
    return [...last(node.entries).values()].reduce((sum, child) => sum + this.used(child), 0);
  }

  open(path: string, mode: 'read' | 'update' | 'create' | 'replace'): Promise<OpenFile> {
    return this.act(`open ${path}`, () => {
      if (mode === 'create' || mode === 'replace') {
        const { directory, name } = this.parent(path);
        if (mode === 'create' && last(directory.entries).has(name)) throw systemError('EEXIST', path);
        this.change(directory, (entries) => entries.set(name, { contents: [new Uint8Array(0)] }));
      }
      return this.opened(path, this.node(path) as FileNode);
    });
  }

  private opened(path: string, file: FileNode): OpenFile {
    const content = () => last(file.contents);
    return {
      read: (into, position) =>
        this.act(`read ${path}`, () => {
          const bytes = content().subarray(position, position + into.length);
          into.set(bytes);
          return bytes.length;
        }),
      write: (from, position) =>
        this.act(`write ${path}`, () => {
          const count = Math.min(from.length, this.mostPerWrite, this.capacity - this.used());
          if (count <= 0) throw systemError('ENOSPC', path);
          const bytes = new Uint8Array(Math.max(content().length, position + count));
          bytes.set(content());
          bytes.set(from.subarray(0, count), position);
          file.contents.push(bytes);
          return count;
        }),
      size: () => this.act(`size ${path}`, () => content().length),
      sync: () =>
        this.act(`sync ${path}`, () => {
          file.contents = [content()];
        }),
      close: () => this.act(`close ${path}`, () => {}),
    };
  }

  list(directory: string): Promise<string[]> {
    return this.act(`list ${directory}`, () => [...last((this.node(directory) as DirectoryNode).entries).keys()]);
  }

  makeDirectory(path: string): Promise<void> {
    return this.act(`mkdir ${path}`, () => {
      const { directory, name } = this.parent(path);
      if (last(directory.entries).has(name)) throw systemError('EEXIST', path);
      this.change(directory, (entries) => entries.set(name, { entries: [new Map()] }));
    });
  }

  syncDirectory(path: string): Promise<void> {
    return this.act(`sync ${path}`, () => {
      const directory = this.node(path) as DirectoryNode;
      directory.entries = [last(directory.entries)];
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.act(`rename ${from}`, () => {
      const { directory, name } = this.parent(from);
      const node = this.node(from);
      const target = to.slice(to.lastIndexOf('/') + 1);
      const taken = last(directory.entries).get(target);
      if (taken && !isFile(taken)) throw systemError('ENOTEMPTY', to);
      this.change(directory, (entries) => {
        entries.delete(name);
        entries.set(target, node);
      });
    });
  }

  /** Files one by one, each an operation of its own: a removal can die half way. */
  async remove(path: string): Promise<void> {
    const node = await this.act(`stat ${path}`, () => {
      try {
        return this.node(path);
      } catch {
        return undefined;
      }
    });
    if (!node) return;
    if (!isFile(node)) for (const name of last(node.entries).keys()) await this.remove(`${path}/${name}`);
    await this.act(`unlink ${path}`, () => {
      const { directory, name } = this.parent(path);
      this.change(directory, (entries) => entries.delete(name));
    });
  }

  /** What the next process finds: the same files, no fault. */
  reboot(): void {
    this.fault = undefined;
    this.operations = 0;
  }

  /**
   * The power fails. Of each file and directory, what was synced last is there, or any later state, as `pick` chooses among
   * `count` (0 the oldest); a file that was not synced may also hold zeros (its length was written, its data was not).
   */
  losePower(pick: (count: number) => number): void {
    const settle = (node: TreeNode): TreeNode => {
      if (isFile(node)) {
        const dirty = node.contents.length > 1;
        const chosen = pick(node.contents.length + (dirty ? 1 : 0));
        return { contents: [node.contents[chosen] ?? new Uint8Array(last(node.contents).length)] };
      }
      const entries = node.entries[pick(node.entries.length)]!;
      return { entries: [new Map([...entries].map(([name, child]) => [name, settle(child)]))] };
    };
    this.root = settle(this.root) as DirectoryNode;
    this.reboot();
  }
}
