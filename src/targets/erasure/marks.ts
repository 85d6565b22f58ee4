/** Keyed hashes of identities: who does not have the key cannot find out from a mark whom it stands for, nor try addresses. */
import { createHmac } from 'node:crypto'

/** Hexadecimal digits of a mark: 128 bits, so that no two identities ever share one by chance. */
const markDigits = 32

/** The mark of a text under a key (hexadecimal). */
export function markOf(key: string, text: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex').slice(0, markDigits)
}

/** The suppressed people as plain data, for worker threads. Never journaled, never shown. */
export interface ErasedMarks {
  readonly key: string
  readonly marks: readonly string[]
}

/** Answers whether a record with these identities is of a suppressed person. */
export type IsErased = (identities: readonly string[]) => boolean

/** The answer by the marks of a moment; without any, nobody is suppressed. */
export function erasedBy(erased: ErasedMarks | null): IsErased {
  if (erased === null || erased.marks.length === 0) return () => false
  const known = new Set(erased.marks)
  return (identities) => identities.some((identity) => known.has(markOf(erased.key, identity)))
}
