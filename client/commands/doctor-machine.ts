/** What `doctor` looks at on the machine itself. */
import { mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { openStore } from '../../store/open-store.js';
import { nvidiaGpu } from '../../workers/python-environment.js';
import { messageOf } from '../../workers/service-error.js';

export interface Check {
  name: string;
  /** `note`: nothing is missing, but worth knowing. */
  status: 'ok' | 'missing' | 'note';
  detail: string;
  /** What to do about it. */
  advice?: string;
}

const enoughGb = 1;

export function checkNode(): Check {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  const detail = `${process.version} (${process.execPath})`;
  return isEnough
    ? { name: 'Node', status: 'ok', detail }
    : { name: 'Node', status: 'missing', detail, advice: 'install Node 20.19 or newer' };
}

export async function checkGpu(): Promise<Check[]> {
  const gpu = await nvidiaGpu(process.env);
  const without = 'no NVIDIA GPU; the student trains on the processor (or on Apple silicon through MPS)';
  return [{ name: 'GPU', status: 'ok', detail: gpu ?? without }];
}

/** Opening a store writes and reads it. */
export async function checkStore(storeUrl: string): Promise<Check[]> {
  try {
    const { store } = await openStore(storeUrl);
    return [{ name: 'Store', status: 'ok', detail: store.url }];
  } catch (error) {
    const advice = 'name another one with --store, or make it writable';
    return [{ name: 'Store', status: 'missing', detail: messageOf(error), advice }];
  }
}

export async function checkDisk(folders: Record<string, string>): Promise<Check[]> {
  return Promise.all(
    Object.entries(folders).map(async ([name, folder]): Promise<Check> => {
      try {
        await mkdir(folder, { recursive: true });
        const { bavail, bsize } = await statfs(folder);
        const freeGb = (bavail * bsize) / 1e9;
        const detail = `${path.resolve(folder)}: ${freeGb.toFixed(1)} GB free`;
        return freeGb > enoughGb
          ? { name: `Disk, ${name}`, status: 'ok', detail }
          : {
              name: `Disk, ${name}`,
              status: 'missing',
              detail,
              advice: `make room: at least ${enoughGb} GB`,
            };
      } catch (error) {
        const advice = 'make it writable';
        return { name: `Disk, ${name}`, status: 'missing', detail: messageOf(error), advice };
      }
    }),
  );
}
