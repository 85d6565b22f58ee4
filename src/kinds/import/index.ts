/**
 * The kind `import`: what a source holds (a table of another SQLite file, JSON files) is in the table that it is declared
 * to be in. Sources are never changed; values that a lead has are never overwritten; every row is dealt with once.
 */
import type { Clock } from '../../clock.ts'
import type { Action } from '../../engine/action.ts'
import type { Applied, Checkpoint, EffectContext, Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation, Scope } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { isPartial, rowsOf } from '../../engine/undo-rows.ts'
import { InvariantViolation, OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import type { ContactList } from '../../targets/erasure/contact-list.ts'
import type { Suppressions } from '../../targets/erasure/suppressions.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { diffImport } from './diff.ts'
import { checkImport, describeImport } from './health.ts'
import { markUndone, runState, undoneBy } from './import-log.ts'
import { discardSets, keptSets, noteKept } from './kept-sets.ts'
import type { KnownLeadsPort } from './known-leads.ts'
import { createLookPace, type LookPace } from './look-pace.ts'
import { importInputSchema, planImport } from './plan.ts'
import { type ImportResource, listImports } from './spec.ts'
import { type ImportState, importStateSchema, isDone } from './state.ts'
import { lookInThread } from './threaded-look.ts'
import { planUndoOf, undoInputSchema } from './undo.ts'
import { type WorldSignature, worldSignature } from './world-signature.ts'

export { createImportDesk, type ImportDesk } from './desk.ts'
export { forgetInImportLog, forgottenLogChange } from './forget.ts'
export type { KnownLeadsPort } from './known-leads.ts'
export { proposeMapping } from './propose-mapping.ts'
export { importSources } from './sources.ts'

export interface ImportPorts {
  /** The folder that relative paths and patterns start at. */
  readonly workspace: string
  /** Where the change sets of `changeSets` are kept; a worker thread writes them. */
  readonly checkpointsPath: string
  readonly databases: Databases
  readonly changeSets: ChangeSets
  readonly offload: Offload
  readonly memory: Memory
  readonly clock: Clock
  readonly suppressions: Pick<Suppressions, 'marks' | 'version'> & {
    readonly contacts: Pick<ContactList, 'marks' | 'version'>
  }
  readonly knownLeads: KnownLeadsPort
}

/** How often files are looked for; a database says itself when it changed. */
const filesEveryMs = 30_000

/** Makes the kind. */
export function importKind(ports: ImportPorts): Kind<ImportResource, ImportState> {
  const { changeSets, databases, workspace } = ports
  const lastLooks: LastLooks = new Map()
  const pace = createLookPace(ports.clock)
  return {
    name: 'import',
    category: 'data',
    looksAlone: true,
    list: (desired) => listImports(desired, { workspace, rules: standardizeRules }),
    changes: async ({ spec }, cursor) => changes(spec, cursor, lastLooks, pace, ports),
    observe: (resource, _scope, context) => observe(resource, context, ports, lastLooks, pace),
    diff: diffImport,
    plan: planImport,
    checkpoint: (action, context) =>
      action.verb === 'import' ? checkpointImport(action, context, ports) : checkpointUndo(action, ports),
    apply: (action, context) =>
      action.verb === 'import' ? applyImport(action, context, ports) : applyUndo(action, context, ports),
    probe: (action) => probe(action, ports),
    planUndo: (action, _context, rows) => planUndoOf(action, { changeSets, databases }, rows),
    watch: ({ spec }, notify) =>
      spec.source.is === 'database' ? databases.watch(spec.source.path, notify) : { close: () => undefined },
    lookAgainAfterMs: ({ spec }) => pace.dueInMs(spec.name) ?? (spec.source.is === 'files' ? filesEveryMs : undefined),
    health: (_resource, observation, drift) => checkImport(observation, drift),
    describe: describeImport,
  }
}

interface Remembered {
  readonly signature: string
  /** Of the lists of people. */
  readonly lists: string
  readonly state: ImportState
}

/** What this process saw last, by import, and of what: an import that waits is not read anew until something changes. */
type LastLooks = Map<string, { readonly seen: WorldSignature; readonly state: ImportState }>

/** Nothing where all is as it was at the last look, or where that was so short a while ago that it has to wait. */
function changes(
  spec: ImportResource,
  cursor: string | undefined,
  lastLooks: LastLooks,
  pace: LookPace,
  ports: ImportPorts,
): { readonly scope: Scope; readonly cursor: string } {
  const all = { scope: { is: 'full' }, cursor: looked } as const
  const nothing = { scope: { is: 'rows', rowIds: [] }, cursor: looked } as const
  if (cursor === undefined) return all
  const last = lastLooks.get(spec.name)
  const now = signatureNow(spec, ports)
  if (last !== undefined && isSame(last.seen.all, now.all)) {
    pace.nothingToSee(spec.name)
    return nothing
  }
  const isSourceSame = last !== undefined && isSame(last.seen.source, now.source)
  return pace.putsOff(spec.name, isSourceSame ? 'table' : 'source') ? nothing : all
}

/** Who was erased or is not to be contacted decides over rows as much as what is in them. */
function listsVersion({ suppressions }: ImportPorts): string {
  return `${suppressions.version()} ${suppressions.contacts.version()}`
}

function signatureNow(spec: ImportResource, ports: ImportPorts): WorldSignature {
  return worldSignature(spec, listsVersion(ports), ports.clock.nowMs())
}

function isSame(before: string | null, now: string | null): boolean {
  return now !== null && before === now
}

/** The cursor says only that there was a look: what it saw is in memory, and gone with the process. */
const looked = 'looked'

async function observe(
  resource: Declared<ImportResource>,
  context: EffectContext,
  ports: ImportPorts,
  lastLooks: LastLooks,
  pace: LookPace,
): Promise<Observation<ImportState>> {
  const { spec } = resource
  const seen = signatureNow(spec, ports)
  const last = lastLooks.get(spec.name)
  if (last !== undefined && isSame(last.seen.all, seen.all)) return present(last.state)
  lastLooks.delete(spec.name)
  const observation = await pace.during(spec.name, () => observeAnew(resource, context, ports))
  if (observation.is === 'present') lastLooks.set(spec.name, { seen, state: observation.state })
  return observation
}

async function observeAnew(
  resource: Declared<ImportResource>,
  context: EffectContext,
  ports: ImportPorts,
): Promise<Observation<ImportState>> {
  const { spec } = resource
  const lists = listsVersion(ports)
  const kept = recall(spec.name, ports.memory)
  const remembered = kept?.lists === lists ? kept : undefined
  try {
    const output = await lookInThread(spec, { known: remembered?.signature ?? null }, context, ports)
    if (output.is !== 'looked') {
      // A thread answers so only when it was given the signature of what is remembered.
      if (remembered === undefined) throw new InvariantViolation('an import without memory cannot be unchanged')
      return present(remembered.state)
    }
    if (output.signature !== null && isDone(output.state))
      ports.memory.set('import', spec.name, { signature: output.signature, lists, state: output.state })
    return present(output.state)
  } catch (error) {
    if (error instanceof OperationalError && !context.signal.aborted) return { is: 'unreadable', error }
    throw error
  }
}

function present(state: ImportState): Observation<ImportState> {
  return { is: 'present', state, fingerprint: hashOf([state.evidence, state.waitingFor, state.problems.files.count]) }
}

/** What a finished look found; undefined where nothing is remembered, or in a form of another version. */
function recall(name: string, memory: Memory): Remembered | undefined {
  const value = memory.get('import', name)
  if (typeof value !== 'object' || value === null || !('signature' in value && 'lists' in value)) return undefined
  const state = importStateSchema.safeParse(value.state)
  const { signature, lists } = value
  return state.success && typeof signature === 'string' && typeof lists === 'string'
    ? { signature, lists, state: state.data }
    : undefined
}

async function checkpointImport(action: Action, context: EffectContext, ports: ImportPorts): Promise<Checkpoint> {
  const { spec } = importInputSchema.parse(action.input)
  // What an interrupted try kept was worked out on a table that may have changed since; nothing of it was dispatched.
  discardSets(ports.changeSets, action.id)
  const { checkpointsPath } = ports
  const write = { actionId: action.id, precondition: action.precondition, checkpointsPath }
  const output = await lookInThread(spec, { write }, context, ports)
  if (output.is !== 'looked') throw new InvariantViolation('a checkpoint looks without a signature')
  return { evidence: output.state.evidence, images: keptSets(ports.changeSets, action.id)?.changes ?? 0 }
}

async function checkpointUndo(action: Action, { changeSets, databases }: ImportPorts): Promise<Checkpoint> {
  const { reverses } = undoInputSchema.parse(action.input)
  const kept = changeSets.summary(action.id)
  if (kept !== undefined) return { evidence: kept.fingerprint, images: kept.count }
  const { fingerprint, count } = await changeSets.reverse(reverses, action.id, databases, rowsOf(action))
  return { evidence: fingerprint, images: count }
}

async function applyImport(action: Action, context: EffectContext, ports: ImportPorts): Promise<Applied> {
  const { spec } = importInputSchema.parse(action.input)
  const { changeSets, databases } = ports
  const { signal, progress } = context
  const leads =
    changeSets.summary(action.id)?.count === 0
      ? nothing
      : await changeSets.apply(action.id, databases, { signal, progress })
  // After the leads: a row that is noted without its lead would never be imported again.
  await noteKept({ changeSets, databases }, action.id, spec, signal)
  return leads
}

const nothing: Applied = { changed: 0, skipped: [], skippedCount: 0, failed: [] }

async function applyUndo(action: Action, context: EffectContext, ports: ImportPorts): Promise<Applied> {
  const { importAction, undone, path } = undoInputSchema.parse(action.input)
  const { changeSets, databases } = ports
  const { signal, progress } = context
  const outcome = await changeSets.apply(action.id, databases, { signal, progress })
  // The rest of the import stands, and can be undone later; its rows stay noted either way.
  if (isPartial(action)) return outcome
  await databases.write(path, (db) => markUndone(db, importAction, undone ? action.id : undefined), { signal })
  return outcome
}

/** The leads by their markers, the migration log by its own. */
async function probe(
  action: Action,
  { changeSets, databases }: ImportPorts,
): Promise<'applied' | 'partly' | 'not-applied'> {
  const kept = changeSets.summary(action.id)
  if (kept === undefined) return 'not-applied'
  const leads = kept.count === 0 ? 'not-applied' : await changeSets.probe(action.id, databases)
  const noted = await readNoted(action, databases)
  if (noted && (leads === 'applied' || kept.count === 0)) return 'applied'
  return leads === 'not-applied' && !noted ? 'not-applied' : 'partly'
}

async function readNoted(action: Action, databases: Databases): Promise<boolean> {
  if (action.verb === 'import') {
    const view = await databases.read(importInputSchema.parse(action.input).spec.into.path)
    try {
      return runState(view.db, action.id) === 'finished'
    } finally {
      view.close()
    }
  }
  const input = undoInputSchema.parse(action.input)
  const view = await databases.read(input.path)
  try {
    const by = undoneBy(view.db, input.importAction)
    return input.undone ? by === action.id : by === undefined
  } finally {
    view.close()
  }
}
