/** What falls into the minutes of a log. */

export interface Amount {
  atMs: number;
  amount: number;
}

export const minuteMs = 60_000;

/** The most in any 60 seconds that begin at `fromMs` or later. `amounts` in order of time. */
export function mostInMinute(amounts: Amount[], fromMs: number): number {
  let [most, sum, first] = [0, 0, 0];
  const late = amounts.filter(({ atMs }) => atMs >= fromMs);
  for (const { atMs, amount } of late) {
    sum += amount;
    for (let at = late[first]; at && at.atMs <= atMs - minuteMs; at = late[first]) {
      sum -= at.amount;
      first += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
}
