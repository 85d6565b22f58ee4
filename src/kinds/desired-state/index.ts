/**
 * The desired state as a resource of its own: a broken edit, a suspiciously small one that waits for a person, and what
 * the file declares but this version does not manage are reported in the same way as any other difference.
 */
import type { ActionDraft } from '../../engine/action.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { HealthCheck, Kind } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { JsonObject } from '../../json.ts'
import { hashOf } from '../../json.ts'

/** What became of the file since the generation in force was accepted. */
export interface FileState {
  readonly generation: number
  /** Every problem of an invalid edit, as `file:line:column: path: message`; empty while the file is valid. */
  readonly problems: readonly string[]
  /** A valid generation that is not taken over without a person, and why. */
  readonly waiting:
    | { readonly number: number; readonly hash: string; readonly why: string; readonly gone: readonly string[] }
    | undefined
  /** Sections and entries that are accepted but have no kind yet. */
  readonly notManaged: readonly string[]
  /** Entries that the last edit took out: what they stood for is kept as it is, but no longer managed. */
  readonly leftBehind: readonly string[]
}

export interface GenerationsPort {
  state(): FileState
  /** Puts the waiting generation in force. */
  accept(number: number): void
  watch(notify: () => void): { close(): void }
}

export const desiredStateKindName = 'desired-state'

type Spec = JsonObject & { readonly name: string }

export function desiredStateKind(generations: GenerationsPort): Kind<Spec, FileState> {
  const fingerprint = (state: FileState) =>
    hashOf({ generation: state.generation, waiting: state.waiting?.hash ?? null, problems: [...state.problems] })
  return {
    name: desiredStateKindName,
    category: 'data',
    list: (desired) => [
      {
        key: { kind: desiredStateKindName, name: desired.name },
        spec: { name: desired.name },
        dependsOn: [],
        observeOnly: false,
      },
    ],
    async observe() {
      const state = generations.state()
      return { is: 'present', state, fingerprint: fingerprint(state) }
    },
    diff: (_resource, observation) => (observation.is === 'present' ? diffFile(observation.state) : []),
    plan: (_resource, observation) =>
      observation.is === 'present' ? planAcceptance(observation.state, observation.fingerprint) : [],
    async checkpoint() {
      return { evidence: fingerprint(generations.state()), images: 0 }
    },
    async apply(action) {
      generations.accept(Number(action.input.number))
      return { changed: 1, skipped: [], skippedCount: 0, failed: [] }
    },
    async probe(action) {
      return generations.state().generation >= Number(action.input.number) ? 'applied' : 'not-applied'
    },
    async planUndo() {
      return { is: 'not-undoable', reason: 'edit the file back instead; the older text is in the journal' }
    },
    watch: (_resource, notify) => generations.watch(notify),
    health: (_resource, observation) => (observation.is === 'present' ? checksOf(observation.state) : []),
    describe: (observation: Observation<FileState>) =>
      observation.is === 'present' ? `generation ${observation.state.generation}` : 'not read',
  }
}

function diffFile(state: FileState): DriftDraft[] {
  const drift: DriftDraft[] = []
  if (state.problems.length > 0) {
    drift.push({
      path: 'file',
      severity: 'high',
      category: 'data',
      desired: 'a valid desired state',
      observed: state.problems.length,
      affected: { count: state.problems.length, sample: state.problems.slice(0, 20) },
      message: `the file has ${state.problems.length} problem${state.problems.length === 1 ? '' : 's'}; generation ${state.generation} stays in force: ${state.problems[0]}`,
      byHand: 'mend the lines named and save; run `trueup validate` for all of them',
    })
  }
  if (state.waiting !== undefined) {
    drift.push({
      path: 'generation',
      severity: 'high',
      category: 'data',
      desired: state.waiting.number,
      observed: state.generation,
      affected: { count: state.waiting.gone.length, sample: state.waiting.gone.slice(0, 20) },
      message: `the edited file is much smaller (${state.waiting.why}); generation ${state.generation} stays in force until a person approves`,
    })
  }
  return drift
}

function planAcceptance(state: FileState, fingerprint: string): ActionDraft[] {
  const { waiting } = state
  if (waiting === undefined) return []
  return [
    {
      verb: 'accept-generation',
      input: { number: waiting.number, hash: waiting.hash },
      summary: `take over generation ${waiting.number}, in which ${waiting.gone.length} entries are gone`,
      risk: 'high',
      findings: [
        {
          code: 'entries-gone',
          count: waiting.gone.length,
          message: `no longer managed: ${waiting.gone.slice(0, 10).join(', ')}`,
        },
      ],
      precondition: fingerprint,
      affected: { count: waiting.gone.length, sample: waiting.gone.slice(0, 20) },
      population: 0,
      preview: [],
      reversible: 'irreversible',
      recovery: 'keyed',
      cost: { bucket: 'controller', tokens: 1 },
      resolves: ['generation'],
      order: 0,
    },
  ]
}

function checksOf(state: FileState): HealthCheck[] {
  return [
    {
      name: 'the file is valid',
      status: state.problems.length === 0 ? 'ok' : 'failed',
      message: state.problems[0] ?? `generation ${state.generation} is in force`,
    },
    ...state.leftBehind.map(
      (entry): HealthCheck => ({
        name: entry,
        status: 'unknown',
        message: 'no longer declared: kept as it is, not managed',
      }),
    ),
    ...state.notManaged.map(
      (section): HealthCheck => ({
        name: section,
        status: 'unknown',
        message: 'accepted, but not managed by this version',
      }),
    ),
  ]
}
