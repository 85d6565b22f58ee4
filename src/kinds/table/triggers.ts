/** The triggers that Trueup keeps on a table: the feed of the change table, and the moment of the last update. */
import { changeTable } from '../../targets/sqlite/change-log.ts'
import { quoteIdentifier, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import { nowExpression } from './columns.ts'
import { columnOf } from './questions.ts'
import { presentFields, type TableDeclaration } from './spec.ts'
import { formOf, isToken, mentions, nameOf, tokensOf } from './sql-tokens.ts'

export interface NamedSql {
  readonly name: string
  readonly sql: string
}

const onUpdateSuffix = '_on_update'

/**
 * The trigger that stamps an update. It does not fire for its own update, nor for one within the same millisecond, so
 * that it ends even where a program has switched recursive triggers on; a program that sets the field itself is let be.
 */
function onUpdateTrigger(table: string, field: string, now: string, rowId: string): NamedSql {
  const name = `_trueup_${table}_${field}${onUpdateSuffix}`
  const cell = quoteIdentifier(field)
  const on = quoteIdentifier(table)
  return {
    name,
    sql: `CREATE TRIGGER ${quoteIdentifier(name)} AFTER UPDATE ON ${on} FOR EACH ROW WHEN NEW.${cell} IS OLD.${cell} AND NEW.${cell} IS NOT ${now} BEGIN UPDATE ${on} SET ${cell} = ${now} WHERE ${rowId} = NEW.${rowId}; END`,
  }
}

/** The stamping triggers that the declaration wants on the columns that are there. */
export function onUpdateTriggers(
  spec: TableDeclaration,
  table: string,
  rowId: string,
  isThere: (field: string) => boolean,
): readonly (NamedSql & { readonly field: string })[] {
  return presentFields(spec)
    .filter((field) => field.onUpdate && isThere(field.name))
    .map((field) => ({ field: field.name, ...onUpdateTrigger(table, field.name, nowExpression(field.type), rowId) }))
}

/** Whether a column can be stamped. */
export function canBeStamped(table: TableSchema): (field: string) => boolean {
  return (field) => columnOf(table, field)?.generated === 'no'
}

/** A stamping trigger of ours, whichever field it is for. */
export function isOnUpdateTrigger(name: string): boolean {
  return /^_trueup_/i.test(name) && name.toLowerCase().endsWith(onUpdateSuffix)
}

/** Whether a trigger feeds the change table. */
export function feedsChangeTable(sql: string): boolean {
  return mentions(sql, changeTable)
}

/** A CREATE statement by the name of what it creates; undefined for another statement. */
export function namedStatement(sql: string): (NamedSql & { readonly is: 'table' | 'trigger' | 'index' }) | undefined {
  const tokens = tokensOf(sql)
  const at = tokens.findIndex((token) => ['TABLE', 'TRIGGER', 'INDEX'].some((word) => isToken(token, word)))
  const kind = tokens[at]?.text.toLowerCase()
  const name = nameOf(tokens[isToken(tokens[at + 1], 'IF') ? at + 4 : at + 1])
  if (name === undefined || (kind !== 'table' && kind !== 'trigger' && kind !== 'index')) return undefined
  return { is: kind, name, sql }
}

/** Equal for a statement as it was given and as SQLite keeps it. */
export function storedForm(sql: string): string {
  return formOf(sql).replace(' if not exists ', ' ')
}
