/** The calling codes of telephone numbers and of the countries that texts name, as far as both are beyond doubt. */
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max'
import { foldWords } from './fold.ts'
import { regionFinder } from './region.ts'

/** Written differently, a number is not judged; longer than any number with its punctuation. */
const numberMax = 40

/** `+49 30 123456` gives `49`; undefined for a number without a country code. Prepared once, since it reads the plans. */
export function callingCodeReader(): (text: string) => string | undefined {
  const codes = new Set<string>(getCountries().map((country) => getCountryCallingCode(country)))
  return (text) => {
    if (text.length > numberMax) return undefined
    const digits = /^\s*\(?(?:\+|00)\s*([1-9][\d\s().-]*)/.exec(text)?.[1]?.replace(/\D/g, '')
    if (digits === undefined || digits.length < 7) return undefined
    // No code is the beginning of another one.
    return [1, 2, 3].map((length) => digits.slice(0, length)).find((code) => codes.has(code))
  }
}

/** Names of countries that are as often those of a state or a town. */
const ambiguous = new Set(['georgia', 'jersey'])

/**
 * The calling code of the country that a place names: `Berlin, Germany` gives `49`. Two letters tell nothing where any place
 * may stand: CA is California, and DE is Delaware.
 *
 * @param isCountry whether the texts are of countries and of nothing else
 */
export function countryCodeReader(isCountry: boolean): (text: string) => string | undefined {
  const find = regionFinder()
  const known = new Map<string, string | undefined>()
  const read = (text: string): string | undefined => {
    const last = text.slice(text.lastIndexOf(',') + 1).trim()
    const isShort = last.length <= 2
    if (!isCountry && ((isShort && !/^(?:us|uk)$/i.test(last)) || ambiguous.has(foldWords(last)))) return undefined
    const region = find(last)
    return region === undefined ? undefined : getCountryCallingCode(region)
  }
  return (text) => {
    if (text.length > 200) return undefined
    if (known.has(text)) return known.get(text)
    if (known.size >= placesKeptMax) known.clear()
    const code = read(text)
    known.set(text, code)
    return code
  }
}

/** Most rows of a table are of a few places. */
const placesKeptMax = 5000
