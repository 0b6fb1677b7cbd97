/** Tokens, passwords in URLs and private keys: secretlint's recommended rules, and a few forms that they do not know. */
import { lintSource } from '@secretlint/core';
import { secretLintProfiler } from '@secretlint/profiler';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

// It keeps a mark of every text and searches them all at the next one: each text would take longer than the one before.
secretLintProfiler.mark = () => {};

const config = {
  rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, rules: [] }],
};

/** Each by what it begins with; the keys of one provider look like those of no other. */
const ownForms: readonly RegExp[] = [
  // Amazon: the id alone.
  /(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])/g,
  // Google, GitLab, Stripe.
  /(?<![\w-])AIza[\w-]{35}(?![\w-])/g,
  /(?<![\w-])glpat-[\w-]{20,64}(?![\w-])/g,
  /(?<![\w-])[rs]k_live_[A-Za-z0-9]{20,120}(?![\w-])/g,
  // A private key with something in it.
  /-----BEGIN (?:[A-Z]{1,10} ){0,2}PRIVATE KEY-----\s{1,4}(?:[A-Za-z0-9+/=]{40,80}\s{1,4}){3}/g,
];

/** What manuals write where a secret belongs. */
const placeholder =
  /example|sample|dummy|placeholder|changeme|your|xxxx|\*{3}|\.{3}|0{6}|1234567|abcdefg|<[^>]{0,40}>|\$\{|%[a-z_]+%|redacted|secret_?key_?here/i;
const urlWithPassword = /^[a-z][a-z0-9+.-]{1,20}:\/\/([^\s:/@]{1,200}):([^\s@]{1,200})@([^\s:/?#]{1,200})/i;
const noPassword =
  /^(?:pass(?:word|wd)?\d{0,4}|pwd|secret\d{0,4}|mypass(?:word)?|mysecretpassword|test\d{0,4}|root|admin\d{0,4}|user(?:name)?|postgres|guest|token)$/i;
const noHost =
  /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|db|database|postgres|mysql|redis|mongo(?:db)?|host(?:name)?|server)$|(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|local)$/i;

/** Whether the text has a secret that is not obviously an example. */
export async function hasKey(text: string): Promise<boolean> {
  if (ownForms.some((form) => [...text.matchAll(form)].some(([match]) => isReal(match)))) return true;
  const { messages } = await lintSource({
    source: { content: text, filePath: 'text.txt', ext: '.txt', contentType: 'text' },
    options: { config, noPhysicFilePath: true, maskSecrets: true },
  });
  return messages.some(({ range: [start, end] }) => isReal(text.slice(start, end)));
}

/** Not what a manual would show. */
function isReal(match: string): boolean {
  if (placeholder.test(match)) return false;
  const [, user, password, host] = urlWithPassword.exec(match) ?? [];
  if (password !== undefined && host !== undefined)
    return !noHost.test(host) && !noPassword.test(password) && password !== user;
  return new Set(match).size >= 10;
}
