/**
 * GraphQL names of a declared table. Fields and choices keep the names of the desired state, so that one word drives the
 * column, the rules and the API; only what GraphQL cannot express is spelled differently.
 */
import { graphqlEnumValue, graphqlFieldName, graphqlTypeName } from '../../desired/graphql-names.ts'

/** Names that a record, a filter or an input has for itself. */
const ownNames = new Set(['id', 'and', 'or', 'not'])
const enumName = /^[A-Za-z_][A-Za-z0-9_]*$/
const enumReserved = new Set(['true', 'false', 'null'])

export interface TableNames {
  /** `Lead` */
  readonly type: string
  /** `lead`: the root field of one record. */
  readonly single: string
  /** `leads`: the root field of the list. */
  readonly list: string
}

export function tableNames(table: string): TableNames {
  const type = graphqlTypeName(table)
  const single = type.charAt(0).toLowerCase() + type.slice(1)
  const list = graphqlFieldName(table)
  return { type, single, list: list === single ? `${list}List` : list }
}

/** The field of a column: its own name, but `id` (where it is not the key), `and`, `or`, `not` get `_field` behind. */
export function recordFieldName(field: string): string {
  return ownNames.has(field) ? `${field}_field` : field
}

/** The enum value of a choice: the choice itself where GraphQL allows it, `Manual Review` → `MANUAL_REVIEW` where not. */
export function choiceName(choice: string, index: number): string {
  if (enumName.test(choice) && !choice.startsWith('__') && !enumReserved.has(choice)) return choice
  const spelled = graphqlEnumValue(choice)
  return enumName.test(spelled) ? spelled : `CHOICE_${index + 1}`
}
