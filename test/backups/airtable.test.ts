/** What a set holds of Airtable: every record of a mirrored table and the schema that names its fields. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { findSet, restoreInto } from '../../src/workspace/restore-set.ts'
import { createBackupWorld, filesWith, quietContext } from '../support/backup-world.ts'
import { annKey } from '../support/person-world.ts'

const world = createBackupWorld({ mirror: true, of: 'main, airtable', environment: { T: 'patToken.secret' } })
afterAll(() => world.remove())

const recordSchema = z.strictObject({ id: z.string(), createdTime: z.string(), fields: z.record(z.string(), z.json()) })
const schemaSchema = z.looseObject({
  tables: z.array(
    z.looseObject({
      name: z.string(),
      fields: z.array(z.looseObject({ id: z.string(), name: z.string(), type: z.string() })),
    }),
  ),
})

test('every page of a mirrored table is in the set, by fields that its schema names; who was erased is left out of a restore', async () => {
  // More than one page.
  world.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 130)
    INSERT INTO leads SELECT 'lead-' || i, 'Person ' || i, 'person' || i || '@lasting.example' FROM n`)
  await world.open(async ({ apply, port, workspace }) => {
    await apply()
    const made = await port.create({ name: null, actor: 'test' })
    if (made.is !== 'created') throw new Error(made.message)
    const { path } = findSet(workspace, made.set.id)
    const restored = async (into: string) => {
      await restoreInto(workspace, { path, into: world.path(into), identities: [] }, quietContext)
      const text = readFileSync(join(world.path(into), 'airtable-leads.jsonl'), 'utf8')
      return text.split('\n').flatMap((line) => (line === '' ? [] : [recordSchema.parse(JSON.parse(line))]))
    }
    const records = await restored('before')
    const { tables } = schemaSchema.parse(JSON.parse(readFileSync(world.path('before/airtable-schema.json'), 'utf8')))
    const mail = tables.find(({ name }) => name === 'People')?.fields.find(({ name }) => name === 'Mail')
    expect(records).toHaveLength(132)
    expect(new Set(records.map(({ fields }) => fields[mail?.id ?? ''])).size).toBe(132)
    expect(records.every(({ id }) => id.startsWith('rec'))).toBe(true)

    const { signal } = quietContext
    const found = await workspace.eraser.find({ table: 'leads', key: annKey }, signal)
    const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
    await workspace.eraser.erase({ id: 'erasure', found, suppression }, signal)
    expect(await restored('after')).toHaveLength(131)
    expect(filesWith(world.path('after'), 'forgettable')).toEqual([])
  })
})
