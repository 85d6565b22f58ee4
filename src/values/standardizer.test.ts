import { describe, expect, it } from 'vitest'
import { noSiblings } from './rule.ts'
import { canonicalOf, standardizer } from './standardizer.ts'

describe('standardizer', () => {
  it('runs the rules in their order', () => {
    const { standardize } = standardizer([
      { rule: 'lowercase', options: {} },
      { rule: 'person_name', options: {} },
    ])
    expect(canonicalOf(standardize, 'JOHN mcKAY')).toBe('John McKay')
    expect(standardize('John McKay', noSiblings)).toEqual({ is: 'canonical' })
  })

  it('reports a value that its rules would change to and fro', () => {
    const { standardize } = standardizer([
      { rule: 'company_name', options: { suffix: 'remove' } },
      { rule: 'lowercase', options: {} },
      { rule: 'company_name', options: {} },
    ])
    const outcome = standardize('acme ltd inc', noSiblings)
    if (outcome.is === 'changed') expect(standardize(outcome.value, noSiblings)).toEqual({ is: 'canonical' })
    else expect(outcome.is).toBe('unmendable')
  })

  it('leaves a value as it is where one rule cannot read it', () => {
    const { standardize } = standardizer([
      { rule: 'trim', options: {} },
      { rule: 'email', options: {} },
    ])
    expect(standardize(' nobody ', noSiblings)).toEqual({ is: 'unmendable', reason: 'has no @' })
    expect(canonicalOf(standardize, ' nobody ')).toBeUndefined()
  })

  it('names the siblings that its rules read', () => {
    expect(standardizer([{ rule: 'phone', options: { regionFrom: 'country' } }]).siblings).toEqual(['country'])
  })

  it('refuses an unknown rule', () => {
    expect(() => standardizer([{ rule: 'sparkle', options: {} }])).toThrow(/sparkle/)
  })
})
