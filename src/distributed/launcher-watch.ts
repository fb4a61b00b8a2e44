/**
 * A rank must not outlive its launcher: it would go on holding cores and ports. Ranks of launchers of
 * other makes are those launchers' concern.
 */

/** From now on, the process ends with `exitCode` as soon as the launcher that started it is gone. */
export function endWithLauncher(exitCode: number): void {
  // gone before we looked
  if (!process.channel) process.exit(exitCode);
  process.once("disconnect", () => process.exit(exitCode));
  // waiting for the launcher's end is no reason to live
  process.channel.unref();
}
