/** Joins all changes of columns into one rebuild, so that a table is written anew once however much differs. */

import { checksOf } from './checks.ts'
import { affinityOf, convertsCondition, type SqlType } from './columns.ts'
import {
  type ColumnEdit,
  type ColumnPart,
  type CreateTable,
  columnPart,
  columnParts,
  columnsBefore,
  columnText,
  parseCreateTable,
} from './create-sql.ts'
import {
  answerOf,
  type ColumnChange,
  commonInput,
  counted,
  type Draft,
  draftOf,
  orders,
  type TableLook,
} from './drafts.ts'
import type { Evidence, KeptColumn } from './input.ts'
import { sameName } from './spec.ts'
import { asItIs } from './state.ts'

/** The action that makes all changes; undefined where there is none. */
export function rebuildAction(look: TableLook, changes: readonly ColumnChange[]): Draft | undefined {
  const parsed = parseCreateTable(look.table.sql)
  if (changes.length === 0 || parsed === undefined) return undefined
  const edits = editsOf(parsed, changes)
  const { objects, answers } = look.state
  const keeps = changes.flatMap((change) => keptBy(look, change))
  const converting = keeps.map((kept) => answerOf(look.state, `converts.${kept.column.toLowerCase()}`))
  const converted = converting.reduce((sum, { affected }) => sum + affected.count, 0)
  const only = changes.every((change) => change.add !== undefined || isDefaultOnly(change))
  const names = edits.map((edit) => edit.column)
  return draftOf(look.state, {
    verb: changes.every((change) => change.add !== undefined) ? 'add-column' : 'rebuild',
    summary: summaryOf(look, changes, converted),
    risk: only ? 'low' : 'medium',
    order: orders.rebuild,
    affected: { count: converted, sample: converting.flatMap(({ affected }) => affected.sample).slice(0, 20) },
    preview: converting.flatMap(({ preview }) => preview),
    population: converted === 0 ? 0 : answers.rows,
    reversible: keeps.length === 0 ? 'exact' : 'from-checkpoint',
    input: {
      ...commonInput(
        look,
        names.map((name) => asItIs(objects, 'column', name, look.table.name)),
        joinQuestions(changes.map((change) => change.evidence)),
      ),
      does: 'rebuild',
      edits,
      drop: [],
      create: [],
      keeps,
      restores: null,
    },
  })
}

function isDefaultOnly(change: ColumnChange): boolean {
  return change.type === undefined && change.check === undefined && change.notNull === undefined
}

function summaryOf(look: TableLook, changes: readonly ColumnChange[], converted: number): string {
  const what = changes.map((change) => {
    const parts = [
      change.add === undefined ? undefined : 'new column',
      change.type === undefined ? undefined : `type ${change.type}`,
      change.check === undefined ? undefined : 'check',
      change.notNull === undefined ? undefined : 'not null',
      change.default === undefined ? undefined : `default ${change.default}`,
    ]
    return `${change.column}: ${parts.filter((part) => part !== undefined).join(', ')}`
  })
  const values = converted === 0 ? '' : ` and convert ${counted(converted, 'value')}`
  return `Rebuild table ${look.table.name} with its ${counted(look.state.answers.rows, 'record')}${values} (${what.join('; ')}).`
}

function joinQuestions(all: readonly Evidence['questions'][]): Evidence['questions'] {
  return {
    conditions: all.flatMap((questions) => questions.conditions),
    groupings: all.flatMap((questions) => questions.groupings),
    missingKeysOf: null,
  }
}

/** The cells that a change of type converts. */
function keptBy(look: TableLook, change: ColumnChange): KeptColumn[] {
  if (change.type === undefined) return []
  const type: SqlType = change.type === 'INTEGER' ? 'INTEGER' : change.type === 'REAL' ? 'REAL' : 'TEXT'
  const column = look.table.columns.find((other) => sameName(other.name, change.column))
  if (column === undefined || affinityOf(column.type) === type) return []
  return [{ column: change.column, where: convertsCondition(type, change.column), to: type }]
}

function editsOf(table: CreateTable, changes: readonly ColumnChange[]): ColumnEdit[] {
  const names = [...new Set(changes.map((change) => change.column))]
  const standing = columnParts(table).map((column) => column.name)
  return names.flatMap((name): ColumnEdit[] => {
    const own = changes.filter((change) => change.column === name)
    const present = columnPart(table, name)
    const added = own.find((change) => change.add !== undefined)?.add
    if (present === undefined) {
      const follows = [...standing]
      standing.push(name)
      return added === undefined ? [] : [{ column: name, before: null, after: added, follows }]
    }
    const after = own.reduce((column, change) => changed(table, column, change), present)
    return [{ column: name, before: present.text, after: columnText(after), follows: columnsBefore(table, present) }]
  })
}

function changed(table: CreateTable, column: ColumnPart, change: ColumnChange): ColumnPart {
  const replaced = new Set(
    change.check === undefined ? [] : checksOf(table, column).flatMap((check) => check.constraint?.text ?? []),
  )
  const kept = column.constraints.filter(
    (constraint) =>
      !replaced.has(constraint.text) &&
      !(change.notNull === true && (constraint.is === 'null' || constraint.is === 'not-null')) &&
      !(change.default !== undefined && constraint.is === 'default'),
  )
  const added = [
    ...(change.notNull === true ? [piece('not-null', 'NOT NULL')] : []),
    ...(change.default === undefined ? [] : [piece('default', `DEFAULT ${change.default}`)]),
    ...(change.check === undefined ? [] : [piece('check', `CHECK (${change.check})`)]),
  ]
  return { ...column, type: change.type ?? column.type, constraints: [...kept, ...added] }
}

function piece(is: 'not-null' | 'default' | 'check', text: string) {
  return { is, text, start: 0, end: 0 } as const
}
