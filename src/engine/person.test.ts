import { expect, test } from 'vitest'
import { isSamePerson, personOf } from './person.ts'

test('a person is the name behind where they come from, in lower case', () => {
  expect(['local:Ann', 'token:ann', 'proxy:ANN', 'ann'].map(personOf)).toEqual(['ann', 'ann', 'ann', 'ann'])
  expect(personOf('service:token:ann')).toBe('service:token:ann')
})

test('nobody is the same as nobody', () => {
  expect(isSamePerson('local:ann', 'token:Ann')).toBe(true)
  expect(isSamePerson('local:ann', 'local:bob')).toBe(false)
  expect(isSamePerson('ann', undefined)).toBe(false)
  expect(isSamePerson(undefined, undefined)).toBe(false)
})
