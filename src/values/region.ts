/** Which country a text names, for reading national phone numbers. */
import { type CountryCode, getCountries, isSupportedCountry } from 'libphonenumber-js/max'
import { foldWords } from './fold.ts'

const otherNames: Readonly<Record<string, CountryCode>> = {
  usa: 'US',
  'u s a': 'US',
  'u s': 'US',
  america: 'US',
  'united states of america': 'US',
  uk: 'GB',
  'u k': 'GB',
  'great britain': 'GB',
  england: 'GB',
  scotland: 'GB',
  wales: 'GB',
  deutschland: 'DE',
  osterreich: 'AT',
  schweiz: 'CH',
  suisse: 'CH',
  espana: 'ES',
  italia: 'IT',
  nederland: 'NL',
  'the netherlands': 'NL',
  holland: 'NL',
  'czech republic': 'CZ',
  turkey: 'TR',
  'south korea': 'KR',
  korea: 'KR',
  uae: 'AE',
}

/** Made on first use by the caller that keeps it: names in English and ISO codes. */
export function regionFinder(): (text: string) => CountryCode | undefined {
  const display = new Intl.DisplayNames(['en'], { type: 'region' })
  const byName = new Map<string, CountryCode>(Object.entries(otherNames))
  for (const code of getCountries()) byName.set(foldWords(display.of(code) ?? code), code)
  const named = (text: string) => {
    const code = text.trim().toUpperCase()
    return isSupportedCountry(code) ? code : byName.get(foldWords(text))
  }
  // `Berlin, Germany`: the country stands last.
  return (text) => named(text) ?? (text.includes(',') ? named(text.slice(text.lastIndexOf(',') + 1)) : undefined)
}
