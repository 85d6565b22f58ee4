/** One action per field whose values have a standard form that they are not in. Pure. */
import type { ActionDraft } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import { standardizeVerb } from './action-input.ts'
import { figure, formatPath } from './diff.ts'
import type { FieldLook } from './look.ts'
import type { FieldRules, StandardizationSpec } from './spec.ts'
import type { StandardizationState } from './state.ts'

/** The share of a table's rows from which a rewriting is no longer a small thing. */
const largeShare = 0.2

export function actionsOf(
  spec: StandardizationSpec,
  state: StandardizationState,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  const { look } = state
  if (look.is !== 'looked' || look.keyColumn === null) return []
  const { table, keyColumn } = look
  const wanted = new Set(drift.map(({ path }) => path))
  return look.fields.flatMap((field) => {
    const rules = spec.fields.find(({ name }) => name === field.name)
    if (rules === undefined || !field.ready || field.changed === 0 || !wanted.has(formatPath(field.name))) return []
    return [actionOf(spec, state, rules, field, { table, keyColumn })]
  })
}

function actionOf(
  spec: StandardizationSpec,
  state: StandardizationState,
  rules: FieldRules,
  look: FieldLook,
  target: { readonly table: string; readonly keyColumn: string },
): ActionDraft {
  const population = state.population ?? 0
  const isLarge = population > 0 && look.changed / population > largeShare
  const count = figure(look.changed)
  return {
    verb: standardizeVerb,
    input: { spec: { ...spec, fields: [rules] }, column: look.column, ...target, rowIds: look.rowIds },
    summary: `Bring ${count} of ${figure(look.filled)} values of ${rules.name} in ${target.table} into standard form (${rules.rules.map(({ rule }) => rule).join(', ')})`,
    risk: isLarge ? 'medium' : 'low',
    findings: [
      { code: 'rewrites-values', count: look.changed, message: `${count} values of ${rules.name} are written anew` },
    ],
    precondition: look.fingerprint,
    affected: { count: look.changed, sample: look.previews.map(({ key }) => key) },
    population,
    preview: look.previews.map(({ key, before, after }) => ({ key, field: rules.name, before, after })),
    reversible: 'from-checkpoint',
    recovery: 'transactional',
    cost: { bucket: `sqlite:${spec.database}`, tokens: Math.ceil(look.changed / 500) },
    resolves: [formatPath(rules.name)],
    order: 0,
  }
}
