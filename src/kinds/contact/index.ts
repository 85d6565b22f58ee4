/**
 * The kind `contact`: who was marked as not to be contacted stays so. Whoever is marked in a row is put on the list of those
 * people, and every row of a person on the list is marked: a row that a program cleared, one that came later, one of a backup.
 * Only a person takes somebody off the list. Setting a mark takes nothing away, so no repair of this kind asks for approval.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { DriftDraft } from '../../engine/drift.ts'
import type { Applied, EffectContext, HealthCheck, Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation } from '../../engine/observation.ts'
import { describeTable } from '../../engine/observation.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import type { ContactList } from '../../targets/erasure/contact-list.ts'
import {
  type ContactFinding,
  type ContactRow,
  contactFindingSchema,
  findContactRows,
} from '../../targets/erasure/contact-rows.ts'
import type { PersonPlace } from '../../targets/erasure/person-layout.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import type { Offload } from '../../targets/process/ports.ts'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import type { Change, ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { contactIdentitiesOf } from '../../values/contact-mark.ts'
import { createPeopleFollow } from '../people-follow.ts'
import { type ContactSpec, kindName, listContact } from './spec.ts'

export { markFieldOf } from './spec.ts'

export interface ContactPorts {
  readonly databases: Databases
  readonly changeSets: ChangeSets
  readonly offload: Offload
  readonly suppressions: { readonly contacts: ContactList }
  /** The tables of the generation in force that may be written. */
  readonly places: () => readonly PersonPlace[]
  /** Keeps up to where a table was found to be as the list says, so that not every full look reads all of it. */
  readonly memory: Memory
  readonly clock: Clock
}

const listVerb = 'list-people'
const markVerb = 'mark-records'
const listInput = z.object({ table: z.string() })
const markInput = z.object({ table: z.string(), rowIds: z.array(z.number()) })

/** In so few rows one looks on the main thread. */
const inlineRowsMax = 500
/**
 * Records marked by one action. Small, so that the blast radius of the policy never holds a mark back: it bounds what a repair
 * may spoil, and while it waited the people would be written to.
 */
const portionRows = 200
const sampleMax = 20

export function contactKind(ports: ContactPorts): Kind<ContactSpec, ContactFinding> {
  const { databases, changeSets, clock } = ports
  const { contacts } = ports.suppressions
  const follow = createPeopleFollow(kindName, contacts.version, ports)
  const placeOf = (name: string): PersonPlace => {
    const place = ports.places().find((one) => one.name === name)
    if (place === undefined)
      throw new OperationalError('NOT_FOUND', `no table that may be written is declared as ${name}`)
    return place
  }
  /** The specs by table, for actions, which carry the table's name only. */
  const specs = new Map<string, ContactSpec>()
  const specOf = (table: string): ContactSpec => {
    const spec = specs.get(table)
    if (spec === undefined)
      throw new OperationalError('ACTION_STALE', `${table} declares no field of type doNotContact any more`)
    return spec
  }

  async function search(
    spec: ContactSpec,
    rowIds: readonly number[] | undefined,
    signal: AbortSignal,
  ): Promise<ContactFinding> {
    const place = placeOf(spec.name)
    const columns = [spec.field, ...(spec.formerField === null ? [] : [spec.formerField])]
    const marks = contacts.marks(clock.nowMs())
    if (rowIds !== undefined && rowIds.length <= inlineRowsMax) {
      const view = await databases.read(place.path)
      try {
        const order = { place, columns, marks: marks === null ? null : plain(marks) }
        return findContactRows(view.db, order, { rowIds, signal })
      } finally {
        view.close()
      }
    }
    const at = await databases.locate(place.path)
    try {
      const entry = entryUrl('../../targets/erasure/contact-entry', import.meta.url)
      return contactFindingSchema.parse(
        await ports.offload.thread(entry, { at: at.path, place, columns, marks }, { signal }),
      )
    } finally {
      at.release()
    }
  }

  return {
    name: kindName,
    category: 'data',
    list(desired) {
      const listed = listContact(desired)
      for (const { spec } of listed) specs.set(spec.name, spec)
      return listed
    },

    async observe({ spec }, scope, context): Promise<Observation<ContactFinding>> {
      specs.set(spec.name, spec)
      try {
        const since = await follow.since(placeOf(spec.name))
        const named = scope.is === 'rows' ? scope.rowIds : since.rowIds
        const found = await search(spec, named, context.signal)
        const isAgreed = found.unlisted.length === 0 && found.unmarked.length === 0
        if (isAgreed && scope.is === 'full') since.remember(named === undefined)
        if (isAgreed || named === undefined) return presentOf(found)
        // Where something is amiss the whole table is looked at, so that few actions name it all.
        return presentOf(await search(spec, undefined, context.signal))
      } catch (error) {
        if (!(error instanceof OperationalError) || context.signal.aborted) throw error
        return error.code === 'DATABASE_MISSING' ? { is: 'absent' } : { is: 'unreadable', error }
      }
    },

    diff: ({ spec }, observation) => (observation.is === 'present' ? driftOf(spec, observation.state) : []),
    plan: ({ spec }, observation, drift) =>
      observation.is === 'present' && drift.length > 0 ? draftsOf(spec, observation.state) : [],

    async checkpoint(action, context) {
      if (action.verb === listVerb) {
        const { table } = listInput.parse(action.input)
        const { unlisted } = await search(specOf(table), undefined, context.signal)
        return { evidence: evidenceOf(unlisted), images: 0 }
      }
      const { table, rowIds } = markInput.parse(action.input)
      const spec = specOf(table)
      const { unmarked } = await search(spec, rowIds, context.signal)
      const place = placeOf(table)
      const writer = changeSets.begin(action.id, { path: place.path, table: place.table, keyColumn: place.key })
      for (const change of changesOf(spec, unmarked)) writer.add(change)
      const kept = writer.finish()
      return { evidence: kept.fingerprint, images: kept.count }
    },

    async apply(action, context): Promise<Applied> {
      if (action.verb === markVerb) return changeSets.apply(action.id, databases, context)
      return listPeople(action, context)
    },
    probe: async (action) => (action.verb === markVerb ? changeSets.probe(action.id, databases) : 'not-applied'),
    planUndo: async () => ({
      is: 'by-hand',
      steps:
        'Who is not to be contacted stays so until a person says otherwise of each: `trueup leads allow-contact KEY --reason "…"`.',
    }),

    changes: async ({ spec }, cursor) => follow.changes(placeOf(spec.name), cursor),

    watch: ({ spec }, notify) => databases.watch(placeOf(spec.name).path, notify),
    health: ({ spec }, observation) => healthOf(spec, observation),
    describe: (observation) =>
      describeTable(observation, ({ marked, unmarked }) =>
        unmarked.length === 0 ? `${marked} marked` : `${unmarked.length} records lack their mark`,
      ),
  }

  /** Listing whom a row marks now, not whom one marked when it was planned, can be repeated at any time. */
  async function listPeople(action: Action, context: EffectContext): Promise<Applied> {
    const { table } = listInput.parse(action.input)
    const { unlisted } = await search(specOf(table), undefined, context.signal)
    contacts.add(contactIdentitiesOf(unlisted.flatMap(({ identities }) => identities)), clock.nowMs())
    return { changed: unlisted.length, skipped: [], skippedCount: 0, failed: [] }
  }
}

type Marks = NonNullable<ReturnType<ContactList['marks']>>

function plain({ listed, allowed, justAllowed }: Marks) {
  const copy = ({ key, marks }: Marks['listed']) => ({ key, marks: [...marks] })
  return { listed: copy(listed), allowed: copy(allowed), justAllowed: copy(justAllowed) }
}

/** Where rows are, nothing of what is in them: it is journaled. */
function evidenceOf(rows: readonly ContactRow[]): string {
  return hashOf(rows.map(({ rowId, identities }) => [rowId, identities.length]))
}

function presentOf(found: ContactFinding): Observation<ContactFinding> {
  const fingerprint = hashOf([evidenceOf(found.unlisted), evidenceOf(found.unmarked), found.marked])
  return { is: 'present', state: found, fingerprint }
}

function driftOf({ name, field }: ContactSpec, { unlisted, unmarked }: ContactFinding): readonly DriftDraft[] {
  const drafts: DriftDraft[] = []
  if (unmarked.length > 0)
    drafts.push({
      path: `contact.${field}`,
      severity: 'high',
      category: 'data',
      desired: 0,
      observed: unmarked.length,
      affected: { count: unmarked.length, sample: sampleOf(unmarked) },
      message: `${counted(unmarked.length)} of ${name} ${unmarked.length === 1 ? 'is' : 'are'} of people who are not to be contacted, and ${field} does not say so`,
    })
  if (unlisted.length > 0)
    drafts.push({
      path: 'contact.list',
      severity: 'medium',
      category: 'data',
      desired: 0,
      observed: unlisted.length,
      affected: { count: unlisted.length, sample: sampleOf(unlisted) },
      message: `${counted(unlisted.length)} of ${name} ${unlisted.length === 1 ? 'was' : 'were'} marked by ${field}, which is not remembered of the people yet`,
    })
  return drafts
}

function draftsOf(spec: ContactSpec, { unlisted, unmarked }: ContactFinding): readonly ActionDraft[] {
  const { name, database, field } = spec
  const usual = {
    risk: 'low',
    findings: [],
    population: 0,
    preview: [],
    recovery: 'transactional',
    cost: { bucket: `sqlite:${database}`, tokens: 1 },
  } as const
  const list: ActionDraft = {
    ...usual,
    verb: listVerb,
    input: { table: name },
    summary: `Remember the people of ${counted(unlisted.length)} of ${name} as not to be contacted.`,
    precondition: evidenceOf(unlisted),
    // No record is changed by it.
    affected: { count: 0, sample: sampleOf(unlisted) },
    reversible: 'by-hand',
    resolves: ['contact.list'],
    order: 0,
  }
  return [...(unlisted.length > 0 ? [list] : []), ...portionsOf(unmarked).map((rows) => markDraft(spec, rows))]

  function markDraft(of: ContactSpec, rows: readonly ContactRow[]): ActionDraft {
    const fingerprint = createChangeFingerprint()
    for (const change of changesOf(of, rows)) fingerprint.add(change)
    return {
      ...usual,
      verb: markVerb,
      input: { table: name, rowIds: rows.map(({ rowId }) => rowId) },
      summary: `Set ${field} in ${counted(rows.length)} of ${name}: these people are not to be contacted.`,
      precondition: fingerprint.digest(),
      affected: { count: rows.length, sample: sampleOf(rows) },
      reversible: 'by-hand',
      resolves: [`contact.${field}`],
      order: 0,
    }
  }
}

function portionsOf(rows: readonly ContactRow[]): readonly (readonly ContactRow[])[] {
  const portions: ContactRow[][] = []
  for (let from = 0; from < rows.length; from += portionRows) portions.push(rows.slice(from, from + portionRows))
  return portions
}

function changesOf({ field }: ContactSpec, rows: readonly ContactRow[]): readonly Change[] {
  return rows.map(({ rowId, key, cell }) => ({ is: 'cell', rowId, key, column: field, before: cell, after: 1 }))
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'record' : 'records'}`
}

/** Keys that could be an address are not shown: what is shown is journaled. */
function sampleOf(rows: readonly ContactRow[]): readonly string[] {
  return rows
    .map(({ key, rowId }) => (key === null ? `row ${rowId}` : String(key)))
    .filter((key) => !key.includes('@'))
    .slice(0, sampleMax)
}

function healthOf({ field }: ContactSpec, observation: Observation<ContactFinding>): readonly HealthCheck[] {
  if (observation.is !== 'present') return []
  const { unmarked, marked } = observation.state
  const isKept = unmarked.length === 0
  const message = isKept
    ? `${marked} records are marked by ${field}`
    : `${unmarked.length} records of people who are not to be contacted lack ${field}`
  return [{ name: 'do-not-contact', status: isKept ? 'ok' : 'failed', message }]
}
