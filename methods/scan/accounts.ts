/** Numbers of payment cards and bank accounts, by their check digits. */

/** 13 to 19 digits, in groups or not. */
const digits = /(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d.,-]?\d)/g;
/** Visa, Mastercard, American Express, Discover, JCB, Diners. */
const issuer =
  /^(?:4|5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720)|3[47]|6(?:011|4[4-9]|5)|35(?:2[89]|[3-8])|3(?:0[0-5]|[68]))/;
const lengths = new Set([13, 14, 15, 16, 19]);
/** What providers of payments publish for tests. */
const testCards = new Set([
  '4111111111111111',
  '4242424242424242',
  '4012888888881881',
  '4000056655665556',
  '4222222222222',
  '5555555555554444',
  '5105105105105100',
  '5200828282828210',
  '2223003122003222',
  '378282246310005',
  '371449635398431',
  '6011111111111117',
  '6011000990139424',
  '30569309025904',
  '38520000023237',
  '3530111333300000',
  '3566002020360505',
]);

const iban = /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])/g;
/** Of Wikipedia, of the registry, and of banks' pages. */
const exampleIbans = new Set([
  'GB82WEST12345698765432',
  'GB29NWBK60161331926819',
  'GB33BUKB20201555555555',
  'DE89370400440532013000',
  'DE75512108001245126199',
  'FR1420041010050500013M02606',
  'FR7630006000011234567890189',
  'ES9121000418450200051332',
  'NL91ABNA0417164300',
  'IT60X0542811101000000123456',
  'CH9300762011623852957',
  'AT611904300234573201',
  'BE68539007547034',
]);

/** Whether the text has the number of a card or an IBAN that is no published example. */
export function hasAccount(text: string): boolean {
  return hasCard(text) || hasIban(text);
}

function hasCard(text: string): boolean {
  for (const [match] of text.matchAll(digits)) {
    const number = match.replaceAll(/\D/g, '');
    const isCard = lengths.has(number.length) && issuer.test(number) && luhn(number);
    if (isCard && !testCards.has(number) && new Set(number.slice(1)).size > 2) return true;
  }
  return false;
}

function luhn(number: string): boolean {
  let sum = 0;
  for (let place = 0; place < number.length; place += 1) {
    const digit = Number(number[number.length - 1 - place]);
    const doubled = place % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function hasIban(text: string): boolean {
  for (const [match] of text.matchAll(iban)) {
    const number = match.replaceAll(' ', '');
    if (number.length >= 15 && number.length <= 34 && mod97(number) === 1 && !exampleIbans.has(number))
      return true;
  }
  return false;
}

/** ISO 13616: country and check digits at the end, letters as two digits. */
function mod97(number: string): number {
  let rest = 0;
  for (const char of number.slice(4) + number.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
