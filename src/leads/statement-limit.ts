/**
 * Ends reading statements that take too long. SQLite gives a thread no other way out of a statement that is running, so the
 * statement asks itself: its condition calls a function of ours every some hundred rows, which throws once the time is over.
 */
import type { Database } from 'better-sqlite3'
import { OperationalError } from '../errors.ts'

const functionName = 'trueup_within_limit'

/** Put before a condition. One row in 256 asks, so that what it costs cannot be measured. */
export const limitTerm = `((rowid & 255) <> 0 OR ${functionName}())`

export interface StatementLimit {
  /** Runs a statement, which ends with QUERY_TOO_LONG when it has run for so many milliseconds. */
  run<Result>(limitMs: number, statement: () => Result): Result
}

/** Makes a connection fit for statements with {@link limitTerm}, before the first of them is prepared. */
export function limitStatements(db: Database, nowMs: () => number = () => performance.now()): StatementLimit {
  let untilMs = Number.POSITIVE_INFINITY
  let limit = 0
  db.function(functionName, { deterministic: false, directOnly: true }, () => {
    if (nowMs() < untilMs) return 1
    throw new OperationalError('QUERY_TOO_LONG', `the records were searched for ${limit / 1000} s`)
  })
  return {
    run(limitMs, statement) {
      limit = limitMs
      untilMs = nowMs() + limitMs
      try {
        return statement()
      } finally {
        untilMs = Number.POSITIVE_INFINITY
      }
    },
  }
}
