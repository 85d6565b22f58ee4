/** Dates as they stand in lead data, read into eight digits so that misspelt ones can be compared digit by digit. */

const compact = /^\d{8}(?!\d)/u
const yearFirst = /^(\d{4})\D(\d{1,2})\D(\d{1,2})(?!\d)/u
const yearLast = /^(\d{1,2})(\D)(\d{1,2})\D(\d{4})(?!\d)/u

/**
 * `YYYYMMDD`, or the digits as they stand where they name no day; empty where there is no digit. Of day and month before a
 * year the day is first where dots are written, as only day-first countries do, or where it cannot be a month.
 */
export function dateDigits(value: string): string {
  if (compact.test(value)) return value.slice(0, 8)
  const first = yearFirst.exec(value)
  if (first !== null) return `${first[1]}${two(first[2])}${two(first[3])}`
  const last = yearLast.exec(value)
  if (last !== null) {
    const [, one = '', separator, other = '', year = ''] = last
    const isDayFirst = separator === '.' || Number(one) > 12
    return isDayFirst ? `${year}${two(other)}${two(one)}` : `${year}${two(one)}${two(other)}`
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
