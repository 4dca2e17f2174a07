// parent.ts: a process that a launcher started ends with it, however the launcher ended. Without a launcher: nothing.

/** Whatever is under way can be done again: that is what the coordinator's run folder is for. */
export function endWithParent(): void {
  if (!process.send) return;
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref(); // it must not keep a process alive that has nothing more to do
}
