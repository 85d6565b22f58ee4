import { describe, expect, it } from 'vitest'
import type { Cell } from '../../../values/field-type.ts'
import type { RowCheck } from './check.ts'
import { ofBusiness, personal, spelledDomain } from './mailbox.ts'
import { sameCountry } from './same-country.ts'
import { sameName } from './same-name.ts'

const fails = (check: RowCheck, cells: Readonly<Record<string, Cell>>) =>
  check.reasonOf((field) => cells[field] ?? null) !== undefined

describe('the address of a lead', () => {
  it('is that of an office, whatever its case and tag', () => {
    const check = personal('email')
    for (const email of ['info@acme.com', 'Sales@acme.com', 'support+eu@acme.com', ' office@acme.de '])
      expect(fails(check, { email })).toBe(true)
    for (const email of ['ann@acme.com', 'informatik@acme.com', 'ann.sales@acme.com', 'info', '@acme.com', null, 5])
      expect(fails(check, { email })).toBe(false)
  })

  it('is that of a free mail service', () => {
    const check = ofBusiness('email')
    for (const email of ['ann@gmail.com', 'ann@GMX.de', 'ann@yahoo.co.uk']) expect(fails(check, { email })).toBe(true)
    for (const email of ['ann@gmail.acme.com', 'ann@acme.com', 'gmail.com', 'a@b@gmail.com'])
      expect(fails(check, { email })).toBe(false)
  })

  it('has a misspelt domain, with what was meant; only the domain is another then', () => {
    const check = spelledDomain('email')
    const suggested = (email: string) => check.suggest?.(() => email)?.value
    expect(suggested('Ann.Lee+x@Gmial.com')).toBe('Ann.Lee+x@gmail.com')
    expect(suggested(' bob@hotmail.con')).toBe('bob@hotmail.com')
    for (const email of ['ann@gmail.com', 'ann@mail.com', 'ann@gmial.com.acme.com', 'gmial.com']) {
      expect(fails(check, { email })).toBe(false)
      expect(suggested(email)).toBeUndefined()
    }
  })
})

describe('a telephone number and a place', () => {
  const check = sameCountry('phone', 'location')
  it.each([
    ['+49 30 123456', 'Paris, France'],
    ['+33 1 23 45 67 89', 'Germany'],
    ['0044 20 7946 0000', 'Austin, USA'],
    ['(+1) 212 555 0100', 'London, UK'],
  ])('are of two countries: %s in %s', (phone, location) => expect(fails(check, { phone, location })).toBe(true))

  it.each([
    ['+49 30 123456', 'Berlin, Germany'],
    ['+49 30 123456', 'Deutschland'],
    ['+1 416 555 0100', 'United States'],
    ['+44 1534 123456', 'Jersey'],
    ['(212) 555-0100', 'Germany'],
    ['030 123456', 'France'],
    ['+49 30 123456', 'Atlanta, GA'],
    ['+49 30 123456', 'San Francisco, CA'],
    ['+49 30 123456', 'Atlanta, Georgia'],
    ['+1 302 555 0100', 'Wilmington, DE'],
    ['+1 505 555 0100', 'Santa Fe, New Mexico'],
    ['+49 30 123456', 'Berlin'],
    ['+49 30 123456', ''],
    ['+49', 'France'],
    ['', 'France'],
  ])('may be of one, or nobody can tell: %s in %s', (phone, location) =>
    expect(fails(check, { phone, location })).toBe(false),
  )

  it('are compared by codes of two letters only where nothing but a country is written', () => {
    const byCode = sameCountry('phone', 'country')
    expect(fails(byCode, { phone: '+1 302 555 0100', country: 'DE' })).toBe(true)
    expect(fails(byCode, { phone: '+49 30 123456', country: 'de' })).toBe(false)
    expect(fails(byCode, { phone: '+49 30 123456', country: 'Georgia' })).toBe(true)
  })
})

describe('a name and a mailbox', () => {
  const check = sameName('full_name', 'email')
  it.each([
    ['John Smith', 'jane.doe@acme.com'],
    ['Dr. José Ruiz', 'Robert_Miller@acme.com'],
    ['Wei Zhang', 'thomas.keller2@acme.com'],
  ])('are plainly of two people: %s, %s', (full_name, email) => expect(fails(check, { full_name, email })).toBe(true))

  it.each([
    ['Jane Smith', 'jane.doe@acme.com'],
    ['Jane Smith-Doe', 'j.doe@acme.com'],
    ['Bob Miller', 'robert.mueller@acme.com'],
    ['Jörg Müller', 'joerg.mueller@acme.com'],
    ['William Ray', 'bill.old@acme.com'],
    ['Mary Ann Lee', 'maryann.smith@acme.com'],
    ['Lee, Ann', 'ann.lee@acme.com'],
    ['Elizabeth Jones', 'liz.windsor@acme.com'],
    ['John Smith', 'jdoe@acme.com'],
    ['John Smith', 'jane@acme.com'],
    ['John Smith', 'sales.berlin@acme.com'],
    ['John Smith', 'info@acme.com'],
    ['John Smith', 'thomas.cook@thomascook.com'],
    ['Юлия Иванова', 'anna.petrova@acme.com'],
    ['Acme', 'jane.doe@acme.com'],
    ['', 'jane.doe@acme.com'],
    ['John Smith', null],
  ])('may be of one person, or nobody can tell: %s, %s', (full_name, email) =>
    expect(fails(check, { full_name, email })).toBe(false),
  )
})
