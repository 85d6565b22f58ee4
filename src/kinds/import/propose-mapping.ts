/** How columns of whatever origin would fill a declared table: the decision of an import, for those who only want to know it. */
import type { TableSpec } from '../../desired/schema.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { fitJudge } from './fit.ts'
import { type ColumnSample, type Mapping, mapColumns } from './mapping.ts'
import { intoOf } from './spec.ts'

type ProposedMapping = Pick<Mapping, 'mapped' | 'unmapped'>

/** Proposes by name and by what the samples look like, each with its reason. Pure. */
export function proposeMapping(table: string, spec: TableSpec, columns: readonly ColumnSample[]): ProposedMapping {
  const into = intoOf(table, spec, '', standardizeRules)
  return mapColumns(columns, into, {}, fitJudge(into))
}
