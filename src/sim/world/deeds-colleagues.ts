/** Colleagues who work in Airtable. */
import Database from 'better-sqlite3'
import { freshName, leadsMax } from './book.ts'
import { cellFor, type EditedField, fieldFor } from './cells.ts'
import { baseId, remoteTable } from './declared.ts'
import { type Deed, oneOf, type Scene } from './deed.ts'
import { type MirrorRecord, recordsOf } from './mirror.ts'
import type { World } from './world.ts'

function namedRecordsOf({ world }: Scene): readonly MirrorRecord[] {
  return recordsOf(world).filter(({ fields }) => typeof fields['Full Name'] === 'string')
}

/** A colleague edits a record that is told by its name in Airtable; says what, or undefined where there is none. */
export function editNamed(scene: Scene, name: string): string | undefined {
  const record = namedRecordsOf(scene).find(({ fields }) => fields['Full Name'] === name)
  return record === undefined ? undefined : edit(scene, record, fieldFor(scene.random))
}

function edit({ world, book, random }: Scene, { id, fields }: MirrorRecord, field: EditedField): string {
  const name = String(fields['Full Name'])
  const value = cellFor(field, random)
  const cells = { [field === 'company' ? 'Company' : 'Score']: value }
  world.sandbox.control.colleague(baseId).updateRecord(remoteTable, id, cells)
  book.edits.push({ side: 'remote', by: 'colleague', name, field, value })
  return `${name} ${field} = ${value}`
}

/** As another program with a token of the same base; what goes wrong with the answer is its own affair. */
function asked({ sandbox }: World, method: string, path: string): string {
  const request = {
    method,
    path: `/v0/bases/${baseId}/webhooks${path}`,
    query: '',
    authorization: 'Bearer pat',
    body: '',
  }
  const reply = sandbox.exchange(request)
  return reply.kind === 'answer' ? reply.answer.body.toString() : ''
}

export const colleagueDeeds: readonly Deed[] = [
  {
    name: 'colleague edits',
    weight: 12,
    do: (scene) => {
      const record = oneOf(namedRecordsOf(scene), scene.random)
      return record === undefined ? undefined : edit(scene, record, fieldFor(scene.random))
    },
  },
  {
    name: 'colleague edits while a push goes on',
    weight: 4,
    do: (scene) => {
      const type = oneOf(['action.intended', 'action.checkpointed', 'action.dispatched'] as const, scene.random)
      if (type === undefined) return undefined
      scene.world.traps.push({
        type,
        kinds: ['sync'],
        spring(action) {
          // One of those that it is about.
          const keys = new Set(action.affected.sample)
          const all = namedRecordsOf(scene)
          const named = all.filter(({ fields }) => keys.has(String(fields['Lead ID'])))
          const record = oneOf(named.length > 0 ? named : all, scene.random)
          return record === undefined ? undefined : edit(scene, record, fieldFor(scene.random))
        },
      })
      return `at ${type}`
    },
  },
  {
    name: 'colleague and agent edit the same cell',
    weight: 4,
    do: (scene) => {
      const { world, book, random } = scene
      const record = oneOf(namedRecordsOf(scene), random)
      const key = record?.fields['Lead ID']
      if (record === undefined || typeof key !== 'string') return undefined
      const field = fieldFor(random)
      const value = cellFor(field, random)
      try {
        const row = world.agent
          .prepare<[string], { full_name: string }>('SELECT full_name FROM leads WHERE id = ?')
          .get(key)
        if (row === undefined) return undefined
        world.agent.prepare(`UPDATE leads SET ${field} = ? WHERE id = ?`).run(value, key)
        book.edits.push({ side: 'local', by: 'agent', name: row.full_name, field, value })
      } catch (error) {
        if (error instanceof Database.SqliteError) return undefined
        throw error
      }
      world.noticed('main.db')
      return `${value} here, ${edit(scene, record, field)} there`
    },
  },
  {
    name: 'colleague enters a lead',
    weight: 2,
    do: ({ world, book }) => {
      if (recordsOf(world).length >= leadsMax) return undefined
      const name = freshName(book)
      world.sandbox.control.colleague(baseId).createRecord(remoteTable, {
        'Full Name': name,
        Email: `${name.replace(' ', '.').toLowerCase()}@example.com`,
      })
      book.born.add(name)
      return name
    },
  },
  {
    name: 'colleague enters somebody who was erased',
    weight: 3,
    do: ({ world, book, random }) => {
      const email = oneOf([...book.erased], random)
      if (email === undefined) return undefined
      world.sandbox.control
        .colleague(baseId)
        .createRecord(remoteTable, { 'Full Name': `Returned ${world.steps}`, Email: email })
      return email
    },
  },
  {
    name: 'colleague deletes the webhooks',
    weight: 1,
    sort: 'fault',
    do: ({ world, book }) => {
      const ids = [...asked(world, 'GET', '').matchAll(/"id":\s*"(ach[^"]+)"/g)].map(([, id]) => id ?? '')
      for (const id of ids) asked(world, 'DELETE', `/${id}`)
      book.hooksLost ||= ids.length > 0
      return ids.length === 0 ? undefined : `${ids.length}`
    },
  },
  {
    name: 'colleague deletes',
    weight: 1,
    do: ({ world, book, random }) => {
      const colleague = world.sandbox.control.colleague(baseId)
      const record = oneOf(recordsOf(world), random)
      const name = record?.fields['Full Name']
      if (record === undefined || typeof name !== 'string') return undefined
      colleague.deleteRecord(remoteTable, record.id)
      book.deleted.add(name)
      return name
    },
  },
]
