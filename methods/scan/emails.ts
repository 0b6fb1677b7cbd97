/**
 * An address as people write it; no quoted local parts, no addresses of machines by number. It begins where no character of an
 * address stands before it, so that a long word is looked at once; everything is bounded.
 */
const address =
  /(?<![\p{L}\p{N}._%+-])([\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63})@((?:[\p{L}\p{N}][\p{L}\p{N}-]{0,62}\.){1,6}[\p{L}]{2,24})(?![\p{L}\p{N}-])/gu;

/** Reserved for examples (RFC 2606, RFC 6761), and what texts write for “some company”. */
const exampleDomain =
  /(?:^|\.)(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost|local)$|^(?:(?:your|my|some|the)?[-_]?(?:domain|company|companyname|website|site|email|mail|organization|business|school|university|store|shop|abc|xyz|acme|test|sample|demo|fake|provider|host|server))\.(?:com|org|net|edu)$/i;

/** What texts write for “somebody”. */
const nobody =
  /^(?:(?:your|my|his|her|their|the|some|user|customer|client|recipient|sender|first|last|full)?[._-]?(?:name|e?mail|address|username|user|firstname|lastname|e?mailaddress|id)|you|someone|somebody|anyone|x+|abc|xyz|foo|bar|test\d*|example\d*|(?:first|last)(?:name)?[._-]?(?:last|first)(?:name)?|noreply|no-reply)$/i;

/** Whether the text has an e-mail address that is not obviously an example. */
export function hasEmail(text: string): boolean {
  if (!text.includes('@')) return false;
  for (const { index, 1: local = '', 2: domain = '' } of text.matchAll(address)) {
    // The password of a URL, and its host.
    if (/:\/\/[^\s@]*$/.test(text.slice(Math.max(0, index - 200), index))) continue;
    if (!exampleDomain.test(domain) && !nobody.test(local)) return true;
  }
  return false;
}
