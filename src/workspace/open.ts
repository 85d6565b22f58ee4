/** Joins desired state, journal, targets, kinds and engine for one workspace: the only place that does. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import { type SecretReader, secretReader } from '../desired/references.ts'
import type { Action } from '../engine/action.ts'
import { createEngine, type Engine, recoverUndeclared } from '../engine/engine.ts'
import { createEventStore, type EventStore } from '../engine/event-store.ts'
import type { Obstacle } from '../engine/gate.ts'
import { currentLease, type Lease, type LeaseHolder, takeLease } from '../engine/lease.ts'
import { createMemory } from '../engine/memory.ts'
import { errorTable, messageOf, OperationalError } from '../errors.ts'
import { isUnwritable, type JournalStore, openJournal } from '../journal/store.ts'
import { auditKind } from '../kinds/audit/index.ts'
import { type BackupKind, backupKind } from '../kinds/backup/index.ts'
import { damageAt } from '../kinds/database/index.ts'
import { desiredStateKind } from '../kinds/desired-state/index.ts'
import {
  createDuplicatesDesk,
  createDuplicatesLooker,
  type DuplicatesDesk,
  lazyDuplicateFiles,
} from '../kinds/duplicates/index.ts'
import { createImportDesk, type ImportDesk } from '../kinds/import/index.ts'
import { createQualityInspector, createQualityStore, type QualityInspector } from '../kinds/quality/index.ts'
import { createKinds, kindNames, managedKinds } from '../kinds/registry.ts'
import { type RowsKind, rowsKind } from '../kinds/rows/index.ts'
import { createMirrorReader, createSyncDesk, lazySyncStore, listSync, type SyncDesk } from '../kinds/sync/index.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { AirtableTargets } from '../targets/airtable/ports.ts'
import type { Eraser } from '../targets/erasure/eraser.ts'
import { openSuppressionStore, readSuppressions, type SuppressionStore } from '../targets/erasure/suppressions.ts'
import { readKey } from '../targets/key-file.ts'
import { holderOf, isHolderAlive } from '../targets/process/holder.ts'
import { createOffload } from '../targets/process/offload.ts'
import type { Offload } from '../targets/process/ports.ts'
import { openChangeSets } from '../targets/sqlite/change-sets.ts'
import { openDatabases } from '../targets/sqlite/databases.ts'
import type { ChangeSets, Databases } from '../targets/sqlite/ports.ts'
import { createProgramFinder } from '../targets/sqlite/programs.ts'
import { standardizeRules } from '../values/rules/index.ts'
import { openAirtable } from './airtable.ts'
import { auditFiles, createHeadKeeper, type HeadKeeper } from './audit-heads.ts'
import { createAuditPort } from './audit-port.ts'
import { databaseSets } from './database-sets.ts'
import { createDatabaseUsers } from './database-users.ts'
import { decisionFiles } from './decision-files.ts'
import { createDisks, diskObstacles } from './disks.ts'
import { openErasure, personPlacesOf } from './erasure.ts'
import { type Generations, openGenerations } from './generations.ts'
import { createHeadCopies, type HeadCopies } from './head-copies.ts'
import { knownLeadsOf } from './known-leads.ts'
import { lazyChangeSets } from './lazy-change-sets.ts'
import { databasePathOf } from './paths.ts'
import { type PluggedIn, plugIn } from './plug-in.ts'
import { pluginEntries, pluginsHash } from './plugins.ts'
import { openPrograms, type Programs } from './programs.ts'
import { readJournal } from './read-journal.ts'
import { createRoom, roomObstacle } from './room.ts'
import { createSafeguard } from './safeguard.ts'
import { createSandboxHost } from './sandbox-host.ts'

export interface WorkspaceOptions {
  /** Path of the desired state, absolute or relative to the working directory. */
  readonly stateFile: string
  /** `look` changes nothing on the disk; `act` takes the lease. */
  readonly purpose: 'look' | 'act'
  /** Whether somebody is served meanwhile: work in threads then stands back behind the thread that answers. */
  readonly serves?: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Workspace {
  /** Folder of the desired state; relative paths are meant from it. */
  readonly directory: string
  /** `.trueup` beside the state file. */
  readonly ownFolder: string
  readonly stateFile: string
  readonly journal: JournalStore
  readonly generations: Generations
  readonly engine: Engine
  readonly events: EventStore
  readonly kinds: Parameters<typeof createEngine>[0]['kinds']
  readonly rows: RowsKind
  /** What plug-ins added. */
  readonly plugins: Pick<PluggedIn, 'channels'>
  readonly programs: Programs
  readonly backups: BackupKind
  readonly databases: Databases
  readonly changeSets: ChangeSets
  /** Whom nothing may bring back. */
  readonly suppressions: SuppressionStore
  readonly eraser: Eraser
  readonly offload: Offload
  readonly airtable: AirtableTargets
  /** How good the rows of tables are. */
  readonly quality: QualityInspector
  /** What people ask of the mirrors in Airtable. */
  readonly sync: SyncDesk
  /** What people ask of duplicates. */
  readonly duplicates: DuplicatesDesk
  /** Whether a loop runs on it, which looks by itself. */
  readonly serves: boolean
  /** What people ask of the imports. */
  readonly imports: ImportDesk
  /** Where the sandbox of this workspace answers; undefined where none is needed. */
  readonly sandboxUrl: () => string | undefined
  /** What holds back everything that is to be carried out now. */
  readonly obstacles: (action?: Action) => readonly Obstacle[]
  /** Signs the journal; undefined when opened to look. */
  readonly heads: HeadKeeper | undefined
  /** Sends copies of the heads where they are declared to go. */
  readonly headCopies: HeadCopies
  /** Undefined when opened to look. */
  readonly lease: Lease | undefined
  readonly clock: Clock
  /** Reads what the desired state refers to, at the moment that it is needed. */
  readonly secrets: SecretReader
  /** Who holds the lease, when it is another process. */
  controller(): LeaseHolder | undefined
  close(): Promise<void>
}

/** As `nice` without an argument: a look then gets about a tenth of a core that the answering thread wants too. */
const servingNiceness = 10

/** Opens a workspace. Throws DESIRED_STATE_*, LEASE_HELD, JOURNAL_*. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { clock, log, random } = options
  const stateFile = resolve(options.stateFile)
  if (!existsSync(stateFile)) throw new OperationalError('DESIRED_STATE_MISSING', `there is no ${options.stateFile}`)
  const directory = dirname(stateFile)
  const ownFolder = join(directory, '.trueup')
  const seen: {
    engine?: Engine
    copies?: HeadCopies
    plugins?: PluggedIn
    refusal?: (path: string) => string | undefined
  } = {}
  const offload = createOffload({
    log,
    niceness: options.serves === true ? servingNiceness : 0,
    before: () => seen.plugins?.before,
  })
  const databases = openDatabases({ offload, clock, log, refusal: (path) => seen.refusal?.(path) })
  const journal = await openTheJournal(join(ownFolder, 'journal.db'), options, databases)
  const keep = options.purpose === 'act'
  const closers: (() => void | Promise<void>)[] = [
    () => journal.close(),
    () => databases.closeAll(),
    () => offload.close(),
  ]
  try {
    const lease = keep
      ? takeLease({ journal, clock, holder: holderOf(process.pid), isAlive: isHolderAlive })
      : undefined
    if (lease !== undefined) closers.unshift(() => releaseLease(lease, log))
    const heads = keep ? createHeadKeeper({ ownFolder, journal, clock, random }) : undefined
    // Before the lease goes: what this process wrote is vouched for by it.
    closers.unshift(async () => {
      noteHead(heads, log)
      if (keep) await seen.copies?.send()
    })
    // Their rules must be known before the file can be checked.
    const plugins = await plugIn({ stateFile, directory, journal, clock, kinds: new Set(kindNames) })
    seen.plugins = plugins
    const generations = openGenerations({
      file: stateFile,
      shownAs: options.stateFile,
      workspace: directory,
      environment: options.environment,
      rules: standardizeRules,
      pluginChannels: plugins.pluginChannels,
      journal,
      keep,
      clock,
      kinds: managedKinds,
    })
    const checkpointsPath = join(ownFolder, 'checkpoints.db')
    const changeSets = lazyChangeSets(() => openChangeSets({ path: checkpointsPath, clock }))
    closers.unshift(() => changeSets.close())
    const suppressions = keep
      ? openSuppressionStore(ownFolder, { random })
      : await readSuppressions(ownFolder, databases)
    closers.unshift(() => suppressions.close())
    const { eraser, places } = openErasure({
      store: suppressions,
      databases,
      offload,
      changeSets,
      checkpointsPath,
      journal,
      workspace: directory,
      ownFolder,
      state: () => generations.inForce().state,
      // Nothing was seen before the engine is there.
      forgetLooks: (shows) => seen.engine?.forget(shows),
      clock,
    })
    const rows = rowsKind({ changeSets, databases, eraser, suppressions })
    const sandbox = createSandboxHost({ ...options, directory, ownFolder, databases })
    closers.unshift(() => sandbox.close())
    await sandbox.ensure(generations.inForce().state)
    closers.unshift(generations.onInForce(({ state }) => void sandbox.ensure(state)))
    const airtable = await openAirtable({ ...options, directory, ownFolder, databases, sandbox })
    closers.unshift(() => airtable.close())
    const syncStore = lazySyncStore({ path: join(ownFolder, 'sync.db'), purpose: options.purpose, databases })
    closers.unshift(() => syncStore.close())
    const duplicateFiles = lazyDuplicateFiles({ ownFolder, purpose: options.purpose, databases })
    closers.unshift(() => duplicateFiles.close())
    const pathOf = (database: string) => databasePathOf(generations.inForce().state, database, directory)
    const mirrors = () => listSync(generations.inForce().state)
    const sync = {
      syncStore: syncStore.open,
      specOf: (table: string) => mirrors().find(({ key }) => key.name === table)?.spec,
      isErased: suppressions.isErased,
      isAllowed: suppressions.contacts.isAllowed,
    }
    const duplicates = createDuplicatesDesk({ databases, duplicateFiles: duplicateFiles.open, pathOf })
    closers.unshift(() => duplicates.close())
    const looker = createDuplicatesLooker({ clock, databases, offload, duplicateFiles, pathOf })
    const knownLeads = knownLeadsOf(looker, () => generations.inForce().state)
    const desk = createSyncDesk({
      ...sync,
      clock,
      databases,
      changeSets,
      airtable,
      pathOf,
      tables: () => mirrors().map(({ key }) => key.name),
    })
    const qualityStore = createQualityStore({ folder: ownFolder, purpose: options.purpose, databases })
    closers.unshift(() => qualityStore.close())
    const quality = createQualityInspector({
      clock,
      databases,
      offload,
      store: qualityStore,
      pathOf,
      mirrored: async (table) => {
        if (!desk.tables().includes(table)) return undefined
        const { lastFullMs, remoteCount } = await desk.report(table)
        return lastFullMs === undefined ? undefined : remoteCount
      },
    })
    const memory = createMemory(journal, { keep })
    const disk = () => generations.inForce().state.policy.disk
    const room = createRoom({ folder: ownFolder, bounds: disk, makes: options.serves === true && keep, clock, log })
    // Who only looks says what would be done, whatever the disk.
    const disks = createDisks({ ...{ workspace: directory, ownFolder, clock, log }, state: () => inForce() })
    const obstacles = (action?: Action): readonly Obstacle[] => {
      if (!keep) return []
      const ofDisks = diskObstacles(disks.short(), disk(), action?.cost.bucket)
      return [...roomObstacle(room.look(), disk()), ...journalObstacle(journal), ...ofDisks]
    }
    const programs = openPrograms({ ...options, workspace: directory, ownFolder, keep, memory })
    closers.unshift(() => programs.close())
    const inForce = () => generations.inForce().state
    seen.refusal = (path) => damageAt(memory, Object.keys(inForce().databases), path)
    const secrets = secretReader(options.environment, directory)
    const users = createDatabaseUsers({ services: programs.services, state: inForce, engine: () => engine })
    const backups = backupKind(
      {
        workspace: directory,
        ownFolder,
        stateFile,
        checkpointsPath,
        headsPath: auditFiles(ownFolder).headsPath,
        decisions: decisionFiles.map(({ name, file }) => ({ name, path: join(ownFolder, file) })),
        generation: () => generations.inForce().number,
        freeMin: () => disk().freeMin,
        databases,
        changeSets,
        airtable,
        offload,
        secrets,
        suppressions,
        places: () => personPlacesOf(inForce(), directory),
        users,
        programsNow: createProgramFinder().programsOf,
        clock,
      },
      inForce,
    )
    const copies = createHeadCopies({
      headsPath: auditFiles(ownFolder).headsPath,
      key: () => readKey(auditFiles(ownFolder).keyPath),
      declared: () => {
        const { name, policy } = generations.inForce().state
        return { name, folders: policy.audit.heads.to.map((folder) => resolve(directory, folder)) }
      },
      clock,
    })
    seen.copies = copies
    const audit = createAuditPort({ ownFolder, looksOnly: !keep, databases, offload, copies })
    const sets = databaseSets({ backups, generations, offload, suppressions, directory, ownFolder, secrets, clock })
    closers.unshift(
      generations.onInForce(({ state }) => {
        if (pluginsHash(pluginEntries(state)) !== plugins.hash)
          log.warn('plug-ins changed: the next start takes them up')
      }),
    )
    const kinds = [
      desiredStateKind(generations),
      auditKind({ audit, memory, clock }),
      ...createKinds({
        workspace: directory,
        pathOf,
        checkpointsPath,
        databases,
        changeSets,
        suppressions,
        eraser,
        places,
        airtable,
        sync,
        quality,
        offload,
        ...{ duplicateFiles, looker, knownLeads },
        memory,
        obstacles,
        services: programs.services,
        jobs: programs.jobs,
        backups,
        sets,
        mirrors: createMirrorReader({ ...sync, clock, databases, changeSets, airtable, pathOf, mirrors }),
        users,
        clock,
        random,
      }),
      ...plugins.kinds,
      rows,
    ]
    const events = createEventStore(journal)
    const safeguard = createSafeguard({
      ...{ backups, sets, state: inForce, workspace: directory },
      engine: () => engine,
      damaged: (path) => seen.refusal?.(path),
    })
    const engine = createEngine({
      journal,
      kinds,
      clock,
      random,
      log,
      lease,
      obstacles,
      safeguard,
      ...(keep ? { events } : {}),
    })
    seen.engine = engine
    const { number, state } = generations.inForce()
    engine.declare(number, state)
    if (lease !== undefined) await recoverUndeclared(engine, lease, lease.signal)
    return {
      plugins,
      directory,
      ownFolder,
      stateFile,
      journal,
      generations,
      engine,
      events,
      kinds,
      rows,
      programs,
      backups,
      databases,
      changeSets,
      obstacles,
      suppressions,
      eraser,
      offload,
      airtable,
      duplicates,
      serves: options.serves === true,
      quality,
      sync: desk,
      imports: createImportDesk({
        workspace: directory,
        state: () => generations.inForce().state,
        ...{ databases, offload, clock, suppressions, knownLeads },
      }),
      sandboxUrl: sandbox.url,
      heads,
      headCopies: copies,
      lease,
      clock,
      secrets,
      controller: () => otherHolder(journal, clock),
      close: () => closeAll(closers),
    }
  } catch (error) {
    await closeAll(closers).catch((closing: unknown) =>
      log.warn({ err: messageOf(closing) }, 'a file could not be closed as it should'),
    )
    throw error
  }
}

/** A lease that cannot be given back, since the journal cannot be written, runs out by itself. */
function releaseLease(lease: Lease, log: Log): void {
  try {
    lease.release()
  } catch (error) {
    if (!isUnwritable(error)) throw error
    log.warn({ err: error.message }, 'the lease could not be given back; it ends with this process')
  }
}

/** What the gate holds everything back for while the journal cannot be written. */
function journalObstacle(journal: JournalStore): readonly Obstacle[] {
  const trouble = journal.trouble()
  if (trouble === undefined) return []
  return [
    {
      code: 'journal-unwritable',
      message: `the journal cannot be written, and nothing is done without it: ${trouble.message}`,
      nextStep: errorTable.JOURNAL_UNWRITABLE.hint,
    },
  ]
}

/** Signs what the journal holds now. A head that cannot be written takes nothing from what was done: the next one covers it. */
export function noteHead(heads: HeadKeeper | undefined, log: Log): void {
  try {
    heads?.note()
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    log.warn({ err: error.message }, 'the journal could not be signed')
  }
}

function otherHolder(journal: JournalStore, clock: Clock): LeaseHolder | undefined {
  const held = currentLease(journal, clock, isHolderAlive)
  return held?.holder === holderOf(process.pid) ? undefined : held
}

/** Closes every one, also where another cannot be closed; throws what went wrong when all was tried. */
async function closeAll(closers: readonly (() => void | Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('; '))
  if (errors.length === 1) throw errors[0]
}

/** To look: the journal as it is, read without a trace; an empty one where there is none, or one that was only begun. */
async function openTheJournal(path: string, options: WorkspaceOptions, databases: Databases): Promise<JournalStore> {
  if (options.purpose === 'act') return openJournal(path, options.clock)
  if (!existsSync(path)) return openJournal(':memory:', options.clock)
  return (await readJournal(path, databases, options.clock)) ?? openJournal(':memory:', options.clock)
}
