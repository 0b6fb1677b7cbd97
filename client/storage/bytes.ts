/** `0 B`, `812 B`, `3.4 MB`: in powers of a thousand, as disks are sold. */
export function bytesInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [amount, unit] = [bytes, 0];
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 || amount >= 99.95 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

/** `1,204 files, 3.4 MB` */
export function amountInWords({ files, bytes }: Amount): string {
  return `${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}, ${bytesInWords(bytes)}`;
}

/** How much lies in a place. */
export interface Amount {
  files: number;
  bytes: number;
}

export function amountOf(files: readonly { bytes: number }[]): Amount {
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
