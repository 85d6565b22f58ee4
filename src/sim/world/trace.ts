/** What happened, folded into one hash: two runs of one seed are the same run if and only if their hashes are equal. */
import { createHash } from 'node:crypto'

export interface Trace {
  note(line: string): void
  /** Of all lines so far. */
  hash(): string
  /** The newest lines. */
  readonly last: readonly string[]
}

const kept = 60

export function createTrace(show?: (line: string) => void): Trace {
  const hash = createHash('sha256')
  const last: string[] = []
  return {
    last,
    note(line) {
      hash.update(`${line}\n`)
      last.push(line)
      if (last.length > kept) last.shift()
      show?.(line)
    },
    hash: () => hash.copy().digest('hex').slice(0, 16),
  }
}
