import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  identitiesOf,
  keyIdentity,
  mentionsPerson,
  type PersonTexts,
  personFieldsOf,
  personTextsOf,
} from './identity.ts'

const nobody: PersonTexts = { emails: [], linkedins: [], phones: [], person: undefined }
const us = (text: string) => ({ text, region: 'US' })

describe('the identities of a record', () => {
  it('are the same for every spelling of a mailbox and a profile', () => {
    const spellings = ['Ann.Lee+news@Gmail.com', 'annlee@googlemail.com', ' mailto:ann.lee@gmail.com ']
    for (const email of spellings)
      expect(identitiesOf({ ...nobody, emails: [email] })).toEqual(['email:annlee@gmail.com'])
    for (const linkedin of ['https://www.linkedin.com/in/Ann-Lee/?trk=1', 'linkedin.com/in/ann-lee'])
      expect(identitiesOf({ ...nobody, linkedins: [linkedin] })).toEqual(['linkedin:in/ann-lee'])
  })

  it('hold what several people share only together with the name', () => {
    const switchboard = { ...nobody, emails: ['info@acme.example'], phones: [us('(415) 555-2671')] }
    const ann = identitiesOf({ ...switchboard, person: 'Ann Lee' })
    expect(ann).toEqual(['email:info@acme.example/ann lee', 'phone:14155552671/ann lee'])
    expect(identitiesOf({ ...switchboard, person: 'Bob Ray' }).filter((one) => ann.includes(one))).toEqual([])
    expect(identitiesOf({ ...nobody, phones: [us('(415) 555-2671')] })).toEqual([])
  })

  it('leave out the page of a company', () => {
    expect(identitiesOf({ ...nobody, linkedins: ['https://linkedin.com/company/acme'] })).toEqual([])
  })

  it('hold a key only where it never becomes that of somebody else', () => {
    expect(keyIdentity('leads', '17')).toBeUndefined()
    expect(keyIdentity('Leads', 'lead-17')).toBe('key:leads/lead-17')
    const uuid = '0F8F5A52-3C1E-4D0B-9F51-6A3A2D5F7E01'
    expect(keyIdentity('leads', uuid)).toBe(keyIdentity('contacts', uuid.toLowerCase()))
  })

  it('of any texts can be told, and those of a part are a part of those of the whole', () => {
    const texts = fc.record({
      emails: fc.array(fc.oneof(fc.string(), fc.emailAddress())),
      linkedins: fc.array(fc.string()),
      phones: fc.array(fc.string().map(us)),
      person: fc.option(fc.string(), { nil: undefined }),
    })
    fc.assert(
      fc.property(texts, (given) => {
        const part = { ...given, emails: given.emails.slice(1), phones: [] }
        expect(identitiesOf(given)).toEqual(expect.arrayContaining([...identitiesOf(part)]))
      }),
    )
  })
})

describe('the fields of a table that tell who a record is', () => {
  const field = (
    name: string,
    type: 'text' | 'email' | 'phone' | 'url',
    ...rules: { rule: string; options: object }[]
  ) => ({
    name,
    type,
    rules: rules.map(({ rule, options }) => ({ rule, options: { ...options } })),
  })

  it('are told by rule and type, else by name', () => {
    const declared = [
      field('contact', 'email'),
      field('profile', 'url', { rule: 'linkedin_url', options: {} }),
      field('tel', 'phone', { rule: 'phone', options: { region: 'DE' } }),
      field('full_name', 'text'),
    ]
    const fields = personFieldsOf(declared)
    expect(fields).toEqual({
      emails: ['contact'],
      linkedins: ['profile'],
      phones: [{ field: 'tel', region: 'DE' }],
      person: 'full_name',
    })
    const row = { contact: 'a@b.example', profile: null, tel: 30123456, full_name: '  ' }
    expect(personTextsOf(fields, (name) => Object.entries(row).find(([column]) => column === name)?.[1])).toEqual({
      emails: ['a@b.example'],
      linkedins: [],
      phones: [{ text: '30123456', region: 'DE' }],
      person: undefined,
    })
  })
})

describe('a text that names a person', () => {
  const identities = ['email:annlee@gmail.com', 'linkedin:in/ann-lee']

  it.each([
    ['Ann.Lee@gmail.com asked', true],
    ['see (https://linkedin.com/in/ann-lee)', true],
    ['Ms. ann  LEE called', true],
    ['asked to be forgotten, ticket 17', false],
    ['Annlee Corp asked', false],
  ])('%s: %s', (text, expected) => {
    expect(mentionsPerson(text, identities, ['Ann Lee'])).toBe(expected)
  })
})
