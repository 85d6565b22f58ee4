/** What differs: values that are not in standard form, and values that have none. Pure. */
import type { DriftDraft, Severity } from '../../engine/drift.ts'
import type { FieldLook } from './look.ts'
import type { FieldRules, StandardizationSpec } from './spec.ts'
import type { StandardizationState } from './state.ts'

/** Paths of a field's drift. */
export const formatPath = (field: string) => `fields.${field}.format`
export const unmendablePath = (field: string) => `fields.${field}.unmendable`

/** `5,012` */
export function figure(count: number): string {
  return count.toLocaleString('en-US')
}

export function driftOf(
  spec: StandardizationSpec,
  state: StandardizationState,
  resource: string,
): readonly DriftDraft[] {
  if (state.look.is === 'unaddressable') return [unaddressable(state.look.reason)]
  const byName = new Map(spec.fields.map((field) => [field.name, field]))
  return state.look.fields.flatMap((look) => {
    const field = byName.get(look.name)
    if (field === undefined) return []
    return [
      ...(look.changed > 0 ? [formatDrift(field, look, state, resource)] : []),
      ...(look.unmendable > 0 ? [unmendableDrift(field, look, state)] : []),
    ]
  })
}

function formatDrift(field: FieldRules, look: FieldLook, state: StandardizationState, resource: string): DriftDraft {
  const waits = look.ready ? '' : `; they are mended once table/${resource} has its column ${field.name}`
  return {
    path: formatPath(field.name),
    severity: severityOf(look.changed, look.filled),
    category: 'data',
    desired: { rules: field.rules.map(({ rule }) => rule) },
    observed: { notInForm: look.changed, of: look.filled },
    affected: { count: look.changed, sample: look.previews.map(({ key }) => key) },
    message: `${share(look.changed, look.filled)} of ${field.name}${among(state)} are not in standard form${waits}`,
  }
}

function unmendableDrift(field: FieldRules, look: FieldLook, state: StandardizationState): DriftDraft {
  const reasons = look.reasons.slice(0, 5).map(({ reason, count }) => `${figure(count)} × ${reason}`)
  return {
    path: unmendablePath(field.name),
    severity: severityOf(look.unmendable, look.filled),
    category: 'data',
    desired: { rules: field.rules.map(({ rule }) => rule) },
    observed: { withoutForm: look.unmendable, of: look.filled, sample: look.unmendableSample },
    affected: { count: look.unmendable, sample: look.unmendableSample.map(({ key }) => key) },
    message: `${share(look.unmendable, look.filled)} of ${field.name}${among(state)} have no standard form that could be told safely: ${reasons.join('; ')}`,
    byHand: `Correct these values of ${field.name}, or the program that writes them. No rule changes what it cannot read.`,
  }
}

function unaddressable(reason: string): DriftDraft {
  return {
    path: 'rows',
    severity: 'medium',
    category: 'data',
    desired: { rows: 'with a rowid' },
    observed: { reason },
    affected: { count: 0, sample: [] },
    message: `Values cannot be standardized: ${reason}`,
    byHand: 'Make the table an ordinary one: WITHOUT ROWID and virtual tables have no numbers to address rows by.',
  }
}

function share(count: number, of: number): string {
  return `${figure(count)} of ${figure(of)} ${of === 1 ? 'value' : 'values'}`
}

function among(state: StandardizationState): string {
  return state.scope === 'rows' ? ' in rows written since the last look' : ''
}

/** By share: beyond half of the values something writes them wrongly as a rule. */
function severityOf(count: number, of: number): Severity {
  if (of === 0 || count / of <= 0.05) return 'low'
  return count / of <= 0.5 ? 'medium' : 'high'
}
