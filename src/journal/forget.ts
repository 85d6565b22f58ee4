/**
 * Takes a person out of what the journal's file keeps beside the record: previews, last looks, events and what kinds
 * remember. These may be lost; the record itself holds no values of cells and stays as it is, chain and all.
 */
import type { JournalStore } from './store.ts'

const volatileTables = [
  { table: 'previews', column: 'body' },
  { table: 'looks', column: 'body' },
  { table: 'memory', column: 'value' },
  { table: 'events', column: 'message' },
] as const

/** What tells a person in text: their texts, and the keys of their records. */
export interface ForgottenTexts {
  readonly texts: readonly string[]
  readonly keys: readonly string[]
}

/** Whether JSON, or a text, shows the person, in whatever case; everything does where nobody knows any more who it was. */
export function showsPerson(person: ForgottenTexts | undefined): (json: string) => boolean {
  if (person === undefined) return () => true
  // As they stand within JSON, and in lower case, since a rule may have written them so.
  const wanted = [
    ...person.texts.map((text) => JSON.stringify(text).slice(1, -1).toLowerCase()),
    ...person.keys.map((key) => `"key":${JSON.stringify(key).toLowerCase()}`),
  ]
  return (json) => {
    const folded = json.toLowerCase()
    return wanted.some((one) => folded.includes(one))
  }
}

/**
 * Removes every row that holds one of the texts, or shows a record with one of the keys, and gives how many. Where the texts are not known
 * any more (after a crash), everything that may be lost goes.
 */
export function forgetInJournal(journal: JournalStore, person: ForgottenTexts | undefined): number {
  journal.db.pragma('secure_delete = ON')
  const shows = showsPerson(person)
  return journal.transaction((db) => {
    let removed = 0
    for (const { table, column } of volatileTables) {
      const rows = db.prepare<[], { id: number | string; text: string }>(textsIn(table, column)).all()
      const remove = db.prepare(`DELETE FROM ${table} WHERE ${idOf(table)} = ?`)
      for (const { id, text } of rows) if (shows(text)) removed += remove.run(id).changes
    }
    return removed
  })
}

function textsIn(table: string, column: string): string {
  return `SELECT ${idOf(table)} AS id, ${column} AS text FROM ${table}`
}

/** `memory` has no rowid; the two parts of its key are joined by a character that neither holds. */
function idOf(table: string): string {
  return table === 'memory' ? `owner || char(0) || name` : 'rowid'
}
