/** The mapped fields of one pair as both sides have them now. Pure. */
import { hashOf } from '../../json.ts'
import { jsonOf } from './comparison.ts'
import { personIdentitiesOf } from './identity.ts'
import type { LocalRow } from './local-table.ts'
import type { MappedField, SyncMapping } from './mapping.ts'
import type { Base } from './merge-field.ts'
import type { Judge } from './quality.ts'
import { emptyReading, markOf, type Reading, readLocal, readRemote, sameMeaning } from './reading.ts'
import type { SyncSpec } from './spec.ts'
import type { Pair } from './store/pair.ts'

export interface CompareContext {
  readonly spec: SyncSpec
  readonly mapping: SyncMapping
  readonly judges: ReadonlyMap<string, Judge>
  readonly nowMs: number
  /** Whether an erased person is meant: such a lead is neither pushed nor pulled back. */
  readonly isErased: (identities: readonly string[]) => boolean
  /** Whether a person said that whom is meant may be contacted again. */
  readonly isAllowed: (identities: readonly string[]) => boolean
}

/** Readings of one mapped field on both sides. */
export interface FieldView {
  readonly mapped: MappedField
  readonly local: Reading
  readonly remote: Reading
  readonly same: boolean
  readonly base: Base | undefined
}

export function viewsOf(pair: Pair, row: LocalRow | undefined, { mapping }: CompareContext): readonly FieldView[] {
  return mapping.fields.flatMap((mapped) => {
    const { field, remote } = mapped
    if (row !== undefined && !(field.name in row.cells)) return []
    const localReading = row === undefined ? emptyReading : readLocal(field, row.cells[field.name] ?? null)
    const remoteReading = readRemote(field, remote, pair.cells?.[remote.id])
    return [
      {
        mapped,
        local: localReading,
        remote: remoteReading,
        same: sameMeaning(field, remote, localReading, remoteReading),
        base: pair.base?.[field.name],
      },
    ]
  })
}

/** By what either side tells who the lead is. */
export function identitiesOfViews(
  pair: Pair,
  views: readonly FieldView[],
  { spec, mapping }: CompareContext,
): readonly string[] {
  const byName = new Map(views.map((view) => [view.mapped.field.name, view]))
  const record = { table: spec.table, key: pair.key }
  return (['local', 'remote'] as const).flatMap((side) =>
    personIdentitiesOf(record, mapping.fields, (field) => byName.get(field)?.[side]),
  )
}

export function rowMark(views: readonly FieldView[]): string {
  return hashOf(views.map(({ mapped, local }) => [mapped.field.name, jsonOf(markOf(local))]))
}

export function isEmpty(reading: Reading): boolean {
  return reading.is === 'value' && reading.value === null
}
