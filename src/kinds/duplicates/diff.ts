/** What differs: groups of records that are one, sure enough to be merged or waiting for a person. Pure. */
import type { DriftDraft, Severity } from '../../engine/drift.ts'
import { byLikeness } from './groups.ts'
import { type AutomaticLook, listedMax, type WaitingLook } from './look.ts'
import type { DuplicatesSpec } from './spec.ts'
import { counted, type DuplicatesState, figure } from './state.ts'

export const automaticPath = (rule: string) => `rules.${rule}.automatic`
export const waitingPath = (group: string) => `groups.${group}`

/** How a rule is called in a sentence. */
export function ruleText(rule: string): string {
  return rule === byLikeness ? 'likeness of all fields' : `rule ${rule}`
}

/** `0.97`; never rounded up to a certainty that it is not. */
export function confidenceText(confidence: number): string {
  return confidence === 1 ? '1' : String(Math.floor(confidence * 1000) / 1000)
}

export function driftOf(spec: DuplicatesSpec, { look }: DuplicatesState): readonly DriftDraft[] {
  if (look.is === 'unaddressable') return [unaddressable(look.reason)]
  const waits = look.notYet === null ? '' : `; they are merged ${look.notYet}`
  const more = look.waiting.groups - look.waiting.listed.length
  return [
    ...look.automatic.map((one) => automaticDrift(spec, one, look.rows, waits)),
    ...look.waiting.listed.map((one) => waitingDrift(spec, one, waits)),
    ...(more > 0 ? [moreDrift(more)] : []),
    ...(look.oversizedBlocks > 0 ? [oversizedDrift(look.oversizedBlocks)] : []),
  ]
}

function automaticDrift(spec: DuplicatesSpec, one: AutomaticLook, rows: number, waits: string): DriftDraft {
  return {
    path: automaticPath(one.rule),
    severity: severityOf(one.losers, rows),
    category: 'data',
    desired: { rule: one.rule, mergeAutomaticallyFrom: spec.automaticFrom },
    observed: { groups: one.groups, duplicates: one.losers, of: rows },
    affected: { count: one.losers, sample: one.sample },
    message: `${counted(one.losers, 'row')} of ${figure(rows)} ${one.losers === 1 ? 'is a duplicate' : 'are duplicates'} by ${ruleText(one.rule)}, in ${counted(one.groups, 'group')}${waits}`,
  }
}

function waitingDrift(spec: DuplicatesSpec, one: WaitingLook, waits: string): DriftDraft {
  return {
    path: waitingPath(one.id),
    severity: 'low',
    category: 'data',
    desired: { rule: one.rule, mergeAutomaticallyFrom: spec.automaticFrom },
    observed: { confidence: one.confidence, keys: one.keys },
    affected: { count: one.keys.length - 1, sample: one.keys.slice(0, 20) },
    message: `${counted(one.keys.length, 'row')} may be one (${confidenceText(one.confidence)} by ${ruleText(one.rule)}): ${one.sentence}${waits}`,
  }
}

function moreDrift(groups: number): DriftDraft {
  return {
    path: 'groups.more',
    severity: 'low',
    category: 'data',
    desired: { groups: 0 },
    observed: { groups },
    affected: { count: groups, sample: [] },
    message: `${counted(groups, 'more group')} may be duplicates; ${listedMax} are proposed at a time, the surest first`,
    byHand:
      'Decide over the groups that are proposed: the next ones follow. `trueup leads duplicates` lists all of them.',
  }
}

function oversizedDrift(blocks: number): DriftDraft {
  return {
    path: 'blocks.oversized',
    severity: 'low',
    category: 'data',
    desired: { blocks: 0 },
    observed: { blocks },
    affected: { count: blocks, sample: [] },
    message: `${counted(blocks, 'value is', 'values are')} shared by so many rows that these were compared with their neighbours only`,
    byHand:
      'A value that hundreds of rows share (a placeholder, a shared mailbox) names nobody: empty it, or correct the program that writes it.',
  }
}

function unaddressable(reason: string): DriftDraft {
  return {
    path: 'rows',
    severity: 'medium',
    category: 'data',
    desired: { rows: 'with a rowid and a key' },
    observed: { reason },
    affected: { count: 0, sample: [] },
    message: `Duplicates cannot be looked for: ${reason}`,
    byHand: 'Make the table an ordinary one with the declared key: rows are addressed by rowid and key together.',
  }
}

/** By share: beyond a fifth of the rows something writes everybody twice as a rule. */
function severityOf(count: number, of: number): Severity {
  if (of === 0 || count / of <= 0.01) return 'low'
  return count / of <= 0.2 ? 'medium' : 'high'
}
