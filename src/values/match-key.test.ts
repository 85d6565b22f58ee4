import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  companyKey,
  domainKey,
  emailKey,
  linkedInKey,
  matchKey,
  matchKeyNameOf,
  personKey,
  phoneKey,
  textKey,
  webKey,
} from './match-key.ts'

describe('matching keys', () => {
  it('of e-mail: Gmail ignores dots and tags, others do not', () => {
    expect(emailKey('A.nn+news@GMail.com')).toBe('ann@gmail.com')
    expect(emailKey('ann@googlemail.com')).toBe('ann@gmail.com')
    expect(emailKey('Ann Lee <A.nn+news@Example.com>')).toBe('a.nn+news@example.com')
    expect(emailKey('nobody')).toBeUndefined()
    expect(emailKey('+x@gmail.com')).toBeUndefined()
  })

  it('of LinkedIn: the page and its slug', () => {
    expect(linkedInKey('http://de.linkedin.com/in/Ann-Lee/?trk=1')).toBe('in/ann-lee')
    expect(linkedInKey('linkedin.com/company/acme')).toBe('company/acme')
    expect(linkedInKey('linkedin.com/pub/ann/1/2/3')).toBeUndefined()
  })

  it('that are told at once are those of the long way', () => {
    const local = fc.stringMatching(/^[a-zA-Z0-9.+-]{1,12}$/)
    const domain = fc.constantFrom('gmail.com', 'googlemail.com', 'x.org', 'a-b.example', 'x..org', 'X.org', '-a.de')
    fc.assert(
      fc.property(local, domain, (one, at) => {
        expect(emailKey(`${one}@${at}`)).toBe(emailKey(` ${one}@${at}`))
      }),
    )
    const slug = fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.stringMatching(/^ac[a-z]aa[a-z0-9]{12,20}$/))
    const profile = (one: string) => `https://www.linkedin.com/in/${one}`
    fc.assert(
      fc.property(slug, (one) => {
        expect(linkedInKey(profile(one))).toBe(linkedInKey(` ${profile(one)}`))
      }),
    )
  })

  it('of phones: all digits, and apart those without a country', () => {
    expect(phoneKey('(415) 555-2671', 'US')).toBe('14155552671')
    expect(phoneKey('+1 415 555 2671 ext. 9')).toBe('14155552671')
    expect(phoneKey('0415 555 2671')).toBe('?4155552671')
    expect(phoneKey('none')).toBeUndefined()
  })

  it('of companies: without legal form, case and accents', () => {
    const spellings = ['ACME, Inc.', 'Acmé Incorporated', 'acme', 'The Acme Co., Ltd.', 'Acme S.A. de C.V.']
    for (const spelling of spellings) expect(companyKey(spelling)).toBe('acme')
    expect(companyKey('Müller & Söhne GmbH & Co. KG')).toBe('muller sohne')
    expect(companyKey('Smith and Sons Ltd')).toBe(companyKey('Smith & Sons Limited'))
    expect(companyKey('株式会社トヨタ')).toBe('株式会社トヨタ')
    expect(companyKey('N/A')).toBeUndefined()
  })

  it('of people: without titles, degrees and order', () => {
    for (const spelling of ['Dr. José Ruiz, PhD', 'RUIZ, JOSÉ', 'jose ruiz', 'José Ruiz Jr.'])
      expect(personKey(spelling)).toBe('jose ruiz')
    expect(personKey("Conan O'Brien")).toBe('conan obrien')
    expect(personKey('null')).toBeUndefined()
  })

  it('of web addresses, domains and text', () => {
    expect(webKey('http://www.Example.com/About/?utm_source=x')).toBe('example.com/About')
    expect(domainKey('https://www.example.com/x')).toBe('example.com')
    expect(domainKey('ann@Example.com')).toBe('example.com')
    expect(textKey('  Łódź ')).toBe('lodz')
  })

  it('are chosen by rule first and type second', () => {
    expect(matchKeyNameOf('url', [{ rule: 'linkedin_url', options: {} }])).toBe('linkedin')
    expect(
      matchKeyNameOf('text', [
        { rule: 'trim', options: {} },
        { rule: 'company_name', options: {} },
      ]),
    ).toBe('company')
    expect(matchKeyNameOf('phone', [])).toBe('phone')
    expect(matchKeyNameOf('text', [])).toBe('text')
  })

  it('are never blank, whatever the text', () => {
    const names = ['email', 'linkedin', 'phone', 'company', 'person', 'web', 'text'] as const
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary' }), (name, text) => {
        expect(matchKey(name, text)).not.toBe('')
      }),
      { numRuns: 2000 },
    )
  })
})
