/** Other programs that write the SQLite files. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Random } from '../../random.ts'
import { freshName, leadsMax } from './book.ts'
import { cellFor, fieldFor } from './cells.ts'
import { type Deed, oneOf, type Scene } from './deed.ts'
import type { Trap, World } from './world.ts'

interface Row {
  readonly id: string
  readonly full_name: string
  readonly email: string | null
}

/** Another program meets locks and constraints, and then does without. What it wrote is noticed. */
function quietly({ world }: Scene, work: () => string | undefined): string | undefined {
  try {
    const done = work()
    if (done !== undefined) world.noticed('main.db')
    return done
  } catch (error) {
    if (error instanceof Database.SqliteError) return undefined
    throw error
  }
}

function rowsOf({ world }: Scene): readonly Row[] {
  return world.agent.prepare<[], Row>('SELECT id, full_name, email FROM leads ORDER BY id').all()
}

function edit({ world, book }: Scene, row: Row, random: Random): string {
  const field = fieldFor(random)
  const value = cellFor(field, random)
  world.agent.prepare(`UPDATE leads SET ${field} = ? WHERE id = ?`).run(value, row.id)
  book.edits.push({ side: 'local', by: 'agent', name: row.full_name, field, value })
  return `${row.full_name} ${field} = ${value}`
}

/** An agent changes the addresses of these leads, by an SQL expression of the address. */
export function rewriteEmails(scene: Scene, ids: readonly string[], expression: string): void {
  quietly(scene, () => {
    const { agent } = scene.world
    const write = agent.prepare(`UPDATE leads SET email = ${expression} WHERE id = ?`)
    agent.transaction(() => {
      for (const id of ids) write.run(id)
    })()
    return 'written'
  })
}

/** Another program holds the lock so long and lets it go without any change. Undefined where somebody else holds it. */
export function holdLock(world: World, forMs: number): string | undefined {
  const other = new Database(join(world.folder, 'data/main.db'), { timeout: 0 })
  try {
    other.exec('BEGIN IMMEDIATE')
  } catch (error) {
    other.close()
    if (error instanceof Database.SqliteError) return undefined
    throw error
  }
  world.clock.after(forMs, () => {
    other.exec('COMMIT')
    other.close()
  })
  return `${forMs} ms`
}

/** So many addresses, all at once; says how many, or undefined where there are not so many. */
export function makeUntidy(scene: Scene, many: number): string | undefined {
  const ids = rowsOf(scene).flatMap(({ id, email }) => (email === null ? [] : [id]))
  if (ids.length < many) return undefined
  const from = Math.floor(scene.random.next() * (ids.length - many + 1))
  rewriteEmails(scene, ids.slice(from, from + many), 'upper(email)')
  return `${many} rows, and ${scene.world.declaration.blastRows} may be`
}

const stepsOfAnAction = ['action.intended', 'action.checkpointed', 'action.dispatched'] as const

/** An agent does something at a step of the next action of such a kind. */
function trapped(scene: Scene, of: Pick<Trap, 'kinds' | 'verbs'>, spring: Trap['spring']): string | undefined {
  const type = oneOf(stepsOfAnAction, scene.random)
  if (type === undefined) return undefined
  scene.world.traps.push({ ...of, type, spring: (action) => quietly(scene, () => spring(action)) })
  return `at ${type}`
}

export const agentDeeds: readonly Deed[] = [
  {
    name: 'agent inserts',
    weight: 6,
    do: (scene) =>
      quietly(scene, () => {
        const { world, book } = scene
        if (rowsOf(scene).length >= leadsMax) return undefined
        const name = freshName(book)
        const email = `${name.replace(' ', '.')}@Example.com`
        world.agent
          .prepare('INSERT INTO leads (id, full_name, email, company, score) VALUES (?, ?, ?, ?, ?)')
          .run(`a${world.steps}`, name, email, 'Company 0', 1)
        book.born.add(name)
        return name
      }),
  },
  {
    name: 'agent edits',
    weight: 14,
    do: (scene) =>
      quietly(scene, () => {
        const { random } = scene
        const row = oneOf(rowsOf(scene), random)
        if (row === undefined) return undefined
        return edit(scene, row, random)
      }),
  },
  {
    name: 'agent edits while an action is carried out',
    weight: 5,
    do: (scene) =>
      trapped(scene, { kinds: ['standardization', 'sync', 'rows', 'table'] }, () => {
        const row = oneOf(rowsOf(scene), scene.random)
        return row === undefined ? undefined : edit(scene, row, scene.random)
      }),
  },
  {
    name: 'agent writes an address that is just being brought into standard form',
    weight: 3,
    do: (scene) =>
      trapped(scene, { kinds: ['standardization'], verbs: ['standardize'] }, () => {
        const untidy = rowsOf(scene).filter(({ email }) => email !== null && email !== email.toLowerCase())
        const row = oneOf(untidy, scene.random)
        // Once only: what stands before the @ may have 64 letters.
        if (row !== undefined) rewriteEmails(scene, [row.id], "'New.' || replace(lower(trim(email)), 'new.', '')")
        return row?.full_name
      }),
  },
  {
    name: 'agent edits what is just being pushed',
    weight: 4,
    do: (scene) =>
      trapped(scene, { kinds: ['sync'] }, ({ affected }) => {
        const keys = new Set(affected.sample)
        const rows = rowsOf(scene).filter(({ id }) => keys.has(id))
        return rows.length === 0 ? undefined : rows.map((row) => edit(scene, row, scene.random)).join()
      }),
  },
  {
    name: 'agent writes an untidy address',
    weight: 6,
    do: (scene) =>
      quietly(scene, () => {
        const row = oneOf(rowsOf(scene), scene.random)
        if (row?.email === undefined || row.email === null) return undefined
        scene.world.agent.prepare('UPDATE leads SET email = ? WHERE id = ?').run(` ${row.email.toUpperCase()}`, row.id)
        return row.full_name
      }),
  },
  {
    name: 'agent tidies no longer: many untidy addresses',
    weight: 1,
    do: (scene) =>
      quietly(scene, () => `${scene.world.agent.prepare('UPDATE leads SET email = upper(email)').run().changes} rows`),
  },
  {
    name: 'agent makes about as many addresses untidy as may be mended unasked',
    weight: 3,
    do: (scene) => makeUntidy(scene, scene.world.declaration.blastRows + Math.floor(scene.random.next() * 3)),
  },
  {
    name: 'agent deletes',
    weight: 2,
    do: (scene) =>
      quietly(scene, () => {
        const row = oneOf(rowsOf(scene), scene.random)
        if (row === undefined) return undefined
        scene.world.agent.prepare('DELETE FROM leads WHERE id = ?').run(row.id)
        scene.book.deleted.add(row.full_name)
        return row.full_name
      }),
  },
  {
    name: 'agent holds the lock',
    weight: 3,
    do: (scene) =>
      quietly(scene, () => {
        const { world, random } = scene
        return holdLock(world, Math.floor(random.next() * 12_000))
      }),
  },
  {
    name: 'agent writes the observed database',
    weight: 2,
    do: (scene) =>
      quietly(scene, () => {
        const { world, random } = scene
        world.cache.prepare('UPDATE leads SET score = ? WHERE id = ?').run(Math.floor(random.next() * 9), 'k1')
        return 'k1'
      }),
  },
]
