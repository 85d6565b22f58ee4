/**
 * A small world for the engine: named cells with a value each, which a kind keeps at declared values. Effects are
 * recorded with their action ids, and a crash can be armed to strike at any effect boundary.
 */
import type { DesiredState } from '../desired/schema.ts'
import type { Action, ActionDraft, ActionRisk } from '../engine/action.ts'
import type { Kind } from '../engine/kind.ts'
import { InvariantViolation, OperationalError } from '../errors.ts'
import { hashOf, type JsonObject } from '../json.ts'

/** Thrown where the process would have died: like a broken invariant, it passes through every handler. */
export class Crash extends InvariantViolation {}

export interface FakeWorld {
  readonly cells: Map<string, number>
  /** Action ids in the order their effects happened. */
  readonly effects: string[]
  /** Committed together with an effect, as a marker in a database would be. */
  readonly markers: Set<string>
  /** Before-images by action id. */
  readonly checkpoints: Map<string, { readonly cell: string; readonly before: number }>
  /** Strikes after this many more boundaries; undefined never. */
  crashAfter: number | undefined
  /** Cells that cannot be read now. */
  readonly unreadable: Set<string>
  /** Cells whose change is refused, and how often that happened. */
  readonly refusing: Map<string, number>
  /** Cells whose repair is rated otherwise than is declared, as when what else there is in a table has changed. */
  readonly rated: Map<string, ActionRisk>
  /** Called right after an effect, for checks of the journal at that moment. */
  onEffect: (action: Action) => void
}

export function createFakeWorld(cells: Readonly<Record<string, number>>): FakeWorld {
  return {
    cells: new Map(Object.entries(cells)),
    effects: [],
    markers: new Set(),
    checkpoints: new Map(),
    crashAfter: undefined,
    unreadable: new Set(),
    refusing: new Map(),
    rated: new Map(),
    onEffect: () => undefined,
  }
}

function boundary(world: FakeWorld): void {
  if (world.crashAfter === undefined) return
  if (world.crashAfter === 0) {
    world.crashAfter = undefined
    throw new Crash('the process died here')
  }
  world.crashAfter -= 1
}

type CellSpec = JsonObject & {
  readonly cell: string
  readonly value: number
  readonly risk: ActionRisk
  readonly byHand: string | null
  readonly undoneByHand: string | null
}

export interface DeclaredCell {
  readonly value: number
  readonly risk: ActionRisk
  /** No repair can mend it; what a person does instead. */
  readonly byHand?: string
  /** What was set can be taken back by a person alone, in this way. */
  readonly undoneByHand?: string
  /** Cells that have to be usable before. */
  readonly dependsOn?: readonly string[]
}

/** The kind `cell`. What is declared comes from `declared`, since the desired state of the product has no such section. */
export function fakeKind(
  world: FakeWorld,
  declared: (desired: DesiredState) => Readonly<Record<string, DeclaredCell>>,
): Kind<CellSpec, number> {
  const read = (cell: string): number => {
    if (world.unreadable.has(cell)) throw new OperationalError('DATABASE_IO', `${cell} cannot be read`)
    return world.cells.get(cell) ?? 0
  }
  const evidence = (cell: string): string => hashOf({ cell, value: read(cell) })
  const cellOf = (action: Action): string => String(action.input.cell)
  return {
    name: 'cell',
    category: 'data',
    list: (desired) =>
      Object.entries(declared(desired)).map(
        ([cell, { value, risk, byHand = null, undoneByHand = null, dependsOn = [] }]) => ({
          key: { kind: 'cell', name: cell },
          spec: { cell, value, risk, byHand, undoneByHand },
          dependsOn: dependsOn.map((one) => ({ kind: 'cell', name: one })),
          observeOnly: false,
        }),
      ),
    async observe({ spec }) {
      return { is: 'present', state: read(spec.cell), fingerprint: evidence(spec.cell) }
    },
    diff({ spec }, observation) {
      if (observation.is !== 'present' || observation.state === spec.value) return []
      return [
        {
          path: 'value',
          severity: spec.byHand === null ? 'low' : 'high',
          category: 'data',
          desired: spec.value,
          observed: observation.state,
          affected: { count: 1, sample: [spec.cell] },
          message: `${spec.cell} is ${observation.state}, not ${spec.value}`,
          ...(spec.byHand === null ? {} : { byHand: spec.byHand }),
        },
      ]
    },
    plan: ({ spec }, observation) =>
      observation.is === 'present' && observation.state !== spec.value && spec.byHand === null
        ? [
            {
              ...draftOf(
                spec.cell,
                'set',
                spec.value,
                world.rated.get(spec.cell) ?? spec.risk,
                observation.fingerprint,
              ),
              ...(spec.undoneByHand === null
                ? {}
                : {
                    reversible: 'by-hand' as const,
                    input: { cell: spec.cell, value: spec.value, undoneByHand: spec.undoneByHand },
                  }),
            },
          ]
        : [],
    async checkpoint(action) {
      boundary(world)
      world.checkpoints.set(action.id, { cell: cellOf(action), before: read(cellOf(action)) })
      boundary(world)
      return { evidence: evidence(cellOf(action)), images: 1 }
    },
    async apply(action) {
      boundary(world)
      const refused = world.refusing.get(cellOf(action))
      if (refused !== undefined) {
        world.refusing.set(cellOf(action), refused + 1)
        throw new OperationalError('SCHEMA_CHANGE_REFUSED', `${cellOf(action)} cannot be changed`)
      }
      if (!world.markers.has(action.id)) {
        world.cells.set(cellOf(action), Number(action.input.value))
        world.markers.add(action.id)
        world.effects.push(action.id)
        world.onEffect(action)
      }
      boundary(world)
      return { changed: 1, skipped: [], skippedCount: 0, failed: [] }
    },
    async probe(action) {
      return world.markers.has(action.id) ? 'applied' : 'not-applied'
    },
    async planUndo(action) {
      if (action.reversible === 'by-hand') return { is: 'by-hand', steps: String(action.input.undoneByHand) }
      const kept = world.checkpoints.get(action.id)
      if (kept === undefined) return { is: 'not-undoable', reason: 'there is no checkpoint' }
      if (read(kept.cell) !== Number(action.input.value)) return { is: 'not-undoable', reason: 'it was changed since' }
      return {
        is: 'undo',
        draft: draftOf(kept.cell, 'undo-set', kept.before, 'low', evidence(kept.cell)),
        conflicts: [],
      }
    },
    health: (_resource, _observation, drift) => [
      { name: 'value', status: drift.length === 0 ? 'ok' : 'warning', message: `${drift.length} differences` },
    ],
    describe: (observation) => (observation.is === 'present' ? String(observation.state) : observation.is),
  }
}

function draftOf(cell: string, verb: string, value: number, risk: ActionRisk, precondition: string): ActionDraft {
  return {
    verb,
    input: { cell, value },
    summary: `set ${cell} to ${value}`,
    risk,
    findings: [],
    precondition,
    affected: { count: 1, sample: [cell] },
    population: 0,
    preview: [],
    reversible: 'exact',
    recovery: 'transactional',
    cost: { bucket: 'world', tokens: 1 },
    resolves: ['value'],
    order: 0,
  }
}
