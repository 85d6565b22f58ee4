/**
 * `better-sqlite3` of the simulated machine: the real one, whose commits are effects. A process that dies has its
 * connections closed, uncommitted work and all.
 */

import { basename } from 'node:path'
import Real from 'better-sqlite3'
import { type Effect, isSimulating, livingLife, realPath, replaced, shownFolder, theSimulation } from './current.ts'

function isCallable(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function'
}

function isStatement(value: unknown): value is Real.Statement {
  return typeof value === 'object' && value !== null && 'run' in value && 'iterate' in value
}

function isIterator(value: unknown): value is IterableIterator<unknown> {
  return typeof value === 'object' && value !== null && 'next' in value
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'function' ? Reflect.get(value, name) : undefined
}

function refusal(path: string): Error {
  return new Real.SqliteError(`database or disk is full (${basename(path)})`, 'SQLITE_FULL')
}

/** Carries out `work` as one effect on the file. A full disk refuses nothing that writes nothing. */
function asEffect(db: Real.Database, path: string, work: () => unknown): unknown {
  const effect: Effect = { kind: 'sqlite', target: basename(path) }
  const result = theSimulation().before(effect) === 'refused' ? unlessItWrites(db, path, work) : work()
  theSimulation().after(effect)
  return result
}

function unlessItWrites(db: Real.Database, path: string, work: () => unknown): unknown {
  const written = () =>
    `${db.pragma('schema_version', { simple: true })} ${db.prepare('SELECT total_changes()').pluck().get()}`
  const before = written()
  // Of a transaction that is about to be committed nobody can tell any more: it is taken for one that writes.
  if (db.inTransaction) throw refusal(path)
  db.prepare('BEGIN').run()
  try {
    const result = work()
    if (written() !== before) throw refusal(path)
    return result
  } finally {
    db.prepare('ROLLBACK').run()
  }
}

function watched(db: Real.Database, path: string): Real.Database {
  const life = livingLife()
  const iterators = new Set<IterableIterator<unknown>>()
  const alive = () => {
    if (life.isDead) livingLife()
  }
  const prepare: typeof db.prepare = db.prepare.bind(db)
  db.prepare = replaced(prepare, (args, call) => {
    alive()
    const statement = call(args)
    return isStatement(statement) ? watchedStatement(statement) : statement
  })

  function watchedStatement(statement: Real.Statement): Real.Statement {
    const run = statement.run.bind(statement)
    statement.run = replaced(run, (args, call) => {
      alive()
      return db.inTransaction || statement.readonly ? call(args) : asEffect(db, path, () => call(args))
    })
    for (const name of ['get', 'all'] as const) {
      const read = statement[name].bind(statement)
      Object.assign(statement, {
        [name]: replaced(read, (args, call) => {
          alive()
          return db.inTransaction || statement.readonly ? call(args) : asEffect(db, path, () => call(args))
        }),
      })
    }
    const iterate = statement.iterate.bind(statement)
    statement.iterate = replaced(iterate, (args, call) => {
      alive()
      const iterator = call(args)
      if (isIterator(iterator)) iterators.add(iterator)
      return iterator
    })
    return statement
  }

  const exec = db.exec.bind(db)
  db.exec = replaced(exec, (args, call) => {
    alive()
    const [text] = args
    const endsOne = typeof text === 'string' && /^\s*(COMMIT|END)\b/i.test(text)
    const beginsOne = typeof text === 'string' && /^\s*(BEGIN|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)\b/i.test(text)
    return endsOne || (!db.inTransaction && !beginsOne) ? asEffect(db, path, () => call(args)) : call(args)
  })

  const transaction: typeof db.transaction = db.transaction.bind(db)
  db.transaction = replaced(transaction, (args, call) => {
    const [work] = args
    if (!isCallable(work)) return call(args)
    let isOutermost = true
    const effect: Effect = { kind: 'sqlite', target: basename(path) }
    const made = call([
      (...given: unknown[]) => {
        const result = work(...given)
        if (isOutermost && theSimulation().before(effect) === 'refused') throw refusal(path)
        return result
      },
    ])
    const outer =
      (variant: unknown) =>
      (...given: unknown[]) => {
        alive()
        if (!isCallable(variant)) throw new TypeError('a transaction is a function')
        const wasOutermost = isOutermost
        isOutermost = !db.inTransaction
        const mine = isOutermost
        try {
          const result = variant(...given)
          if (mine) theSimulation().after(effect)
          return result
        } finally {
          isOutermost = wasOutermost
        }
      }
    const variants = ['deferred', 'immediate', 'exclusive'].map((name) => [name, outer(memberOf(made, name))])
    return Object.assign(outer(made), Object.fromEntries(variants))
  })

  const close = db.close.bind(db)
  const end = () => {
    for (const iterator of iterators) iterator.return?.()
    if (db.open) close()
    life.open.delete(end)
  }
  db.close = () => {
    end()
    return db
  }
  life.open.add(end)
  return db
}

const Simulated = new Proxy(Real, {
  construct(target, [path, options]: [string | Buffer | undefined, Real.Options | undefined]) {
    const isOurs = typeof path === 'string' && isSimulating() && path.startsWith(shownFolder)
    if (!isOurs) return new target(path, options)
    livingLife()
    // Waiting for a lock is done on the virtual clock, or not at all.
    const db = new target(realPath(path), { ...options, timeout: 0 })
    setStandIns(db)
    return watched(db, path)
  },
})

/** `now` of SQL is that of the virtual clock, and its chance that of the simulation. */
function setStandIns(db: Real.Database): void {
  const now = () => new Date(livingLife().clock.nowMs())
  db.function('random', { deterministic: false }, () => Math.floor(theSimulation().random.next() * 2 ** 50))
  db.function('strftime', { varargs: true, deterministic: false }, (format: unknown, moment: unknown) => {
    const at = moment === undefined || moment === 'now' ? now() : new Date(String(moment))
    const text = at.toISOString()
    return String(format) === '%Y-%m-%d' ? text.slice(0, 10) : text
  })
}

// biome-ignore lint/style/noDefaultExport: it stands for a package that has one.
export default Simulated
