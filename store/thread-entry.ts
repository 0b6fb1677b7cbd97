/** Where a thread of this project begins, compiled or from its sources. */

/**
 * Options of a Tinypool whose threads run `entry` (`new URL('./tasks.js', import.meta.url)`), a module that exports its
 * tasks. Node 20 cannot start a thread from TypeScript, with tsx or without.
 */
export function threadEntry(entry: URL) {
  const isCompiled = !import.meta.url.endsWith('.ts');
  if (isCompiled) return { filename: entry.href };
  const filename = new URL('./thread-from-source.mjs', import.meta.url).href;
  return { filename, workerData: { entry: entry.href }, execArgv: [] };
}
