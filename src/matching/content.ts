/** What the values of a field look like, told from a sample, for roles that no name or type gives away. */
import { clean } from '../values/whitespace.ts'
import type { Content } from './role.ts'

const shapes = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/u,
  url: /^(?:https?:\/\/|www\.)\S+$|^[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|co|de|uk|fr|eu|ai|edu|gov)(?:\/\S*)?$/iu,
  linkedin: /linkedin\.com\//iu,
  phone: /^[+(]?[\d\s().\-/]{7,20}(?:\s*(?:ext|x)\.?\s*\d+)?$/iu,
  date: /^(?:1[5-9]|20)\d\d[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?(?:0?[1-9]|[12]\d|3[01])(?:[T ].*)?$|^\d{1,2}[-/. ]\d{1,2}[-/. ](?:1[5-9]|20)\d\d$/u,
  digits: /^\d+$/u,
  number: /^[$€£]?\s?-?\d+(?:[.,]\d+)*(?:\s?[$€£])?$/u,
  code: /^(?=\S*\d)[\p{L}\d.\-/]+(?: (?=\S*\d)[\p{L}\d]{2,4})?$/u,
  nameLike: /^[\p{L}'.-]+(?: [\p{L}'.-]+){1,2}$/u,
} as const

/** Reckons the content of a field; empty values are left out. */
export function contentOf(values: Iterable<string>): Content {
  let filled = 0
  let words = 0
  let length = 0
  const distinct = new Set<string>()
  const hits = { email: 0, url: 0, linkedin: 0, phone: 0, date: 0, digits: 0, number: 0, code: 0, nameLike: 0 }
  for (const raw of values) {
    const value = clean(raw)
    if (value === '') continue
    filled += 1
    distinct.add(value.toLowerCase())
    words += value.split(' ').length
    length += value.length
    for (const shape of keysOf(shapes)) if (shapes[shape].test(value)) hits[shape] += 1
  }
  const total = Math.max(1, filled)
  for (const shape of keysOf(shapes)) hits[shape] /= total
  return { filled, distinct: distinct.size, wordsMean: words / total, lengthMean: length / total, share: hits }
}

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  const keys: Key[] = []
  for (const key in record) keys.push(key)
  return keys
}
