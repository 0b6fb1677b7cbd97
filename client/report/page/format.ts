/** Figures and names as people read them. */

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Of an axis: `80K`; nothing where there is no whole number. */
export function wholeTick(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US', { notation: 'compact' }) : '';
}

/** With at most three digits that count: 0.0123, 1.23, 12.3, 123. */
export function short(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** `$1,204.50`; small sums with two digits that count: `$0.00031`. */
export function dollars(usd: number): string {
  if (usd === 0 || usd >= 0.995)
    return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${usd.toLocaleString('en-US', { maximumSignificantDigits: 2, maximumFractionDigits: 12 })}`;
}

/** `21 Nov 2026, 14:02 UTC`; a text that is no date stays as it is. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = date.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
  return `${day}, ${time} UTC`;
}

/** `1 call`, `2 calls`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `too-short` as `too short`. */
export function words(name: string): string {
  return name.replaceAll('-', ' ');
}

export function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
