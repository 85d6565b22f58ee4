/**
 * Writes what is in Airtable into files: the schema of the base, and each mirrored table as JSON Lines, complete or not at
 * all. Every call goes through the limits that all of Trueup keeps.
 */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import { declarationOf } from '../../targets/airtable/declaration.ts'
import { sameName } from '../../targets/airtable/mapping.ts'
import type { AirtableBase, AirtableTargets, RemoteRecord, RemoteTable } from '../../targets/airtable/ports.ts'
import { readWholeTable } from '../../targets/airtable/whole-table.ts'
import type { Part } from '../../targets/backup/pack-entry.ts'
import type { BackupSpec } from './spec.ts'

export const airtableSchemaFile = 'airtable-schema.json'

/** Throws AIRTABLE_*; a declared table that the base does not have is AIRTABLE_NOT_FOUND. */
export async function copyAirtable(
  spec: NonNullable<BackupSpec['airtable']>,
  ports: { readonly airtable: AirtableTargets; readonly scratch: string } & EffectContext,
): Promise<readonly Part[]> {
  const { base } = ports.airtable.of(declarationOf(spec.declaration))
  const schema = await base.schema({ signal: ports.signal })
  const schemaPath = join(ports.scratch, airtableSchemaFile)
  writeFileSync(schemaPath, `${JSON.stringify(schema, null, 1)}\n`, { flag: 'wx', mode: 0o600 })
  const parts: Part[] = [
    { name: 'airtable/schema', is: 'file', restoredAs: airtableSchemaFile, path: schemaPath, emptied: [] },
  ]
  for (const { name, remoteTable } of spec.tables) {
    const table = schema.tables.find((one) => one.id === remoteTable || sameName(one.name, remoteTable))
    if (table === undefined)
      throw new OperationalError('AIRTABLE_NOT_FOUND', `the base has no table ${remoteTable}, of which a copy is due`)
    const restoredAs = `airtable-${name}.jsonl`
    const path = join(ports.scratch, restoredAs)
    await copyTable(base, table, path, ports)
    parts.push({ name: `airtable/${name}`, is: 'airtable-table', restoredAs, path, emptied: [] })
  }
  return parts
}

async function copyTable(base: AirtableBase, table: RemoteTable, path: string, context: EffectContext): Promise<void> {
  let read = 0
  const begin = () => {
    read = 0
    rmSync(path, { force: true })
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  }
  const take = (records: readonly RemoteRecord[]) => {
    appendFileSync(path, records.map((record) => `${JSON.stringify(lineOf(record))}\n`).join(''))
    read += records.length
    // Airtable does not tell how many there are.
    context.progress(read, 0)
  }
  try {
    await readWholeTable(base, table.id, { begin, take }, context.signal)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

/** As Airtable's own listing gives it; cells by the ids of their fields, which the schema names. */
function lineOf(record: RemoteRecord) {
  return { id: record.id, createdTime: new Date(record.createdMs).toISOString(), fields: record.fields }
}
