/** One action for each rule whose groups are sure, and one for each group that waits for a person. Pure. */
import type { ActionDraft } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import { type MergeInput, mergeVerb } from './action-input.ts'
import { automaticPath, confidenceText, ruleText, waitingPath } from './diff.ts'
import { type AutomaticLook, evidenceOf, type WaitingLook } from './look.ts'
import type { DuplicatesSpec } from './spec.ts'
import { counted, type DuplicatesState } from './state.ts'

interface Target {
  readonly resource: string
  readonly table: string
  readonly keyColumn: string
  readonly rows: number
}

export function actionsOf(
  resource: string,
  spec: DuplicatesSpec,
  { look }: DuplicatesState,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  if (look.is !== 'looked' || look.notYet !== null) return []
  const target: Target = { resource, table: look.table, keyColumn: look.keyColumn, rows: look.rows }
  const wanted = new Set(drift.map(({ path }) => path))
  return [
    ...look.automatic
      .filter(({ rule }) => wanted.has(automaticPath(rule)))
      // By the priority of the rules: where a surer one is held, those after it may still go.
      .map((one) => automaticAction(spec, target, one)),
    ...look.waiting.listed
      .filter(({ id, fingerprint }) => wanted.has(waitingPath(id)) && fingerprint !== 'gone')
      .map((one) => waitingAction(spec, target, one)),
  ]
}

function inputOf(
  spec: DuplicatesSpec,
  { resource, table, keyColumn }: Target,
  what: Pick<MergeInput, 'rule' | 'groups'>,
) {
  return { spec, table, keyColumn, resource, ...what }
}

function automaticAction(spec: DuplicatesSpec, target: Target, one: AutomaticLook): ActionDraft {
  const { rule, groups, losers, keys, fingerprint, sample, preview } = one
  return {
    verb: mergeVerb,
    input: inputOf(spec, target, { rule, groups: keys }),
    summary: `Merge ${counted(losers, 'duplicate row')} of ${target.table} into ${counted(groups, 'record')} (${ruleText(rule)}, confidence from ${spec.automaticFrom})`,
    risk: 'medium',
    findings: [
      {
        code: 'removes-rows',
        count: losers,
        message: `${counted(losers, 'row')} go; their values and references are kept`,
      },
    ],
    precondition: fingerprint,
    affected: { count: losers, sample },
    population: target.rows,
    preview,
    reversible: 'from-checkpoint',
    recovery: 'transactional',
    cost: { bucket: `sqlite:${spec.database}`, tokens: Math.ceil(losers / 250) },
    resolves: [automaticPath(rule)],
    order: 0,
  }
}

function waitingAction(spec: DuplicatesSpec, target: Target, one: WaitingLook): ActionDraft {
  const { id, keys, rule, confidence, sentence, fingerprint, preview } = one
  const losers = keys.length - 1
  return {
    verb: mergeVerb,
    input: inputOf(spec, target, { rule, groups: [keys] }),
    summary: `Merge ${counted(keys.length, 'row')} of ${target.table} that may be one (${confidenceText(confidence)}): ${sentence}`,
    risk: 'high',
    findings: [
      {
        code: 'below-confidence',
        count: losers,
        message: `A person decides: its confidence is ${confidenceText(confidence)}, and ${spec.strategy === 'manual' ? 'the strategy is manual' : `only groups of ten at most from ${spec.automaticFrom} on are merged unasked`}. \`trueup leads not-duplicate ${keys.join(' ')}\` tells them apart for good.`,
      },
    ],
    precondition: evidenceOf([fingerprint]),
    affected: { count: losers, sample: keys.slice(0, 20) },
    population: target.rows,
    preview,
    reversible: 'from-checkpoint',
    recovery: 'transactional',
    cost: { bucket: `sqlite:${spec.database}`, tokens: 1 },
    resolves: [waitingPath(id)],
    order: 0,
  }
}
