import { z } from 'zod'
import { defineRule, settled } from '../rule.ts'
import { clean, visible } from '../whitespace.ts'

const none = z.strictObject({})

/** Nothing invisible, no white space at the ends; the inside stays. */
export const trim = defineRule({
  name: 'trim',
  version: 1,
  summary: 'No white space at the ends, no invisible characters, Unicode NFC.',
  options: none,
  prepare: () => (value) => settled(value, visible(value).trim(), 'trimmed'),
})

const whitespaceOptions = z.strictObject({
  /** `keep` leaves line ends in place, for texts of several lines. */
  lines: z.enum(['join', 'keep']).default('join'),
})

/** Every run of white space one space. */
export const whitespace = defineRule({
  name: 'whitespace',
  version: 1,
  summary: 'Every run of white space becomes one space; none at the ends.',
  options: whitespaceOptions,
  prepare: (settings) => (value) =>
    settled(value, settings.lines === 'join' ? clean(value) : cleanLines(value), 'white space in standard form'),
})

/** Lower case throughout, trimmed. */
export const lowercase = defineRule({
  name: 'lowercase',
  version: 1,
  summary: 'Lower case throughout, with white space in standard form.',
  options: none,
  prepare: () => (value) => settled(value, clean(clean(value).toLowerCase()), 'lower case'),
})

function cleanLines(value: string): string {
  return visible(value)
    .replace(/\r\n?|\u0085|\u2028|\u2029/gu, '\n')
    .split('\n')
    .map((line) => line.replace(/\s+/gu, ' ').trim())
    .join('\n')
    .replace(/\n{3,}/gu, '\n\n')
    .trim()
}
