/** What the rest of a workspace stands on: its journal and who may write it, threads, databases, plug-ins, and what is in force. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { Engine } from '../../engine/engine.ts'
import { type Lease, takeLease } from '../../engine/lease.ts'
import { InvariantViolation, OperationalError } from '../../errors.ts'
import { isUnwritable, type JournalStore, openJournal } from '../../journal/store.ts'
import { kindNames, managedKinds } from '../../kinds/registry.ts'
import type { Log } from '../../log.ts'
import { holderOf, isHolderAlive } from '../../targets/process/holder.ts'
import { createOffload } from '../../targets/process/offload.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { createHeadKeeper, noteHead } from '../audit-heads.ts'
import { openGenerations } from '../generations.ts'
import type { HeadCopies } from '../head-copies.ts'
import { databasePathOf } from '../paths.ts'
import { type PluggedIn, plugIn } from '../plug-in.ts'
import { pluginEntries, pluginsHash } from '../plugins.ts'
import { readJournal } from '../read-journal.ts'
import type { WorkspaceOptions } from '../workspace.ts'
import type { Closers } from './closers.ts'

/** Parts that are asked for by others before they are made; until then nothing is there to be asked. */
export interface Later {
  engine?: Engine
  copies?: HeadCopies
  /** Why a database must not be written now. */
  refusal?: (path: string) => string | undefined
}

/** Throws where the engine is asked for before it is made. */
export function engineOf({ engine }: Later): Engine {
  if (engine === undefined) throw new InvariantViolation('the engine is there before anything asks for it')
  return engine
}

export type Foundation = Awaited<ReturnType<typeof openFoundation>>

/** As `nice` without an argument: a look then gets about a tenth of a core that the answering thread wants too. */
const servingNiceness = 10

/** Throws DESIRED_STATE_*, LEASE_HELD, JOURNAL_*, PLUGIN_UNUSABLE. */
export async function openFoundation(options: WorkspaceOptions, closers: Closers) {
  const { clock, log, random } = options
  const stateFile = resolve(options.stateFile)
  if (!existsSync(stateFile)) throw new OperationalError('DESIRED_STATE_MISSING', `there is no ${options.stateFile}`)
  const directory = dirname(stateFile)
  const ownFolder = join(directory, '.trueup')
  const keep = options.purpose === 'act'
  const later: Later = {}
  const loaded: { plugins?: PluggedIn } = {}
  const offload = createOffload({
    log,
    niceness: options.serves === true ? servingNiceness : 0,
    before: () => loaded.plugins?.before,
  })
  closers.add(() => offload.close())
  const databases = openDatabases({ offload, clock, log, refusal: (path) => later.refusal?.(path) })
  closers.add(() => databases.closeAll())
  const journal = await openTheJournal(join(ownFolder, 'journal.db'), options, databases)
  closers.add(() => journal.close())
  const lease = keep ? leased(journal, clock) : undefined
  if (lease !== undefined) closers.add(() => releaseLease(lease, log))
  const heads = keep ? createHeadKeeper({ ownFolder, journal, clock, random }) : undefined
  // Before the lease goes: what this process wrote is vouched for by it.
  closers.add(async () => {
    noteHead(heads, log)
    if (keep) await later.copies?.send()
  })
  // Their rules must be known before the file can be checked.
  const plugins = await plugIn({ stateFile, directory, journal, clock, kinds: new Set(kindNames) })
  loaded.plugins = plugins
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
  closers.add(
    generations.onInForce(({ state }) => {
      if (pluginsHash(pluginEntries(state)) !== plugins.hash) log.warn('plug-ins changed: the next start takes them up')
    }),
  )
  const inForce = () => generations.inForce().state
  return {
    ...{ stateFile, directory, ownFolder, keep, later },
    ...{ offload, databases, journal, lease, heads, plugins, generations, inForce },
    pathOf: (database: string) => databasePathOf(inForce(), database, directory),
  }
}

function leased(journal: JournalStore, clock: Clock): Lease {
  return takeLease({ journal, clock, holder: holderOf(process.pid), isAlive: isHolderAlive })
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

/** To look: the journal as it is, read without a trace; an empty one where there is none, or one that was only begun. */
async function openTheJournal(path: string, options: WorkspaceOptions, databases: Databases): Promise<JournalStore> {
  if (options.purpose === 'act') return openJournal(path, options.clock)
  if (!existsSync(path)) return openJournal(':memory:', options.clock)
  return (await readJournal(path, databases, options.clock)) ?? openJournal(':memory:', options.clock)
}
