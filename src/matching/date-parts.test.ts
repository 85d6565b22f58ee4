import { expect, test } from 'vitest'
import { dateDigits, dayNumber } from './date-parts.ts'

test.each<[string, string, string]>([
  ['19800511', '19800511', 'eight digits are taken for year, month and day'],
  ['1980-05-11', '19800511', 'as ISO has it'],
  ['1980-5-1', '19800501', 'without zeros'],
  ['1980/05/11 10:30', '19800511', 'with a time'],
  ['1980-05-11T10:30:00Z', '19800511', 'with a time as ISO has it'],
  ['19800511T103000', '19800511', 'eight digits with a time'],
  ['198005111', '198005111', 'nine digits are no date'],
  ['11.05.1980', '19800511', 'day first where dots are written'],
  ['1.5.1980', '19800501', 'day first, without zeros'],
  ['11.05.1980 10:30', '19800511', 'day first, with a time'],
  ['13.05.1980', '19800513', 'day first, above twelve'],
  ['05/11/1980', '19800511', 'month first where no dots are written'],
  ['5/1/1980 10:30', '19800501', 'month first, without zeros and with a time'],
  ['12/05/1980', '19801205', 'month first up to twelve'],
  ['13/05/1980', '19800513', 'a first number above twelve can only be the day'],
  ['1980-05', '198005', 'a month is its digits, and no day'],
  ['1980-12', '198012', 'nor is its second digit one'],
  ['198012', '198012', 'nor is it without a sign between'],
  ['born 1980', '1980', 'a year is its digits'],
  ['x11.05.1980', '11051980', 'what only holds a date is its digits'],
  ['11.05.19801', '110519801', 'a year of five digits is none'],
  ['198-05-11', '1980511', 'a year of three digits is none'],
  ['1980-05-111', '198005111', 'a day of three digits is none'],
  ['unknown', '', 'where there is no digit there is nothing'],
])('%s is read as %s: %s', (value, digits) => {
  expect(dateDigits(value)).toBe(digits)
})

test('days are counted from 1970 on, over months and years', () => {
  expect(dayNumber('19700101')).toBe(0)
  expect(dayNumber('19691231')).toBe(-1)
  expect(dayNumber('20000301') - dayNumber('20000228')).toBe(2)
  expect(dayNumber('1980')).toBeNaN()
  expect(dayNumber('1980051')).toBeNaN()
  expect(dayNumber('198005111')).toBeNaN()
})
