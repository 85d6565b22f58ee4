/**
 * The kind `audit`: one resource, the record of what was done. At intervals all of it is compared with its hashes and signed
 * heads, and whether copies of the heads reach the folders that are declared for them. It is only looked at: what somebody
 * did to the record is told, never mended.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { HealthCheck, Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf, type JsonObject } from '../../json.ts'

export const auditKindName = 'audit'

const verdictSchema = z.object({
  entries: z.number(),
  removed: z.number(),
  signedUpTo: z.number(),
  /** The first comes first. `seq` is null where a line of the heads is meant. */
  problems: z.array(z.object({ seq: z.number().nullable(), message: z.string() })),
  isKeyLost: z.boolean(),
})
export type AuditVerdict = z.output<typeof verdictSchema>

export interface AuditPort {
  /** Walks over the whole journal. Throws JOURNAL_*. */
  verify(signal: AbortSignal): Promise<AuditVerdict>
  /** How the copies of the heads stand; of what this process did. */
  copies(): readonly CopyStanding[]
}

export interface CopyStanding {
  readonly folder: string
  readonly problem: string | undefined
  readonly isTampered: boolean
  readonly sinceMs: number | undefined
}

interface AuditState {
  readonly verdict: AuditVerdict
  readonly verifiedAtMs: number
  readonly copies: readonly CopyStanding[]
}

type Spec = JsonObject & { readonly verifyEveryMs: number; readonly headsTo: readonly string[] }

const rememberedSchema = z.object({ atMs: z.number(), verdict: verdictSchema })
const problemsKept = 5
/** A copy that does not get away is looked at this often. */
const copyLookMs = 60_000

export interface AuditKindPorts {
  readonly audit: AuditPort
  readonly memory: Memory
  readonly clock: Clock
}

export function auditKind({ audit, memory, clock }: AuditKindPorts): Kind<Spec, AuditState> {
  let isAsked = false

  /** What was found last, unless it is too old, of a clock that was ahead, or somebody asks. */
  async function verdictOf({ verifyEveryMs }: Spec, signal: AbortSignal) {
    const known = rememberedSchema.safeParse(memory.get(auditKindName, 'verdict'))
    const ageMs = known.success ? clock.nowMs() - known.data.atMs : -1
    if (known.success && !isAsked && ageMs >= 0 && ageMs < verifyEveryMs) return known.data
    isAsked = false
    const found = await audit.verify(signal)
    const verdict = { ...found, problems: found.problems.slice(0, problemsKept) }
    const fresh = { atMs: clock.nowMs(), verdict }
    memory.set(auditKindName, 'verdict', fresh)
    return fresh
  }

  return {
    name: auditKindName,
    category: 'data',
    list: ({ policy }) => [
      {
        key: { kind: auditKindName, name: 'journal' },
        spec: { verifyEveryMs: policy.audit.verify, headsTo: [...policy.audit.heads.to] },
        dependsOn: [],
        observeOnly: true,
      },
    ],
    async observe({ spec }, _scope, { signal }) {
      try {
        const { atMs, verdict } = await verdictOf(spec, signal)
        const state = { verdict, verifiedAtMs: atMs, copies: audit.copies() }
        return { is: 'present', state, fingerprint: hashOf(driftOf(state).map(({ path, message }) => [path, message])) }
      } catch (error) {
        if (!(error instanceof OperationalError) || signal.aborted) throw error
        return { is: 'unreadable', error }
      }
    },
    diff: (_resource, observation) => (observation.is === 'present' ? driftOf(observation.state) : []),
    plan: () => [],
    checkpoint: async () => ({ evidence: '', images: 0 }),
    apply: async () => ({ changed: 0, skipped: [], skippedCount: 0, failed: [] }),
    probe: async () => 'not-applied',
    planUndo: async () => ({ is: 'not-undoable', reason: 'nothing is ever done to the record' }),
    refresh() {
      isAsked = true
    },
    lookAgainAfterMs({ spec }, observation) {
      if (observation.is !== 'present') return undefined
      const { verifiedAtMs, copies } = observation.state
      const dueMs = Math.max(1000, verifiedAtMs + spec.verifyEveryMs - clock.nowMs())
      // Nobody tells of a copy: its standing is asked for.
      return copies.length === 0 ? dueMs : Math.min(dueMs, copyLookMs)
    },
    health: (_resource, observation) => (observation.is === 'present' ? checksOf(observation.state) : []),
    describe(observation) {
      if (observation.is !== 'present') return 'cannot be read'
      const { entries, removed, problems } = observation.state.verdict
      const count = `${(entries - removed).toLocaleString('en')} entries`
      return problems.length === 0 ? `${count}, as they were written` : `${count}, not as they were written`
    },
  }
}

function driftOf({ verdict, copies }: AuditState): DriftDraft[] {
  const common = { category: 'data' as const, desired: 'as it was written' }
  const [first] = verdict.problems
  const drift: DriftDraft[] = []
  if (first !== undefined)
    drift.push({
      ...common,
      path: 'chain',
      severity: 'critical',
      observed: first.message,
      affected: { count: verdict.problems.length, sample: first.seq === null ? [] : [String(first.seq)] },
      message: `The record is not as it was written: ${first.message}.`,
      byHand:
        'Keep a copy of the .trueup folder, compare it with a backup and with copies of audit.heads, and find out who wrote there; `trueup audit verify` names all it finds. See docs/audit.md.',
    })
  if (verdict.isKeyLost)
    drift.push({
      ...common,
      path: 'key',
      severity: 'high',
      observed: 'the key is gone',
      affected: { count: 0, sample: [] },
      message: 'The key of the signed heads is gone: their signatures cannot be checked.',
      byHand:
        'Put .trueup/audit.key back from a backup, or move .trueup/audit.heads away and find out who took the key.',
    })
  for (const { folder, problem, isTampered } of copies) {
    if (problem === undefined) continue
    drift.push({
      ...common,
      path: `heads.${folder}`,
      severity: isTampered ? 'critical' : 'medium',
      desired: 'a copy of every head',
      observed: problem,
      affected: { count: 0, sample: [] },
      message: isTampered
        ? `The copy of the signed heads in ${folder} holds what the workspace lacks: ${problem}.`
        : `The signed heads do not get to ${folder}: ${problem}.`,
      byHand: isTampered
        ? `Compare with \`trueup audit verify --heads\` and the file in ${folder}, and find out who wrote in .trueup.`
        : `Make ${folder} a folder that Trueup can add files to, or take it out of policy.audit.heads.to.`,
    })
  }
  return drift
}

function checksOf(state: AuditState): HealthCheck[] {
  const { verdict, copies } = state
  const [first] = verdict.problems
  const unsigned = verdict.entries - Math.max(verdict.signedUpTo, verdict.removed)
  return [
    {
      name: 'chain',
      status: first === undefined ? 'ok' : 'failed',
      message:
        first?.message ?? `${(verdict.entries - verdict.removed).toLocaleString('en')} entries as they were written`,
    },
    {
      name: 'heads',
      status: verdict.isKeyLost ? 'warning' : 'ok',
      message: verdict.isKeyLost
        ? 'their key is gone'
        : `all but the newest ${unsigned.toLocaleString('en')} were signed`,
    },
    ...copies.map(
      ({ folder, problem, isTampered }): HealthCheck => ({
        name: `heads in ${folder}`,
        status: problem === undefined ? 'ok' : isTampered ? 'failed' : 'warning',
        message: problem ?? 'up to date',
      }),
    ),
  ]
}
