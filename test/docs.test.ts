import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../client/main.js';
import { packageRoot } from '../workers/folders.js';

const pages = ['.', 'docs', 'docs/methods', 'docs/decisions', 'recipes', 'models', ...foldersIn('examples')]
  .flatMap((folder) => readdirSync(path.join(packageRoot, folder)).map((file) => path.join(folder, file)))
  .filter((file) => file.endsWith('.md'));

function foldersIn(folder: string): string[] {
  const inside = readdirSync(path.join(packageRoot, folder), { withFileTypes: true });
  return [folder, ...inside.filter((one) => one.isDirectory()).map(({ name }) => path.join(folder, name))];
}

describe('the pages of the project', () => {
  const known = new Set([...program.commands.map((command) => command.name()), 'COMMAND']);

  for (const page of pages) {
    const text = readFileSync(path.join(packageRoot, page), 'utf8');

    it(`lead nowhere that is not there: ${page}`, () => {
      const prose = text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');
      const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => link ?? []);
      const files = links
        .filter((link) => !/^(https?:|mailto:|#)/.test(link))
        .map((link) => path.join(packageRoot, path.dirname(page), link.replace(/#.*$/, '')));
      assert.deepEqual(
        files.filter((file) => !existsSync(file)),
        [],
      );
    });

    it(`name only commands that there are: ${page}`, () => {
      const named = [...text.matchAll(/npx seedmill ([a-zA-Z]+)/g)].flatMap(([, name]) => name ?? []);
      assert.deepEqual(
        named.filter((name) => !known.has(name)),
        [],
      );
    });
  }
});
