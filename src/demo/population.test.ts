import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { companyLines, companyStems, countries, titles } from './company-words.ts'
import { namesOf } from './people-words.ts'
import { populationOf } from './population.ts'

describe('the word lists', () => {
  const first = Object.values(namesOf).flatMap((names) => names.first)
  const family = Object.values(namesOf).flatMap((names) => names.family)

  test('are wide enough that a page of leads does not repeat itself', () => {
    expect(new Set(first).size).toBeGreaterThanOrEqual(150)
    expect(new Set(family).size).toBeGreaterThanOrEqual(200)
    expect(new Set(companyStems).size).toBeGreaterThanOrEqual(150)
    expect(titles.length).toBeGreaterThanOrEqual(40)
  })

  test('repeat no family name, no stem and no line, on which distinct addresses rest', () => {
    expect(new Set(family).size).toBe(family.length)
    expect(new Set(companyStems).size).toBe(companyStems.length)
    expect(new Set(companyLines.map(({ word }) => word)).size).toBe(companyLines.length)
    for (const names of Object.values(namesOf)) {
      expect(names.first.length).toBeGreaterThanOrEqual(16)
      expect(new Set(names.first).size).toBe(names.first.length)
    }
  })
})

describe('people', () => {
  test('are the same for the same seed and number, in whatever order they are asked for', () => {
    const one = populationOf(5, 1000)
    const other = populationOf(5, 1000)
    const backwards = Array.from({ length: 50 }, (_, at) => other.personAt(49 - at)).reverse()
    expect(Array.from({ length: 50 }, (_, at) => one.personAt(at))).toEqual(backwards)
    expect(populationOf(6, 1000).personAt(0)).not.toEqual(one.personAt(0))
  })

  test('share no e-mail address, profile or phone number, nor companies a domain', () => {
    const size = 150_000
    const { personAt } = populationOf(11, size)
    const emails = new Set<string>()
    const profiles = new Set<string>()
    const phones = new Set<string>()
    const companies = new Set<string>()
    const domains = new Set<string>()
    let withProfile = 0
    let withPhone = 0
    for (let index = 0; index < size; index += 1) {
      const { email, linkedinUrl, phone, company } = personAt(index)
      emails.add(email)
      if (linkedinUrl !== undefined) withProfile += profiles.add(linkedinUrl) && 1
      if (phone !== undefined) withPhone += phones.add(phone) && 1
      companies.add(company.name)
      domains.add(company.domain)
    }
    expect(emails.size).toBe(size)
    expect(domains.size).toBe(companies.size)
    expect(profiles.size).toBe(withProfile)
    expect(phones.size).toBe(withPhone)
  })

  test('have valid phone numbers of their country and valid addresses under a reserved name', () => {
    const { personAt } = populationOf(2, 4000)
    const seen = new Set<string>()
    for (let index = 0; index < 4000; index += 1) {
      const { phone, email, company, linkedinUrl } = personAt(index)
      expect(z.email().safeParse(email).success, email).toBe(true)
      expect(email.endsWith('.example'), email).toBe(true)
      if (linkedinUrl !== undefined) expect(linkedinUrl).toMatch(/^https:\/\/www\.linkedin\.com\/in\/[a-z0-9-]+$/)
      if (phone === undefined) continue
      const parsed = parsePhoneNumberFromString(phone)
      expect(parsed?.isValid(), phone).toBe(true)
      expect(parsed?.number).toBe(phone)
      expect(phone).not.toMatch(/^\+1\d{3}555/)
      seen.add(company.country.name)
    }
    expect(seen.size).toBe(countries.length)
  })
})
