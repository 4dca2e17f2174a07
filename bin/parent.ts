// parent.ts: a process that a launcher started ends with it, however the launcher ended. Without a launcher: nothing.

/** Whatever is under way can be done again: that is what the coordinator's run folder is for. */
export function endWithParent(): void {
  if (process.send) process.once('disconnect', () => process.exit(1));
}
