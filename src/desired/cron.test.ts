import { describe, expect, it } from 'vitest'
import { cronProblem } from './cron.ts'

describe('cron lines', () => {
  it.each([
    '0 3 * * *',
    '*/5 * * * *',
    '0 0 1,15 * mon-fri',
    '30 0 6 * * *',
    '0 6 29 feb *',
    '0 6 31 1-3 *',
    '0 6 31 2 mon',
    '10-50/10 0-23/2 * JAN-DEC 0,7',
    '  0  3 *\t* * ',
  ])('%s is one', (line) => {
    expect(cronProblem(line)).toBeUndefined()
  })

  it.each([
    ['', 'five fields'],
    ['@daily', 'this has 1'],
    ['0 3 * * * * *', 'this has 7'],
    ['60 3 * * *', 'the minute "60"'],
    ['0 3 0 * *', 'the day of the month "0"'],
    ['0 3 * 13 *', 'the month "13"'],
    ['0 3 * * 8', 'the day of the week "8"'],
    ['60 0 3 * * *', 'the second "60"'],
    ['0 3 * * mon-', 'the day of the week "mon-"'],
    ['1,,2 3 * * *', 'is no cron field'],
    ['1-2-3 3 * * *', 'the minute "1-2-3"'],
    ['*/5/5 3 * * *', 'is no cron field'],
    ['1e1 3 * * *', 'the minute "1e1"'],
    ['-1 3 * * *', 'the minute "-1"'],
    ['0 3 30 feb *', 'would never run'],
    ['0 3 31 4-4,6 *', 'would never run'],
  ])('"%s" is none', (line, why) => {
    expect(cronProblem(line)).toContain(why)
  })
})
