/** Other programs that write the SQLite files, and colleagues who work in Airtable. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Random } from '../../random.ts'
import { baseId, remoteTable } from './declared.ts'
import { type Deed, oneOf, type Scene } from './deed.ts'

const names = Array.from({ length: 24 }, (_, at) => `Person ${at}`)
const recordSchema = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })

interface Row {
  readonly id: string
  readonly full_name: string
  readonly email: string | null
}

/** Another program meets locks and constraints, and then does without. */
function quietly(work: () => string | undefined): string | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Database.SqliteError) return undefined
    throw error
  }
}

function rowsOf({ world }: Scene): readonly Row[] {
  return world.agent.prepare<[], Row>('SELECT id, full_name, email FROM leads ORDER BY id').all()
}

function cellFor(field: 'company' | 'score', random: Random): string | number | null {
  if (random.next() < 0.1) return null
  return field === 'score' ? Math.floor(random.next() * 1000) : `Company ${Math.floor(random.next() * 1000)}`
}

export const agentDeeds: readonly Deed[] = [
  {
    name: 'agent inserts',
    weight: 6,
    do: (scene) =>
      quietly(() => {
        const { world, book, random } = scene
        const taken = new Set(rowsOf(scene).map(({ full_name }) => full_name))
        const name = oneOf(
          names.filter((one) => !taken.has(one) && !book.born.has(one)),
          random,
        )
        if (name === undefined) return undefined
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
      quietly(() => {
        const { world, book, random } = scene
        const row = oneOf(rowsOf(scene), random)
        if (row === undefined) return undefined
        const field = random.next() < 0.5 ? 'company' : 'score'
        const value = cellFor(field, random)
        world.agent.prepare(`UPDATE leads SET ${field} = ? WHERE id = ?`).run(value, row.id)
        book.edits.push({ side: 'local', name: row.full_name, field, value })
        return `${row.full_name} ${field} = ${value}`
      }),
  },
  {
    name: 'agent writes an untidy address',
    weight: 6,
    do: (scene) =>
      quietly(() => {
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
      quietly(() => `${scene.world.agent.prepare('UPDATE leads SET email = upper(email)').run().changes} rows`),
  },
  {
    name: 'agent deletes',
    weight: 2,
    do: (scene) =>
      quietly(() => {
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
    do: ({ world, random }) =>
      quietly(() => {
        const other = new Database(join(world.folder, 'data/main.db'), { timeout: 0 })
        other.exec('BEGIN IMMEDIATE')
        const forMs = Math.floor(random.next() * 12_000)
        world.clock.after(forMs, () => {
          other.exec('COMMIT')
          other.close()
        })
        return `${forMs} ms`
      }),
  },
  {
    name: 'agent writes the observed database',
    weight: 2,
    do: (scene) =>
      quietly(() => {
        const { world, random } = scene
        world.cache.prepare('UPDATE leads SET score = ? WHERE id = ?').run(Math.floor(random.next() * 9), 'k1')
        return 'k1'
      }),
  },
  {
    name: 'colleague edits',
    weight: 12,
    do: ({ world, book, random }) => {
      const colleague = world.sandbox.control.colleague(baseId)
      const records = colleague.records(remoteTable).map((one) => recordSchema.parse(one))
      const record = oneOf(records, random)
      const name = record?.fields['Full Name']
      if (record === undefined || typeof name !== 'string') return undefined
      const field = random.next() < 0.5 ? 'company' : 'score'
      const value = cellFor(field, random)
      colleague.updateRecord(remoteTable, record.id, { [field === 'company' ? 'Company' : 'Score']: value })
      book.edits.push({ side: 'remote', name, field, value })
      return `${name} ${field} = ${value}`
    },
  },
  {
    name: 'colleague enters a lead',
    weight: 2,
    do: ({ world, book, random }) => {
      const colleague = world.sandbox.control.colleague(baseId)
      const name = oneOf(
        names.filter((one) => !book.born.has(one) && Number(one.slice(7)) >= 8),
        random,
      )
      if (name === undefined) return undefined
      colleague.createRecord(remoteTable, {
        'Full Name': name,
        Email: `${name.replace(' ', '.').toLowerCase()}@example.com`,
      })
      book.born.add(name)
      return name
    },
  },
  {
    name: 'colleague deletes',
    weight: 1,
    do: ({ world, book, random }) => {
      const colleague = world.sandbox.control.colleague(baseId)
      const record = oneOf(
        colleague.records(remoteTable).map((one) => recordSchema.parse(one)),
        random,
      )
      const name = record?.fields['Full Name']
      if (record === undefined || typeof name !== 'string') return undefined
      colleague.deleteRecord(remoteTable, record.id)
      book.deleted.add(name)
      return name
    },
  },
]
