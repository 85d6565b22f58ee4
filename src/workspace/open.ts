/** Joins desired state, journal, targets, kinds and engine for one workspace: the only place that does. */
import type { Clock } from '../clock.ts'
import { createEngine } from '../engine/engine.ts'
import { createEventStore } from '../engine/event-store.ts'
import { currentLease, type LeaseHolder } from '../engine/lease.ts'
import { recoverUndeclared } from '../engine/undeclared.ts'
import { messageOf } from '../errors.ts'
import type { JournalStore } from '../journal/store.ts'
import { auditKind } from '../kinds/audit/index.ts'
import { desiredStateKind } from '../kinds/desired-state/index.ts'
import { createImportDesk } from '../kinds/import/index.ts'
import { createKinds } from '../kinds/registry.ts'
import { holderOf, isHolderAlive } from '../targets/process/holder.ts'
import { type Closers, createClosers } from './opening/closers.ts'
import { type Foundation, openFoundation } from './opening/foundation.ts'
import { type LeadParts, openLeadParts } from './opening/leads.ts'
import { openPeople, type People } from './opening/people.ts'
import { openProtection } from './opening/protection.ts'
import type { Workspace, WorkspaceOptions } from './workspace.ts'

/** Opens a workspace. Throws DESIRED_STATE_*, LEASE_HELD, JOURNAL_*. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const closers = createClosers()
  try {
    return await opened(options, closers)
  } catch (error) {
    await closers
      .closeAll()
      .catch((closing: unknown) =>
        options.log.warn({ err: messageOf(closing) }, 'a file could not be closed as it should'),
      )
    throw error
  }
}

async function opened(options: WorkspaceOptions, closers: Closers): Promise<Workspace> {
  const { clock, log, random } = options
  const base = await openFoundation(options, closers)
  const people = await openPeople(options, base, closers)
  const leads = await openLeadParts(options, base, people, closers)
  const protection = openProtection(options, base, people, leads, closers)
  const { journal, lease, keep, generations, inForce, directory } = base
  const { obstacles, safeguard } = protection
  const kinds = kindsOf(options, base, people, leads, protection)
  const events = createEventStore(journal)
  const engine = createEngine({
    ...{ journal, kinds, clock, random, log, lease, obstacles, safeguard },
    ...(keep ? { events } : {}),
  })
  base.later.engine = engine
  const { number, state } = generations.inForce()
  engine.declare(number, state)
  if (lease !== undefined) await recoverUndeclared(engine, lease, 'warn')
  const { stateFile, ownFolder, databases, offload, plugins, heads } = base
  const { rows, changeSets, suppressions, eraser } = people
  const { airtable, duplicates, quality, knownLeads, desk, sandbox } = leads
  const { programs, backups, secrets, copies } = protection
  return {
    ...{ directory, ownFolder, stateFile, clock, serves: options.serves === true },
    ...{ journal, lease, heads, headCopies: copies, generations, plugins, secrets },
    ...{ engine, events, kinds, obstacles, programs, backups, databases, offload },
    ...{ rows, changeSets, suppressions, eraser },
    ...{ airtable, duplicates, quality, sync: desk, sandboxUrl: sandbox.url },
    imports: createImportDesk({
      workspace: directory,
      state: inForce,
      ...{ databases, offload, clock, suppressions, knownLeads },
    }),
    controller: () => otherHolder(journal, clock),
    close: () => closers.closeAll(),
  }
}

/** Every kind, those of plug-ins among them. */
function kindsOf(
  { clock, random }: WorkspaceOptions,
  { directory, pathOf, databases, offload, generations, plugins }: Foundation,
  { checkpointsPath, changeSets, suppressions, eraser, places, rows }: People,
  { airtable, sync, quality, duplicateFiles, looker, knownLeads, mirrors }: LeadParts,
  { memory, obstacles, programs, backups, sets, users, audit }: ReturnType<typeof openProtection>,
): Workspace['kinds'] {
  return [
    desiredStateKind(generations),
    auditKind({ audit, memory, clock }),
    ...createKinds({
      workspace: directory,
      ...{ pathOf, checkpointsPath, databases, changeSets, suppressions, eraser, places },
      ...{ airtable, sync, mirrors, quality, duplicateFiles, looker, knownLeads },
      ...{ memory, obstacles, backups, sets, users, offload, clock, random },
      services: programs.services,
      jobs: programs.jobs,
    }),
    ...plugins.kinds,
    rows,
  ]
}

function otherHolder(journal: JournalStore, clock: Clock): LeaseHolder | undefined {
  const held = currentLease(journal, clock, isHolderAlive)
  return held?.holder === holderOf(process.pid) ? undefined : held
}
