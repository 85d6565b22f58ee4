/**
 * Matching keys: what two values must share to name the same thing. Keys are compared and thrown away or kept beside the
 * data, never written over a value. Each is undefined where the value names nothing that could be matched.
 */
import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/max'
import { readEmail } from './email.ts'
import type { FieldType } from './field-type.ts'
import { foldLetters, foldWords } from './fold.ts'
import { readLegalSuffix } from './legal-suffixes.ts'
import { readLinkedIn } from './linkedin.ts'
import { nameCredentials, nameSuffixes, nameTitles } from './person-name-words.ts'
import { readPhone } from './phone.ts'
import { isPlaceholder } from './placeholder.ts'
import { noSiblings } from './rule.ts'
import { standardizeRules } from './rules/index.ts'
import type { RuleUse } from './standardizer.ts'
import { readWebAddress } from './web-address.ts'
import { clean } from './whitespace.ts'

/** Which key a field's values have. */
export type MatchKeyName = 'email' | 'linkedin' | 'phone' | 'company' | 'person' | 'web' | 'text'

const plainEmail = /^[a-z0-9]+(?:[._+-][a-z0-9]+)*@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24})$/
/** A profile in standard form that cannot be an internal id (AC…). */
const plainProfile = /^https:\/\/www\.linkedin\.com\/(in\/(?!ac[a-z]aa)[a-z0-9]+(?:-[a-z0-9]+)*)$/

const nameRule = standardizeRules.get('person_name')?.prepare({})
const rulePrepared = standardizeRules.get('email')?.prepare({})

/**
 * The mailbox: lower-case, and at Gmail without dots and +tags, which it ignores. `A.nn+x@Gmail.com` gives
 * `ann@gmail.com`.
 */
export function emailKey(value: string): string | undefined {
  // Most addresses are their own key, told at once.
  const domain = value.length <= 64 ? plainEmail.exec(value)?.[1] : undefined
  if (domain !== undefined && domain !== 'gmail.com' && domain !== 'googlemail.com') return value
  const outcome = rulePrepared?.(value, noSiblings)
  if (outcome === undefined || outcome.is === 'unmendable') return undefined
  const reading = readEmail(outcome.is === 'changed' ? outcome.value : value)
  if (reading.is === 'invalid') return undefined
  const lowered = reading.domain.toLowerCase()
  if (lowered !== 'gmail.com' && lowered !== 'googlemail.com') return `${reading.local.toLowerCase()}@${lowered}`
  const mailbox = reading.local.toLowerCase().replace(/\+.*$/u, '').replaceAll('.', '')
  return mailbox === '' ? undefined : `${mailbox}@gmail.com`
}

/** `in/<slug>` of a person, `company/<slug>` of an organisation. */
export function linkedInKey(value: string): string | undefined {
  const plain = value.length <= 120 ? plainProfile.exec(value)?.[1] : undefined
  if (plain !== undefined) return plain
  const reading = readLinkedIn(clean(value))
  return reading.is === 'page' ? `${reading.page}/${reading.slug}` : undefined
}

/**
 * Digits of the number with its country code. Of a national number without a known country, its digits without leading
 * zeros behind `?`: it matches only others of that kind.
 */
export function phoneKey(value: string, region?: string): string | undefined {
  const cleaned = clean(value)
  const country: CountryCode | undefined = region !== undefined && isSupportedCountry(region) ? region : undefined
  const reading = readPhone(cleaned, country)
  if (reading.is === 'phone') return reading.e164.replace(/\D/gu, '')
  const digits = cleaned
    .replace(/(?:ext|x).*$/iu, '')
    .replace(/\D/gu, '')
    .replace(/^0+/u, '')
  return digits.length >= 7 && digits.length <= 15 ? `?${digits}` : undefined
}

/** The name without its legal form, folded to plain words. `ACME, Inc.` and `Acmé Incorporated` give `acme`. */
export function companyKey(value: string): string | undefined {
  const cleaned = clean(value)
  if (isPlaceholder(cleaned)) return undefined
  let core = cleaned.replace(/^the\s+(?=\S)/iu, '')
  for (;;) {
    const suffix = readLegalSuffix(core, 'any')
    if (suffix === undefined) break
    core = suffix.core
  }
  return orUndefined(foldWords(core).replace(/ and /gu, ' ')) ?? orUndefined(foldWords(cleaned))
}

/** First and last names folded to plain words, without titles, degrees and Jr. `Dr. José Ruiz, PhD` gives `jose ruiz`. */
export function personKey(value: string): string | undefined {
  const cleaned = clean(value)
  if (isPlaceholder(cleaned)) return undefined
  const outcome = nameRule?.(cleaned, noSiblings)
  const words = foldWords(outcome?.is === 'changed' ? outcome.value : cleaned).split(' ')
  const kept = words.filter(
    (word, index) =>
      !(index === 0 && nameTitles.has(word)) && !(index > 0 && (nameSuffixes.has(word) || nameCredentials.has(word))),
  )
  return orUndefined(kept.join(' ')) ?? orUndefined(words.join(' '))
}

/** Host without www, and path without its last slash; scheme, query and fragment do not count. */
export function webKey(value: string): string | undefined {
  const reading = readWebAddress(clean(value))
  if (reading.is === 'invalid') return undefined
  return `${domainOf(reading.url)}${reading.url.pathname.replace(/\/+$/u, '')}`
}

/** The host of a web address, or the domain of an e-mail address, without www. */
export function domainKey(value: string): string | undefined {
  const cleaned = clean(value)
  const email = emailKey(cleaned)
  if (email !== undefined) return email.slice(email.lastIndexOf('@') + 1)
  const reading = readWebAddress(cleaned)
  return reading.is === 'invalid' ? undefined : domainOf(reading.url)
}

function domainOf(url: URL): string {
  return url.hostname.replace(/\.$/u, '').replace(/^www\.(?=[^.]+\.)/u, '')
}

/** Folded text with white space in standard form. */
export function textKey(value: string): string | undefined {
  return orUndefined(foldLetters(clean(value)))
}

/** Which key a field's values have, by its rules first and its type second. */
export function matchKeyNameOf(type: FieldType, rules: readonly RuleUse[]): MatchKeyName {
  for (const { rule } of rules) {
    const name = keyOfRule[rule]
    if (name !== undefined) return name
  }
  return type === 'email' ? 'email' : type === 'phone' ? 'phone' : type === 'url' ? 'web' : 'text'
}

const keyOfRule: Readonly<Record<string, MatchKeyName>> = {
  email: 'email',
  linkedin_url: 'linkedin',
  phone: 'phone',
  company_name: 'company',
  person_name: 'person',
  url: 'web',
}

/** The key of that name. `region` helps with national phone numbers. */
export function matchKey(name: MatchKeyName, value: string, region?: string): string | undefined {
  switch (name) {
    case 'email':
      return emailKey(value)
    case 'linkedin':
      return linkedInKey(value)
    case 'phone':
      return phoneKey(value, region)
    case 'company':
      return companyKey(value)
    case 'person':
      return personKey(value)
    case 'web':
      return webKey(value)
    case 'text':
      return textKey(value)
  }
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text
}
