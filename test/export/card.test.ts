import assert from 'node:assert/strict';
import { fenced, table } from '../../client/export/inert.js';
import { inert } from '../../methods/text.js';
import { languageCode } from '../../client/export/card.js';
import { cardLicence, type Origins } from '../../client/export/origins.js';
import { storedRecipe } from '../activities/stored-run.js';

describe('foreign text in Markdown', () => {
  it('keeps letters, numbers and plain punctuation as they are', () => {
    assert.equal(inert('gpt-4.1-mini, 2nd; Größe 日本'), 'gpt-4.1-mini, 2nd; Größe 日本');
  });

  it('has no mark of Markdown or HTML left, and no link', () => {
    const marks = inert('<b> [a](b) `c` *d* _e_ | f ~~g~~ # h ! & $x$ http://i www.j a@b.c');
    assert.doesNotMatch(marks.replaceAll(/&#\d+;/g, ''), /[<>[\]()`*_|~#!&$@]|:\/\/|www\./);
  });

  it('is one line without terminal escapes', () => {
    assert.equal(inert('a\n\n# b\u001b[31m c'), 'a &#35; b c');
  });

  it('cannot close the fence that it stands in', () => {
    assert.equal(fenced('a\n````\nb', 'text'), '`````text\na\n````\nb\n`````');
  });

  it('cannot open another cell', () => {
    assert.equal(table(['x'], [[inert('a | b')]]), '| x |\n| --- |\n| a &#124; b |');
  });
});

describe('the language of a card', () => {
  const code = (language: string, changes = {}) =>
    languageCode(storedRecipe({ generation: { language }, ...changes }));

  it('is known by its name or its code', () => {
    assert.equal(code('English'), 'en');
    assert.equal(code('German'), 'de');
    assert.equal(code('pt-BR'), 'pt');
    assert.equal(code('hebrew'), 'he');
  });

  it('is left out where nobody knows it', () => {
    assert.equal(code('Klingon of old'), null);
    const given = { method: 'deita', data: 'rows.jsonl', seeds: undefined, target: undefined, score: {} };
    assert.equal(code('English', { ...given, teacher: { form: 'chat' } }), null);
  });
});

describe('the licence of a card', () => {
  const stated = (licences: string[], withoutLicence = 0): Origins => ({
    kind: 'seed tasks',
    count: licences.length + withoutLicence,
    licences,
    withoutLicence,
    sources: [],
  });

  it('is what all seed tasks state', () => {
    assert.deepEqual(cardLicence(null, stated(['Apache-2.0'])), { license: 'apache-2.0' });
    assert.deepEqual(cardLicence(null, stated(['CC BY 4.0', 'MIT'])), { license: ['cc-by-4.0', 'mit'] });
  });

  it('is unknown when one states none, or there are none', () => {
    assert.deepEqual(cardLicence(null, stated(['MIT'], 1)), { license: 'unknown' });
    assert.deepEqual(cardLicence(null, stated([])), { license: 'unknown' });
  });

  it('is what is given, before anything else', () => {
    assert.deepEqual(cardLicence('mit', stated(['Apache-2.0'], 3)), { license: 'mit' });
    assert.deepEqual(cardLicence('My Terms: v2', stated([])), {
      license: 'other',
      license_name: 'my-terms-v2',
    });
  });
});
