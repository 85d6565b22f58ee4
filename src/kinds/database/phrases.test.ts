import { expect, test } from 'vitest'
import { bytesText, durationText, modeText } from './phrases.ts'

test('figures are given as people read them', () => {
  expect([0, 999, 1000, 1_234_567, 12_345_678, 5e12].map(bytesText)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '1.2 MB',
    '12 MB',
    '5.0 TB',
  ])
  expect([500, 90_000, 7_200_000, 93_600_000, 604_800_000].map(durationText)).toEqual([
    '500 ms',
    '90 s',
    '2 h',
    '26 h',
    '7 d',
  ])
  expect([0o600, 0o40, 0o1777].map(modeText)).toEqual(['0600', '0040', '1777'])
})
