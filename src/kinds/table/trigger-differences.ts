/** Whether the triggers that Trueup keeps on a table are there and read as they must. */
import { changeLogGap, changeLogStatements, changeTable } from '../../targets/sqlite/change-log.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import { commonInput, type Difference, draftOf, drift, orders, type TableLook } from './drafts.ts'
import { rowIdName } from './row-id.ts'
import { sameName } from './spec.ts'
import { asItIs, findObject, type SchemaObject } from './state.ts'
import {
  canBeStamped,
  feedsChangeTable,
  isOnUpdateTrigger,
  type NamedSql,
  namedStatement,
  onUpdateTriggers,
  storedForm,
} from './triggers.ts'

/** The differences of the change table with its triggers, and of the triggers that stamp an update. */
export function triggerDifferences(look: TableLook): readonly Difference[] {
  return [...changeLogDifference(look), ...onUpdateDifferences(look)]
}

function ownTriggers(look: TableLook): readonly SchemaObject[] {
  return look.state.objects.filter((object) => object.type === 'trigger' && sameName(object.on, look.table.name))
}

/** The wanted triggers that are not there or read otherwise, and those of ours that are no longer wanted. */
function compare(wanted: readonly NamedSql[], found: readonly SchemaObject[]) {
  const isAsWanted = (sql: NamedSql) =>
    found.some((trigger) => sameName(trigger.name, sql.name) && storedForm(trigger.sql) === storedForm(sql.sql))
  const create = wanted.filter((sql) => !isAsWanted(sql))
  const drop = found.filter(
    (trigger) =>
      !wanted.some((sql) => sameName(sql.name, trigger.name)) || create.some((sql) => sameName(sql.name, trigger.name)),
  )
  return { create, drop }
}

function changeLogDifference(look: TableLook): Difference[] {
  const { state, table } = look
  const rowId = rowIdName(table.columns.map((column) => column.name))
  const statements = changeLogStatements(table.name, rowId).map((sql) => ({ sql, named: namedStatement(sql) }))
  const wanted = statements.flatMap(({ named }) => (named?.is === 'trigger' ? [named] : []))
  const found = ownTriggers(look).filter(
    (trigger) => feedsChangeTable(trigger.sql) || wanted.some((sql) => sameName(sql.name, trigger.name)),
  )
  const { create, drop } = compare(wanted, found)
  const hasTable = findObject(state.objects, 'table', changeTable) !== undefined
  if (hasTable && create.length === 0 && drop.length === 0) return []
  const others = statements.filter(({ named }) => named?.is !== 'trigger').map(({ sql }) => sql)
  return [
    {
      draft: drift({
        path: 'changeLog',
        severity: 'medium',
        desired: wanted.map(({ name }) => name),
        observed: found.map(({ name }) => name),
        message: `Changes of table ${table.name} by other programs are not noted, so that every look must read all of it.`,
      }),
      repair: triggerRepair(look, {
        verb: 'change-log',
        summary: `Let triggers on table ${table.name} note which records change, in ${changeTable}.`,
        create,
        drop,
        before: others,
        after: create.length > 0 ? [changeLogGap] : [],
      }),
    },
  ]
}

function onUpdateDifferences(look: TableLook): Difference[] {
  const { spec, table } = look
  const rowId = rowIdName(table.columns.map((column) => column.name))
  const wanted = onUpdateTriggers(spec, table.name, rowId, canBeStamped(table))
  const found = ownTriggers(look).filter((trigger) => isOnUpdateTrigger(trigger.name))
  const { create, drop } = compare(wanted, found)
  if (create.length === 0 && drop.length === 0) return []
  return [
    {
      draft: drift({
        path: 'onUpdate',
        severity: 'low',
        desired: wanted.map(({ name }) => name),
        observed: found.map(({ name }) => name),
        message: `The triggers that stamp updates of table ${table.name} are not as declared.`,
      }),
      repair: triggerRepair(look, {
        verb: 'on-update',
        summary: `Stamp the moment of an update in ${wanted.map(({ field }) => field).join(', ') || 'no field'} of table ${table.name}.`,
        create,
        drop,
        before: [],
        after: [],
      }),
    },
  ]
}

interface TriggerWork {
  readonly verb: string
  readonly summary: string
  readonly create: readonly NamedSql[]
  readonly drop: readonly SchemaObject[]
  /** Statements that come first. */
  readonly before: readonly string[]
  /** Statements that come last. */
  readonly after: readonly string[]
}

function triggerRepair(look: TableLook, work: TriggerWork): Difference['repair'] {
  const { state } = look
  const dropTrigger = (name: string) => `DROP TRIGGER ${quoteIdentifier(name)}`
  const names = [...new Set([...work.create, ...work.drop].map(({ name }) => name))]
  return {
    is: 'action',
    draft: draftOf(state, {
      verb: work.verb,
      summary: work.summary,
      risk: 'low',
      order: orders.trigger,
      input: {
        ...commonInput(
          look,
          names.map((name) => asItIs(state.objects, 'trigger', name)),
        ),
        does: 'statements',
        statements: [
          ...work.drop.map(({ name }) => dropTrigger(name)),
          ...work.before,
          ...work.create.map(({ sql }) => sql),
          ...work.after,
        ],
        inverse: {
          verb: `${work.verb}-back`,
          // The change table stays: other tables use it, and its numbers must never begin anew.
          statements: [...work.create.map(({ name }) => dropTrigger(name)), ...work.drop.map(({ sql }) => sql)],
          expect: work.create.map(({ name, sql }) => ({
            object: 'trigger' as const,
            name,
            table: '',
            form: storedForm(sql),
          })),
          guard: null,
        },
      },
    }),
  }
}
