/** Coverage as lines for a terminal. */
import type { Coverage, Use } from './coverage.js';

/** Beyond so many standard deviations no run is called even: chance goes there once in 15,000 runs. */
const UNLIKELY = 4;

/** What `coverage` found: the `rows` most and least used skills, the query types, and whether chance explains it. */
export function coverageTable(coverage: Coverage, { rows }: { rows: number }): string[] {
  const { examples, accepted, k, skills, queryTypes } = coverage;
  const byUse = [...skills].sort((a, b) => b.used - a.used);
  const typesByUse = [...queryTypes].sort((a, b) => b.used - a.used);
  const isShort = skills.length <= 2 * rows;
  const tables: [string, Use[]][] = [
    ...(k === 0
      ? []
      : isShort
        ? [['skills', byUse] satisfies [string, Use[]]]
        : ([
            ['most used skills', byUse.slice(0, rows)],
            ['least used skills', byUse.slice(-rows)],
          ] satisfies [string, Use[]][])),
    ['query types', typesByUse],
  ];
  const width = Math.max(
    ...tables
      .flatMap(([title, uses]) => [title, ...uses.map(({ name }) => `  ${name}`)])
      .map((text) => text.length),
  );
  const line = (name: string, used: string, kept: string) =>
    `${name.padEnd(width)} ${used.padStart(9)} ${kept.padStart(9)}`;
  return [
    `${number(examples)} examples, ${number(accepted)} accepted`,
    ...tables.flatMap(([title, uses]) => [
      '',
      line(title, 'used', 'accepted'),
      ...uses.map(({ name, used, accepted: kept }) => line(`  ${name}`, number(used), number(kept))),
    ]),
    '',
    ...uniformityInWords(coverage),
  ];
}

/** Whether chance explains how often each was used; a sentence each. */
export function uniformityInWords({ uniformity, skills, queryTypes }: Coverage): string[] {
  const lines: string[] = [];
  if (uniformity.skills !== null) {
    const { fewest, most, expected, chiSquare, degreesOfFreedom, z } = uniformity.skills;
    lines.push(
      `Each of ${number(skills.length)} skills: ${number(fewest)} to ${number(most)} times, ${expected.toFixed(2)} on average; ` +
        `X² = ${chiSquare.toFixed(1)} with ${number(degreesOfFreedom)} degrees of freedom, z = ${z.toFixed(2)}: ${evenness(z)}.`,
    );
  }
  if (uniformity.pairs !== null) {
    const { possible, distinct, expectedDistinct, standardDeviation } = uniformity.pairs;
    const deviation = standardDeviation === null ? '' : ` ± ${standardDeviation.toFixed(1)}`;
    lines.push(
      `Pairs: ${number(distinct)} different ones of ${number(possible)}; chance gives ${expectedDistinct.toFixed(1)}${deviation}.`,
    );
  }
  if (uniformity.queryTypes !== null) {
    const { fewest, most } = uniformity.queryTypes;
    lines.push(
      `Each of ${number(queryTypes.length)} query types: ${number(fewest)} to ${number(most)} times.`,
    );
  }
  return lines;
}

function evenness(z: number): string {
  if (Math.abs(z) <= UNLIKELY) return 'as even as chance makes it';
  return z > 0 ? 'less even than chance makes it' : 'more even than chance makes it';
}

function number(n: number): string {
  return n.toLocaleString('en-US');
}
