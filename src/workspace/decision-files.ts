/** The files of `.trueup` that hold what people decided, which nobody can make anew. They go into sets of backups. */
import { exclusionsFile, exclusionsTable } from '../kinds/duplicates/index.ts'
import { waiversFile, waiversTable } from '../kinds/quality/index.ts'
import { type ErasedMarks, erasedBy } from '../targets/erasure/marks.ts'
import type { PersonPlace } from '../targets/erasure/person-layout.ts'
import { openWriting } from '../targets/sqlite/connection.ts'
import { keyIdentity } from '../values/identity.ts'

export const decisionFiles = [
  { name: 'waivers', file: waiversFile, table: waiversTable, keys: ['record'] },
  { name: 'not-duplicates', file: exclusionsFile, table: exclusionsTable, keys: ['one', 'other'] },
] as const

/**
 * Takes what was decided on the records of erased people out of a restored copy; gives how much. They are known by the keys
 * of their records, as a waiver says nothing else of them.
 */
export function forgetDecisions(
  member: string,
  path: string,
  erased: { readonly key: string; readonly marks: readonly string[] },
  places: readonly { readonly place: PersonPlace }[],
): number {
  const file = decisionFiles.find(({ name }) => name === member)
  if (file === undefined) return 0
  const marks: ErasedMarks = { key: erased.key, marks: [...erased.marks] }
  const isErased = erasedBy(marks)
  const tableOf = (declared: string) => places.find(({ place }) => place.name === declared)?.place.table
  const db = openWriting(path)
  try {
    db.pragma('secure_delete = ON')
    const remove = db.prepare<[string]>(`DELETE FROM ${file.table} WHERE id = ?`)
    let count = 0
    for (const key of file.keys) {
      const rows = db
        .prepare<[], { id: string; named: string; key: string }>(
          `SELECT id, table_name AS named, ${key} AS "key" FROM ${file.table}`,
        )
        .all()
      for (const row of rows) {
        const identity = keyIdentity(tableOf(row.named) ?? row.named, row.key)
        if (identity !== undefined && isErased([identity])) count += remove.run(row.id).changes
      }
    }
    if (count > 0) db.exec('VACUUM')
    return count
  } finally {
    db.close()
  }
}
