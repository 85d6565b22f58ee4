import { expect, test } from 'vitest'
import { rootOf } from './same-trouble.ts'

const view = (name: string, code: string | null, ...dependsOn: string[]) => ({
  resource: { kind: 'thing', name },
  dependsOn: dependsOn.map((one) => ({ kind: 'thing', name: one })),
  error: code === null ? null : { code, message: `${name} failed`, hint: 'mend it' },
})

test('the root is the farthest dependency with the same code', () => {
  const all = [view('base', 'X'), view('middle', null, 'base'), view('near', 'X', 'middle'), view('top', 'X', 'near')]
  expect(all.map((one) => rootOf(one, all)?.name)).toEqual([undefined, undefined, 'base', 'base'])
})

test('another code is a trouble of its own, and so is one whose dependencies can be read', () => {
  const all = [view('base', 'X'), view('other', 'Y', 'base'), view('alone', 'X')]
  expect(all.map((one) => rootOf(one, all))).toEqual([undefined, undefined, undefined])
})
