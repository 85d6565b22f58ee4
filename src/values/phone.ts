/** Reading phone numbers with the numbering plans of libphonenumber. A country is never guessed. */
import { type CountryCode, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'

export type PhoneReading =
  | {
      readonly is: 'phone'
      readonly e164: string
      readonly extension: string | undefined
      readonly status: 'valid' | 'possible' | 'impossible'
    }
  /** The reason completes the sentence "this value …". */
  | { readonly is: 'invalid'; readonly reason: string }

const invalid = (reason: string): PhoneReading => ({ is: 'invalid', reason })

/** Reads cleaned text (see `clean`), national numbers by the plan of `region`. */
export function readPhone(cleaned: string, region: CountryCode | undefined): PhoneReading {
  const text = cleaned
    .replace(/^(?:tel|phone|mobile|cell|fax|call|t|m|p)\s*[:.]\s*/iu, '')
    // What a spreadsheet or pandas makes of a column of numbers.
    .replace(/^(\+?\d+)\.0$/u, '$1')
  if (/^\d(?:\.\d+)?e\+?\d+$/iu.test(text)) return invalid('was rounded by a spreadsheet')
  if (!/\d/u.test(text)) return invalid('holds no digit')
  const parts = text.split(/[;/|,]|\bor\b/iu).filter((part) => part.replace(/\D/gu, '').length >= 7)
  if (parts.length > 1) return invalid('may hold several numbers')
  const number = parsed(text, region)
  if (number === undefined) {
    if (/^[\s(]*(?:\+|00)/u.test(text) || region !== undefined) return invalid('cannot be read as a phone number')
    return invalid('has no country code, and no region is declared')
  }
  const status = number.isValid() ? 'valid' : number.isPossible() ? 'possible' : 'impossible'
  return { is: 'phone', e164: number.number, extension: number.ext, status }
}

function parsed(text: string, region: CountryCode | undefined): PhoneNumber | undefined {
  const options = { extract: false, ...(region === undefined ? {} : { defaultCountry: region }) }
  const number = parsePhoneNumberFromString(text, options)
  if (number?.isValid() === true || !/^[\s(]*00[1-9(\s]/u.test(text)) return number
  // 00 is the international prefix of the ITU, though not everywhere a phone would take it.
  const international = parsePhoneNumberFromString(text.replace(/^[\s(]*00/u, '+'), { extract: false })
  return international?.isValid() === true ? international : number
}
