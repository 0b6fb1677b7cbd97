/** Telephone numbers, by the numbering plans of libphonenumber. */
import { findPhoneNumbersInText } from 'libphonenumber-js/max';

/** Seven digits that only marks stand between: nothing else can be a number. */
const sevenDigits = /\d(?:[^\p{L}\d\n]{0,3}\d){6}/u;

/** Numbers that are kept for films and books: 555 in North America, some ranges in Britain and Australia. */
const fiction =
  /^\+(?:1(?:\d{3}555|555)\d{4}|1555\d{7}|44(?:7700900|20794600?|1632960)\d+|61(?:49157|255501|355501|755501|855501)\d+)/;

/**
 * Whether the text has a telephone number: valid in its country, written with +, brackets or marks between its digits. Without a
 * country code it is read as North America's.
 */
export function hasPhone(text: string): boolean {
  if (!sevenDigits.test(text)) return false;
  const found = findPhoneNumbersInText(text, { defaultCountry: 'US', extended: false });
  return found.some(({ number, startsAt, endsAt }) => {
    const written = text.slice(startsAt, endsAt);
    const isBare = /^\d+$/.test(written) && text[startsAt - 1] !== '+';
    // `3-10-2023 1200`, `1.234.567.890`: dates, sums and versions have marks, too.
    const isWritten = written.startsWith('+') || text[startsAt - 1] === '+' || formsOfAmerica.test(written);
    return !isBare && isWritten && number.isValid() && !fiction.test(number.number);
  });
}

/** `212-736-5000`, `(212) 736-5000`, `1 212.736.5000`. */
const formsOfAmerica = /^(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}$/;
