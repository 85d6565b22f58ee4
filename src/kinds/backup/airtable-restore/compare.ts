/** Compares a mirrored table of Airtable as it is now with what a set holds of it. Reads only. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { isPlainWritable } from '../../../desired/airtable-types.ts'
import type { EffectContext } from '../../../engine/kind.ts'
import { OperationalError } from '../../../errors.ts'
import { hashOf, type JsonValue } from '../../../json.ts'
import { declarationOf } from '../../../targets/airtable/declaration.ts'
import { allRecords } from '../../../targets/airtable/fetch-records.ts'
import { addsChoice } from '../../../targets/airtable/mapping.ts'
import type { RemoteField, RemoteTable } from '../../../targets/airtable/ports.ts'
import { codeOf } from '../../../targets/sqlite/database-error.ts'
import { stagedLines } from '../asks.ts'
import type { BackupPorts } from '../ports.ts'
import type { AirtableAsk, AirtableComparison, AirtableRestoreState } from './ask.ts'
import { movesOf, type RecordMove } from './moves.ts'

export interface Compared {
  readonly comparison: AirtableComparison
  readonly moves: readonly RecordMove[]
}

const shownMax = 20
const shownCharactersMax = 200
const cellSchema: z.ZodType<JsonValue> = z.json()
const lineSchema = z.object({ id: z.string(), fields: z.record(z.string(), cellSchema) })

/** A look at the base costs calls of its month: what was found is good for so long while nobody asks for more. */
const looksAgainAfterMs = 600_000
export type LooksKept = Map<string, { readonly atMs: number; readonly state: AirtableRestoreState }>

/** What a restore would change, by a look that is new enough. */
export async function lookedAirtable(
  ask: AirtableAsk,
  isFull: boolean,
  kept: LooksKept,
  ports: BackupPorts,
  context: EffectContext,
): Promise<AirtableRestoreState> {
  const nowMs = ports.clock.nowMs()
  const known = kept.get(ask.id)
  if (known !== undefined && !isFull && nowMs - known.atMs < looksAgainAfterMs) return known.state
  const state = await stateOf(ask, ports, context)
  kept.set(ask.id, { atMs: nowMs, state })
  return state
}

async function stateOf(ask: AirtableAsk, ports: BackupPorts, context: EffectContext): Promise<AirtableRestoreState> {
  try {
    const { comparison } = await compareAirtable(ask, ports, context)
    return { ask, evidence: comparison.evidence, comparison, problem: undefined }
  } catch (error) {
    if (!(error instanceof OperationalError) || context.signal.aborted) throw error
    return { ask, evidence: '', comparison: undefined, problem: error.message }
  }
}

/** Throws AIRTABLE_*; ACTION_STALE where the ask is gone, or the base has the table or fields of the set no more. */
export async function compareAirtable(
  ask: AirtableAsk,
  ports: Pick<BackupPorts, 'airtable' | 'ownFolder'>,
  { signal }: EffectContext,
): Promise<Compared> {
  const set = linesOf(ask, ports)
  const { base } = ports.airtable.of(declarationOf(ask.declaration))
  const schema = await base.schema({ signal })
  const { table, fields, passedOver } = fieldsOf(ask, schema.tables)
  const now = await allRecords(base, table.id, signal)
  const { moves, keyless, left } = movesOf({
    set,
    now,
    fieldIds: fields.map(({ id }) => id),
    keyFieldId: ask.keyFieldId,
    keys: ask.keys,
    removeOthers: ask.removeOthers,
  })
  const count = (is: RecordMove['is']) => moves.filter((move) => move.is === is).length
  const counts = { added: count('create'), changed: count('update'), removed: count('delete') }
  const names = new Map(fields.map(({ id, name }) => [id, name]))
  return {
    moves,
    comparison: {
      evidence: hashOf({ moves: [...moves], fields: fields.map(({ id, type }) => ({ id, type })) }),
      counts,
      population: now.length,
      tables: [{ table: ask.tableName, ...counts }],
      passedOver: [
        ...passedOver,
        ...(keyless.length === 0
          ? []
          : [
              {
                table: keyless.slice(0, 3).join(', ') + (keyless.length > 3 ? ` and ${keyless.length - 3} more` : ''),
                reason: 'gone, and without a key in the set: a crash could double them',
              },
            ]),
      ],
      withheld: ask.withheld,
      sample: moves.slice(0, shownMax).map(({ key }) => key),
      preview: moves.flatMap((move) => shownOf(move, names)).slice(0, shownMax),
      left,
      madeChoices: choicesMade(moves, fields),
    },
  }
}

function linesOf(
  ask: AirtableAsk,
  { ownFolder }: Pick<BackupPorts, 'ownFolder'>,
): readonly z.output<typeof lineSchema>[] {
  try {
    const text = readFileSync(stagedLines(ownFolder, ask), 'utf8')
    return text.split('\n').flatMap((line) => (line === '' ? [] : [lineSchema.parse(JSON.parse(line))]))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new OperationalError('ACTION_STALE', 'what was asked to be restored has lapsed', {
      hint: 'Ask again with `trueup backup restore`.',
    })
  }
}

/** The fields that are restored, and those that are left out, each with its reason. */
function fieldsOf(
  ask: AirtableAsk,
  tables: readonly RemoteTable[],
): {
  readonly table: RemoteTable
  readonly fields: readonly RemoteField[]
  readonly passedOver: AirtableComparison['passedOver']
} {
  const table = tables.find(({ id }) => id === ask.tableId)
  if (table === undefined) throw gone(`the base has the table ${ask.tableName} of the set no more`)
  const restored = ask.fields.filter(({ type }) => isPlainWritable(type))
  const there = new Map(table.fields.map((field) => [field.id, field]))
  const missing = restored.filter(({ id }) => !there.has(id)).map(({ name }) => name)
  if (missing.length > 0) throw gone(`${table.name} has fields of the set no more: ${missing.join(', ')}`)
  const retyped = restored.flatMap(({ id, name, type }) => {
    const now = there.get(id)?.type
    return now === type ? [] : [`${name} (${type} in the set, ${now} now)`]
  })
  if (retyped.length > 0)
    throw gone(`fields of ${table.name} are of another type than in the set: ${retyped.join(', ')}`)
  const computed = ask.fields.filter(({ type }) => !isPlainWritable(type))
  return {
    table,
    fields: restored.flatMap(({ id }) => there.get(id) ?? []),
    passedOver: computed.map(({ name, type }) => ({ table: `${table.name}.${name}`, reason: leftOutText(type) })),
  }
}

function leftOutText(type: string): string {
  if (type === 'multipleRecordLinks') return 'links name records by ids, which may be others by now'
  if (type === 'multipleAttachments') return 'the addresses of attachments in a set do not last'
  return `Airtable alone writes a field of type ${type}, or it names people and things outside the table`
}

function gone(message: string): OperationalError {
  return new OperationalError('ACTION_STALE', message, {
    hint: 'Restore the set into a folder, which has the records as JSON Lines: `trueup backup restore ID --into DIR`.',
  })
}

function choicesMade(moves: readonly RecordMove[], fields: readonly RemoteField[]): number {
  const made = new Set<string>()
  for (const move of moves) {
    if (move.is === 'delete') continue
    for (const field of fields) {
      const cell = move.after[field.id] ?? null
      for (const one of Array.isArray(cell) ? cell : [cell])
        if (addsChoice(field, one)) made.add(`${field.id} ${String(one)}`)
    }
  }
  return made.size
}

/** As people read it, by the names of the fields. */
function shownOf(move: RecordMove, names: ReadonlyMap<string, string>): AirtableComparison['preview'] {
  switch (move.is) {
    case 'create':
      return [{ key: move.key, field: '(record)', before: null, after: 'comes back, with another record id' }]
    case 'delete':
      return [{ key: move.key, field: '(record)', before: 'there', after: null }]
    case 'update':
      return Object.keys(move.after).map((id) => ({
        key: move.key,
        field: names.get(id) ?? id,
        before: shown(move.before[id] ?? null),
        after: shown(move.after[id] ?? null),
      }))
  }
}

function shown(cell: JsonValue): string | number | null {
  if (cell === null || typeof cell === 'number') return cell
  return (typeof cell === 'string' ? cell : JSON.stringify(cell)).slice(0, shownCharactersMax)
}
