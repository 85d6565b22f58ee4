/** What an opened workspace closes in the end: the last that was opened first. */
import { messageOf } from '../../errors.ts'

export interface Closers {
  add(close: () => void | Promise<void>): void
  /** Closes every one, also where another cannot be closed; throws what went wrong when all was tried. */
  closeAll(): Promise<void>
}

export function createClosers(): Closers {
  const all: (() => void | Promise<void>)[] = []
  return {
    add: (close) => void all.unshift(close),
    async closeAll() {
      const errors: unknown[] = []
      for (const close of all) {
        try {
          await close()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('; '))
      if (errors.length === 1) throw errors[0]
    },
  }
}
