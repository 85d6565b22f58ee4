import { describe, expect, test } from 'vitest'
import { acceptedPattern, linearPattern } from './linear-pattern.ts'

describe('a pattern of the owner', () => {
  test.each([
    ['^[A-Z]{2}-\\d+$', 'AB-12', 'ab-12'],
    ['\\u{41}\\/', 'A/', 'B/'],
    ['^\\p{Lu}\\p{L}+$', 'Ägir', 'ägir'],
    ['colou?r', 'the color red', 'the colour\u200Bless'.slice(0, 8)],
    ['^.$', '🙂', '🙂🙂'],
  ])('%s is looked for anywhere, by code points', (source, yes, no) => {
    expect([acceptedPattern(source).test(yes), acceptedPattern(source).test(no)]).toEqual([true, false])
  })

  test.each(['(?=a)b', '(?!a)b', '(?<=a)b', '(a)\\1', '(', '[^', 'a{2,1}', '(?:a{1000}){1000}', '*'])(
    '%s is none, with the reason',
    (source) => {
      expect(linearPattern(source)).toEqual({ reason: expect.stringMatching(/\S/) })
    },
  )

  test.each([
    '^(a+)+$',
    '^(a|aa)+$',
    '^(a|a)*$',
    '(a*)*b',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '^(a?){50}a{50}$',
    '(x+x+)+y',
    '^([a-zA-Z0-9._-]+)*@$',
    '^(\\w+\\s?)*$',
    '(.*)*(.*)*(.*)*#',
  ])('%s, which makes others hang, takes little on a hostile text', (source) => {
    const pattern = acceptedPattern(source)
    const startedMs = performance.now()
    pattern.test(`${'a'.repeat(5000)}!`)
    pattern.test(`${'x'.repeat(5000)}!`)
    // Those take longer than the age of the world; a second is far above what these take.
    expect(performance.now() - startedMs).toBeLessThan(1000)
  })
})
