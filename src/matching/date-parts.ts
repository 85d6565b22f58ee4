/** Dates as they stand in lead data, read into eight digits so that misspelt ones can be compared digit by digit. */

const yearFirst = /^(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:\D.*)?$/u
const yearLast = /^(\d{1,2})\D(\d{1,2})\D(\d{4})(?:\D.*)?$/u
const compact = /^(\d{4})(\d\d)(\d\d)$/u

/** `YYYYMMDD`, or the digits as they stand where they are no date; empty where there is no digit. Day before month is taken for European. */
export function dateDigits(value: string): string {
  const joined = compact.exec(value)
  if (joined !== null) return value
  const first = yearFirst.exec(value)
  if (first !== null) return `${first[1]}${two(first[2])}${two(first[3])}`
  const last = yearLast.exec(value)
  if (last !== null) {
    const [, one = '', other = '', year = ''] = last
    // A first number above 12 can only be a day.
    return Number(one) > 12 ? `${year}${two(other)}${two(one)}` : `${year}${two(one)}${two(other)}`
  }
  return value.replace(/\D/gu, '')
}

function two(digits: string | undefined): string {
  return (digits ?? '').padStart(2, '0')
}

/** Days since 1970 of eight digits, whatever calendar day they name; NaN where they are no date. */
export function dayNumber(digits: string): number {
  if (digits.length !== 8) return Number.NaN
  return Date.UTC(Number(digits.slice(0, 4)), Number(digits.slice(4, 6)) - 1, Number(digits.slice(6))) / 86_400_000
}
