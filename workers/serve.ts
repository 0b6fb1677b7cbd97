import { DefaultLogger, Runtime } from '@temporalio/worker';
import { inFlightInWords, noteDraining, removeDrainingNote } from './draining.js';
import { runWorkers } from './worker-host.js';

export interface ServeOptions {
  queues: string[];
  storeUrl: string;
  stateDir: string;
  verbose: boolean;
  say: (line: string) => void;
}

/**
 * Serves queues as this process until SIGTERM or SIGINT, then lets calls in flight finish. A second SIGINT ends it at
 * once. Throws what `runWorkers` throws.
 */
export async function serve({ verbose, say, ...options }: ServeOptions): Promise<void> {
  // The SDK's own handlers would end the workers without telling us, who have to keep new requests from being sent.
  Runtime.install({ logger: new DefaultLogger(verbose ? 'DEBUG' : 'WARN'), shutdownSignals: [] });
  const { stateDir, queues } = options;
  const stop = new AbortController();
  let isReady = false;
  // Before that nothing is in flight, and a server that is not there could be waited for.
  const end = () => (isReady ? stop.abort() : process.exit(0));
  process.on('SIGTERM', end);
  process.once('SIGINT', end);
  try {
    await runWorkers({
      ...options,
      signal: stop.signal,
      onReady: () => {
        isReady = true;
        say(`ready: ${queues.join(', ')}`);
      },
      onStopping: (inFlight) => {
        noteDraining(stateDir, inFlight);
        say(inFlight.requests > 0 ? `stopping: waits for ${inFlightInWords(inFlight)}` : 'stopping');
      },
    });
  } finally {
    removeDrainingNote(stateDir, process.pid);
  }
}
