/**
 * The one way by which somebody who is not to be contacted may be contacted again: a person who has the right for it says so of
 * one record, with a reason. It holds for all records of the same person, is journaled, and clears their marks.
 */
import type { AllowContact, AllowContactOutcome } from '../api/people-views.ts'
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { markFieldOf } from '../kinds/contact/index.ts'
import type { Random } from '../random.ts'
import type { FoundInTable, PersonFound } from '../targets/erasure/eraser.ts'
import type { Change } from '../targets/sqlite/ports.ts'
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import { cellOf } from '../targets/sqlite/table-access.ts'
import { contactIdentitiesOf, isMarked } from '../values/contact-mark.ts'
import { mentionsPerson } from '../values/identity.ts'
import { leadWriterOf } from './lead-access.ts'
import type { Workspace } from './workspace.ts'

export async function allowContact(
  workspace: Workspace,
  { table, key, reason, actor }: AllowContact,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<AllowContactOutcome> {
  const { contacts } = workspace.suppressions
  if (workspace.lease === undefined)
    throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
  const found = await workspace.eraser.find({ table, key }, new AbortController().signal)
  if (found === undefined) return { is: 'not-found' }
  if (namesPerson(reason, found)) return { is: 'reason-names-person' }
  const marked = await Promise.all(found.tables.map((one) => markedRows(one, workspace)))
  const records = marked.filter(({ changes }) => changes.length > 0)
  const identities = contactIdentitiesOf(found.identities)
  if (records.length === 0 && !contacts.isListed(identities)) return { is: 'was-allowed' }
  // First the list, so that no look sets again what is cleared now; it is put back where the rows cannot be changed.
  contacts.allow(identities, clock.nowMs())
  const writer = leadWriterOf(workspace, random)
  for (const { name, field, sqlName, keyColumn, changes } of records) {
    const outcome = await writer.submit({
      table: name,
      verb: 'update-lead',
      key: String(changes[0]?.key ?? ''),
      affected: changes.length,
      actor,
      reason,
      summary: `Allow the contact again: ${field} of ${changes.length} ${changes.length === 1 ? 'record' : 'records'} of ${name}`,
      target: { table: sqlName, keyColumn },
      changes,
      preview: [],
    })
    if (outcome.is === 'applied') continue
    contacts.add(identities, clock.nowMs())
    if (outcome.is === 'waiting') return outcome
    const why = outcome.is === 'failed' ? outcome.reason : 'a record was changed meanwhile; ask again'
    return { is: 'failed', actionId: outcome.actionId, reason: why }
  }
  const counts = records.map(({ name, changes }) => ({ table: name, count: changes.length }))
  const isNameable = !key.includes('@')
  workspace.journal.append([
    { type: 'contact.allowed', actor, body: { table, reason, records: counts, ...(isNameable ? { key } : {}) } },
  ])
  return { is: 'allowed', records: counts }
}

interface MarkedRows {
  readonly name: string
  readonly field: string
  readonly sqlName: string
  readonly keyColumn: string
  readonly changes: readonly (Change & { readonly is: 'cell' })[]
}

async function markedRows({ place, rows }: FoundInTable, workspace: Workspace): Promise<MarkedRows> {
  const field = markFieldOf(workspace.generations.inForce().state.tables[place.name]?.fields ?? {})
  const found = { name: place.name, field: field ?? '', sqlName: place.table, keyColumn: place.key }
  if (field === undefined) return { ...found, changes: [] }
  const view = await workspace.databases.read(place.path)
  try {
    const select = view.db
      .prepare(`SELECT ${quoteIdentifier(field)} FROM ${quoteIdentifier(place.table)} WHERE rowid = ?`)
      .pluck()
    const inOrder = [...rows].sort((one, other) => (one.rowId ?? 0) - (other.rowId ?? 0))
    const changes = inOrder.flatMap(({ rowId, key }) => {
      const before = rowId === null ? null : cellOf(select.get(rowId))
      return rowId === null || !isMarked(before)
        ? []
        : [{ is: 'cell' as const, rowId, key, column: field, before, after: 0 }]
    })
    return { ...found, changes }
  } finally {
    view.close()
  }
}

function namesPerson(reason: string, { identities, tables }: PersonFound): boolean {
  const names = tables.flatMap(({ rows }) => rows.flatMap(({ texts: { person } }) => (person === null ? [] : [person])))
  return mentionsPerson(reason, identities, names)
}
