/** Stand-ins for tools on the PATH, as shell scripts, so that tests need no network and no minutes. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * An environment whose PATH holds only the given scripts and the system's basic tools. Downloads fail at once, on a
 * machine with network too: they go to a proxy that is not there.
 */
export async function environmentWith(
  folder: string,
  scripts: Record<string, string>,
): Promise<NodeJS.ProcessEnv> {
  const bin = path.join(folder, 'bin');
  for (const [name, body] of Object.entries(scripts)) await writeScript(path.join(bin, name), body);
  const basics = path.join(folder, 'basics');
  await mkdir(basics, { recursive: true });
  for (const name of ['bash', 'sleep', 'cat', 'cp', 'chmod', 'mkdir', 'ln', 'touch']) {
    await writeScript(path.join(basics, name), `PATH=/usr/bin:/bin exec ${name} "$@"`);
  }
  return {
    PATH: `${bin}:${basics}`,
    HOME: folder,
    HTTPS_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
  };
}

async function writeScript(file: string, body: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/bash\n${body}\n`);
  await chmod(file, 0o755);
}

/** A `temporal` that only says its version. */
export function temporalSaying(server: string): string {
  return `echo "temporal version 0 (Server ${server}, UI 2)"`;
}

/**
 * A `go` that "builds" such a `temporal`: half of the file at once, the rest after `seconds`. Each build adds a line
 * to the record.
 */
export function goBuilding(options: { server: string; record: string; seconds: number }): string {
  const { server, record, seconds } = options;
  return `
    if [ "$1" = version ]; then echo "go version go1.99.0 any/any"; exit 0; fi
    echo "$$" >> '${record}'
    printf '#!/bin/bash\\necho "half' > "$GOBIN/temporal"
    chmod 755 "$GOBIN/temporal"
    sleep ${seconds} & child=$!
    trap "kill $child; exit 143" TERM
    wait $child
    printf '#!/bin/bash\\n${temporalSaying(server).replaceAll('"', '\\"')}\\n' > "$GOBIN/temporal"
  `;
}
