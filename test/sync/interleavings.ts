/** Random histories of two sides, with crashes and faults between any two steps. */
import fc from 'fast-check'
import { OperationalError } from '../../src/errors.ts'
import type { FaultInput } from '../../src/sandbox/faults/fault.ts'
import { checkOutcome, type Ledger, newLedger } from './history-check.ts'
import { Crashed, openSyncWorld, type SyncWorld, signal } from './world.ts'

interface CellEdit {
  readonly field: 'company' | 'score'
  readonly value: string | number | null
}

interface Crash {
  readonly after: number
  readonly committed: boolean
}

/** An edit right before the request after so many reaches the base. */
interface Intrusion extends CellEdit {
  readonly after: number
  readonly side: 'local' | 'remote'
  readonly at: number
}

type Step =
  | { readonly is: 'insert' | 'create'; readonly name: string; readonly email: boolean }
  | ({ readonly is: 'edit-local' | 'edit-remote'; readonly at: number } & CellEdit)
  | { readonly is: 'delete-local' | 'delete-remote'; readonly at: number }
  | { readonly is: 'fault'; readonly fault: FaultInput }
  | { readonly is: 'wait'; readonly seconds: number }
  /** A run; with `crash`, the process dies at the request after so many; with `intrusion`, somebody edits at one. */
  | { readonly is: 'run'; readonly crash: Crash | undefined; readonly intrusion: Intrusion | undefined }

const fieldAndValue = fc.oneof(
  fc.record({
    field: fc.constant('company' as const),
    value: fc.oneof(fc.constantFrom('A', 'B', 'C', 'D'), fc.constant(null)),
  }),
  fc.record({
    field: fc.constant('score' as const),
    value: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(null)),
  }),
)
const at = fc.nat({ max: 5 })

const faultArbitrary: fc.Arbitrary<FaultInput> = fc.record({
  kind: fc.constantFrom(
    'drop-reply' as const,
    'drop-request' as const,
    'stall-body' as const,
    'stall-headers' as const,
    'html' as const,
    'truncate' as const,
    'unavailable' as const,
    'server-error' as const,
    'rate-limit' as const,
    'expire-iterators' as const,
    'split-payloads' as const,
    'duplicate-payloads' as const,
    'invalid-hook' as const,
  ),
  times: fc.integer({ min: 1, max: 2 }),
  after: fc.nat({ max: 3 }),
  commit: fc.boolean(),
})

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constantFrom('insert' as const, 'create' as const),
      name: fc.constantFrom('Ann', 'Bob', 'Cy', 'Dee', 'Eve', 'Fay'),
      email: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom('edit-local' as const, 'edit-remote' as const), at, fieldAndValue)
      .map(([is, place, cell]) => ({ is, at: place, ...cell })),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('delete-local' as const, 'delete-remote' as const), at }) },
  { weight: 3, arbitrary: faultArbitrary.map((fault) => ({ is: 'fault' as const, fault })) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 90 }).map((seconds) => ({ is: 'wait' as const, seconds })) },
  {
    weight: 5,
    arbitrary: fc.record({
      is: fc.constant('run' as const),
      crash: fc.option(fc.record({ after: fc.nat({ max: 6 }), committed: fc.boolean() }), { nil: undefined }),
      intrusion: fc.option(
        fc
          .tuple(fc.nat({ max: 6 }), fc.constantFrom('local' as const, 'remote' as const), at, fieldAndValue)
          .map(([after, side, place, cell]): Intrusion => ({ after, side, at: place, ...cell })),
        { nil: undefined },
      ),
    }),
  },
)

export interface History {
  readonly steps: readonly Step[]
  readonly conflicts: 'most_recent' | 'local_wins' | 'airtable_wins' | 'highest_quality' | 'manual'
  readonly deletions: 'propagate' | 'ignore'
}

export const historyArbitrary: fc.Arbitrary<History> = fc.record({
  steps: fc.array(stepArbitrary, { minLength: 3, maxLength: 25 }),
  conflicts: fc.constantFrom('most_recent', 'local_wins', 'airtable_wins', 'highest_quality', 'manual'),
  deletions: fc.constantFrom('propagate', 'ignore'),
})

/** Plays a history, then lets the faults stop, and checks what it came down to. */
export async function play({ steps, conflicts, deletions }: History): Promise<void> {
  const world = await openSyncWorld({
    latencyMs: 0,
    declared: {
      airtable: { conflicts, deletions },
      policy: { approvals: { low: 'auto', medium: 'auto', high: 'auto', critical: 'auto' } },
    },
  })
  try {
    const hook = await world.pump(world.target.base.createWebhook({ signal }))
    world.target.feed.adopt(hook)
    const ledger = newLedger()
    for (const step of steps) await take(step, world, ledger)
    world.sandbox.control.clearFaults()
    // An intrusion whose request never came would strike in the last look, after which nobody looks again.
    world.intrude(Number.POSITIVE_INFINITY, () => undefined)
    await settle(world)
    await checkOutcome(world, ledger, deletions)
  } finally {
    await world.close()
  }
}

/** Once faults have stopped, a bounded time is enough. */
async function settle(world: SyncWorld): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    // The breaker of the base, the rest after a 429 and the pull's interval all pass.
    await world.clock.advance(400_000)
    await restoreHook(world)
    await world.run()
  }
}

/** What the kind `airtable-schema` does when the hook has died. */
async function restoreHook(world: SyncWorld): Promise<void> {
  if (world.target.feed.webhook() !== undefined) return
  world.target.feed.adopt(await world.pump(world.target.base.createWebhook({ signal })))
}

async function take(step: Step, world: SyncWorld, ledger: Ledger): Promise<void> {
  switch (step.is) {
    case 'insert':
      return insert(step.name, step.email, world, ledger)
    case 'create':
      return create(step.name, step.email, world, ledger)
    case 'edit-local':
    case 'delete-local':
      await world.clock.advance(1000)
      return changeHere(step.at, step.is === 'edit-local' ? step : undefined, world, ledger)
    case 'edit-remote':
    case 'delete-remote':
      await world.clock.advance(1000)
      return changeThere(step.at, step.is === 'edit-remote' ? step : undefined, world, ledger)
    case 'fault':
      world.sandbox.control.addFault(step.fault)
      return
    case 'wait':
      await world.clock.advance(step.seconds * 1000)
      return
    case 'run':
      // Two looks never fall into one millisecond where calls take time: what was asked then is asked for both.
      await world.clock.advance(1)
      return run(step, world, ledger)
  }
}

/** Edits a cell of some lead here; without an edit, deletes the lead. */
function changeHere(at: number, edit: CellEdit | undefined, world: SyncWorld, ledger: Ledger): void {
  const rows = Object.entries(world.rows())
  const [key, row] = rows[at % Math.max(1, rows.length)] ?? []
  if (key === undefined || row === undefined) return
  const name = String(row.full_name)
  if (edit === undefined) {
    world.remove(key)
    ledger.deleted.add(name)
  } else if (row[edit.field] !== edit.value) {
    world.update(key, { [edit.field]: edit.value })
    ledger.edits.push({ side: 'local', name, field: edit.field, value: edit.value })
  }
}

function changeThere(at: number, edit: CellEdit | undefined, world: SyncWorld, ledger: Ledger): void {
  const records = Object.entries(world.records())
  const [id, fields] = records[at % Math.max(1, records.length)] ?? []
  if (id === undefined || fields === undefined) return
  const name = String(fields['Full Name'])
  if (edit === undefined) {
    world.colleague().deleteRecord('Leads', id)
    ledger.deleted.add(name)
    return
  }
  const column = edit.field === 'company' ? 'Company' : 'Score'
  if ((fields[column] ?? null) === edit.value) return
  world.colleague().updateRecord('Leads', id, { [column]: edit.value })
  ledger.edits.push({ side: 'remote', name, field: edit.field, value: edit.value })
}

const emailOf = (name: string) => `${name.toLowerCase()}@acme.org`

/** People are told apart by their names; the same person may be entered on both sides, by the same e-mail address. */
function insert(name: string, withEmail: boolean, world: SyncWorld, ledger: Ledger): void {
  if (Object.values(world.rows()).some(({ full_name }) => full_name === name)) return
  // Without an address nothing tells that both sides mean the same person.
  if (!withEmail && ledger.born.has(name)) return
  if (ledger.deleted.has(name)) return
  world.insert({
    id: `k-${name}`,
    full_name: name,
    email: emailOf(name),
    updated_at: new Date(world.clock.nowMs()).toISOString(),
  })
  ledger.born.add(name)
}

function create(name: string, withEmail: boolean, world: SyncWorld, ledger: Ledger): void {
  if (Object.values(world.records()).some((fields) => fields['Full Name'] === name)) return
  if (!withEmail && ledger.born.has(name)) return
  if (ledger.deleted.has(name)) return
  world.colleague().createRecord('Leads', { 'Full Name': name, Email: emailOf(name) })
  ledger.born.add(name)
}

async function run(
  { crash, intrusion }: Extract<Step, { is: 'run' }>,
  world: SyncWorld,
  ledger: Ledger,
): Promise<void> {
  if (intrusion !== undefined) {
    const change = intrusion.side === 'local' ? changeHere : changeThere
    world.intrude(intrusion.after, () => change(intrusion.at, intrusion, world, ledger))
  }
  if (crash !== undefined) world.crashAfter(crash.after, crash.committed)
  try {
    await restoreHook(world)
    await world.run()
  } catch (error) {
    // What the base refuses now, a fault or the crash, is the next run's concern.
    if (!(error instanceof Crashed) && !(error instanceof OperationalError)) throw error
  }
  if (crash !== undefined) await world.restart()
}
