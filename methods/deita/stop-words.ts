/** English words that say nothing alone: articles, pronouns, prepositions, conjunctions, auxiliary verbs and the like. */
const stopWords = new Set(
  `a an the this that these those such
  i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
  it its itself they them their theirs themselves who whom whose which what one
  am is are was were be been being do does did doing done have has had having can could will would shall should may might must
  about above across after against along among around at before behind below beneath beside between beyond by despite down
  during except for from in inside into near of off on onto out outside over per since through throughout till to toward
  towards under until up upon via with within without
  and but or nor so yet if because as although though while whereas unless than then else
  not no any all both each every either neither some few more most much many other another own same only too very just
  also even again further once ever here there when where why how now
  s t d m ll re ve don didn doesn isn aren wasn weren hasn haven hadn won wouldn couldn shouldn mustn`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Whether a word, in any case, is one: `The`, and `don't` and `it’s`, which are two of them each. */
export function isStopWord(word: string): boolean {
  return word
    .toLowerCase()
    .split(/['’]/)
    .every((part) => stopWords.has(part));
}
