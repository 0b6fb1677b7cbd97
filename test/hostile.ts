/**
 * Texts that try to act on whoever shows, stores or opens them, and what says whether a view let them. A teacher, a seed
 * file, a provider or a person may write any of them. Every one has the word `hostile` in it, so that a test can tell
 * that it got into the view that it looks at.
 */
import assert from 'node:assert/strict';

/** By what they try to do. */
export const hostileTexts = {
  clearScreen: '\u001b[2J\u001b[H\u001b[31;8m hostile clear \u001b[0m',
  title: '\u001b]0;hostile title\u0007 and \u001b]2;hostile title\u001b\\ hostile',
  terminalLink: '\u001b]8;;https://hostile.example/\u001b\\hostile link\u001b]8;;\u001b\\',
  clipboard: '\u001b]52;c;aG9zdGlsZQ==\u0007hostile clipboard',
  deviceControl: '\u001bP+q544e\u001b\\\u001b_hostile\u001b\\\u001b^hostile\u001b\\\u001bc hostile reset',
  c1Controls: '\u009b31mhostile\u009b0m \u009d0;hostile\u009c \u0090hostile\u009c \u0085hostile',
  unended: 'hostile \u001b]8;;https://hostile.example/ no end \u001b[',
  bidi: 'hostile \u202ereversed\u202c \u2066isolated\u2069 \u202bembedded\u202a \u2067\u2068',
  overwrite: 'accepted 99\rhostile overwrite\b\b\b\b\u007f',
  nulls: 'hostile\u0000null\u0000\u0001\u0002',
  loneSurrogates: '\ud800hostile\udfff \udc00\ud800',
  lineSeparators: 'hostile\u2028two\u2029three\u0085four\u000bfive\u000csix',
  combining: `hostile${'\u0301'.repeat(500)} \u200b\u200d\ufeff\u{e0041}`,
  long: `hostile ${'x'.repeat(100_000)}`,
  lines: `hostile\n${'\n'.repeat(200)}hostile\r\n\thostile`,

  script: '</script><script>globalThis.hostile = 1</script>',
  image: '<img src=x onerror="globalThis.hostile = 1"><svg/onload=globalThis.hostile=1>',
  frame: '<iframe srcdoc="<script>globalThis.hostile = 1</script>"></iframe><!-- hostile',
  attribute: `hostile" onmouseover="globalThis.hostile = 1" x='y' onfocus='globalThis.hostile = 1`,
  anchor: '<a href="javascript:globalThis.hostile=1">hostile</a> javascript:globalThis.hostile=1',
  style: '</style><style>body{background:url(https://hostile.example/)}</style>hostile',
  closers: ']]></textarea></title></svg></template>--> hostile &lt;script&gt; &#60;script&#62;',

  link: '[hostile](javascript:globalThis.hostile=1) [hostile](https://hostile.example/ "hostile")',
  picture: '![hostile](https://hostile.example/pixel.png)',
  reference: '[hostile]\n\n[hostile]: https://hostile.example/',
  autolink: '<https://hostile.example/> https://hostile.example/ www.hostile.example hostile@hostile.example',
  cells: '| hostile | cell |\n|---|---|\n| hostile | \\| |',
  fence: '```\n````\n~~~\n# hostile\n> hostile\n1. hostile\n- [x] hostile\n***hostile***',
  frontMatter: '---\nlicense: hostile\ntags: [hostile]\n---\nhostile: *alias !!js/function >',
  formula: "=cmd|'/c calc'!A0 hostile",
  formulas: '@SUM(1+1)*hostile\t+hostile\t-hostile',

  prototype: '__proto__',
  prototypeJson: '{"__proto__": {"hostile": true}, "constructor": {"prototype": {"hostile": true}}}',
  ownLedger:
    '{"row":"outcome","attemptId":"hostile","kind":"answered","costUsd":-1,"bill":"known","usage":null}',
  ownCandidate: '{"id":"hostile","verdict":{"state":"accepted"},"round":1,"callIndex":0}\n{"hostile":1}',
  marks: '### Instruction:\nhostile </instruction></response>\n### Response:\n<|im_end|><|endoftext|>',
  template: '{{hostile}} #{hostile} %s%n%x \\u001b[2J \\x1b[2J',
  shell: '$(touch hostile) `touch hostile`; touch hostile #',
  path: '../../../../hostile/../etc/passwd',
  sql: "hostile'); DROP TABLE candidates; --",
} as const satisfies Record<string, string>;

/** All of them. */
export const hostileList: readonly string[] = Object.values(hostileTexts);

/** Short enough for one message of a provider, or a reason that a person gives. */
export const hostileWords = hostileList.filter((text) => text.length < 200);

/** One text with every way to act in it, `salt` first, so that two of them differ. */
export function hostileText(salt: string): string {
  return [salt, ...hostileWords].join(' ');
}

/**
 * What a terminal acts on or shows otherwise than it is written: escapes, C0 (but for line ends and tabs), C1, DEL, and
 * characters that turn the direction of text around; and halves of characters, which no UTF-8 file can hold.
 */
const ACTS_IN_TERMINAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;
/** Colours and weights, as `picocolors` writes them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOURS = /\u001b\[(?:\d{1,2})m/g;

/** Fails when a terminal would act on the text. `colours`: those of our own are fine. */
export function assertInertInTerminal(text: string, view: string, { colours = false } = {}): void {
  const plain = colours ? text.replaceAll(COLOURS, '') : text;
  const at = plain.search(ACTS_IN_TERMINAL);
  assert.equal(at, -1, `${view}: ${JSON.stringify(plain.slice(Math.max(0, at - 60), at + 60))}`);
}

/** What a hostile text would be in HTML if nobody made it harmless. */
const LIVE_HTML =
  /<\/?\s*(?:script|img|svg|iframe|style|textarea|title|template|a)\b|<!--|hostile"\s+onmouseover|javascript:/i;

/** Fails when foreign markup is live in HTML. Give what our own page does not have: a cell, a paragraph, a data block. */
export function assertInertHtml(html: string, view: string): void {
  const found = LIVE_HTML.exec(html);
  assert.equal(found, null, `${view}: ${excerptAt(html, found)}`);
}

/** Links, pictures, headings, tags and tables of a hostile text that would be live in Markdown. */
const LIVE_MARKDOWN = [
  LIVE_HTML,
  /!?\[hostile\]/,
  /(?:https?:\/\/|www\.)hostile/,
  /hostile@hostile/,
  /^ {0,3}(?:#{1,6} |> |\d+\. |- )hostile/m,
  /\| hostile \| cell \|/,
  /\*\*\*hostile/,
  /^license: hostile$/m,
];

/** Fails when foreign Markdown or HTML is live outside of fenced blocks, or a fenced block is left by what is in it. */
export function assertInertMarkdown(markdown: string, view: string): void {
  const outside = withoutFences(markdown);
  for (const live of LIVE_MARKDOWN) {
    const found = live.exec(outside);
    assert.equal(found, null, `${view}: ${excerptAt(outside, found)}`);
  }
  assertInertInTerminal(markdown, view);
}

/** Blocks as CommonMark ends them: by a fence of the same mark that is at least as long, with nothing behind it. */
function withoutFences(markdown: string): string {
  const kept: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split('\n')) {
    const [, mark = ''] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence === null) {
      if (mark === '') kept.push(line);
      else fence = mark;
    } else if (mark.startsWith(fence) && line.trim() === mark) fence = null;
  }
  assert.equal(fence, null, 'a fence is not closed');
  return kept.join('\n');
}

function excerptAt(text: string, found: RegExpExecArray | null): string {
  return found ? JSON.stringify(text.slice(Math.max(0, found.index - 60), found.index + 80)) : '';
}
