/** Has a worker thread look at an import, with places that can be opened without a trace. */
import type { Clock } from '../../clock.ts'
import type { EffectContext } from '../../engine/kind.ts'
import { InvariantViolation, OperationalError } from '../../errors.ts'
import type { ContactList } from '../../targets/erasure/contact-list.ts'
import type { Suppressions } from '../../targets/erasure/suppressions.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { Databases, Place } from '../../targets/sqlite/ports.ts'
import type { KnownLeadsPort } from './known-leads.ts'
import type { ImportResource } from './spec.ts'
import { type ThreadInput, type ThreadOutput, threadOutputSchema } from './thread-wire.ts'

/** What a look needs of the world. */
export interface LookPorts {
  readonly databases: Databases
  readonly offload: Offload
  readonly clock: Clock
  readonly suppressions: Pick<Suppressions, 'marks'> & { readonly contacts: Pick<ContactList, 'marks'> }
  readonly knownLeads: KnownLeadsPort
}

/** What a look gives: never a wish for something that was not prepared. */
type LookOutput = Exclude<ThreadOutput, { is: 'needs-known-leads' }>
type LookWish = Partial<Pick<ThreadInput, 'known' | 'write' | 'report'>>

/** Looks at an import in a worker thread. Throws SOURCE_UNREADABLE and DATABASE_*. */
export async function lookInThread(
  spec: ImportResource,
  wish: LookWish,
  context: EffectContext,
  ports: LookPorts,
): Promise<LookOutput> {
  const first = await lookOnce(spec, wish, null, context, ports)
  if (first.is !== 'needs-known-leads') return first
  // Only a look that meets a row without a lead costs this, and only where the table declares duplicates.
  const order = await ports.knownLeads.prepare(spec.into.name, context)
  const second = await lookOnce(spec, wish, { order }, context, ports)
  if (second.is === 'needs-known-leads') throw new InvariantViolation('a look needs what it was given')
  return second
}

async function lookOnce(
  spec: ImportResource,
  wish: LookWish,
  knownLeads: ThreadInput['knownLeads'],
  context: EffectContext,
  ports: LookPorts,
): Promise<ThreadOutput> {
  const { databases, offload, clock } = ports
  const source = spec.source.is === 'database' ? await locateSource(spec.source, databases) : undefined
  try {
    const target = await locateTarget(spec, databases)
    try {
      const input: ThreadInput = {
        spec,
        sourcePath: source?.path ?? null,
        targetPath: target?.path ?? null,
        nowMs: clock.nowMs(),
        erased: ports.suppressions.marks(),
        listed: ports.suppressions.contacts.marks(clock.nowMs())?.listed ?? null,
        known: null,
        write: null,
        report: null,
        knownLeads,
        ...wish,
      }
      const entry = entryUrl('../import-thread', import.meta.url)
      const { signal, progress } = context
      return threadOutputSchema.parse(await offload.thread(entry, input, { signal, progress }))
    } finally {
      target?.release()
    }
  } finally {
    source?.release()
  }
}

async function locateSource(source: { database: string; path: string }, databases: Databases): Promise<Place> {
  try {
    return await databases.locate(source.path)
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry === 'backoff') throw error
    throw new OperationalError('SOURCE_UNREADABLE', `source database ${source.database}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    })
  }
}

/** Undefined while there is no such database: the import is counted, and waits for it. */
async function locateTarget(spec: ImportResource, databases: Databases): Promise<Place | undefined> {
  try {
    return await databases.locate(spec.into.path)
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'DATABASE_MISSING') return undefined
    throw error
  }
}
