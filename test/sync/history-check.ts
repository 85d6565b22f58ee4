/**
 * What every history of edits, crashes and faults must come down to: both sides equal, no lead lost or doubled, and no
 * edit that vanished without a trace.
 */
import type { SyncWorld } from './world.ts'
import { signal } from './world.ts'

/** An edit that its side acknowledged: the commit of the agent, or the change in the app. */
export interface Edit {
  readonly side: 'local' | 'remote'
  /** The lead, by the name it was born with, which nobody changes. */
  readonly name: string
  readonly field: 'company' | 'score'
  readonly value: string | number | null
}

export interface Ledger {
  readonly born: Set<string>
  /** Leads that somebody deleted, on whichever side. */
  readonly deleted: Set<string>
  readonly edits: Edit[]
}

export const newLedger = (): Ledger => ({ born: new Set(), deleted: new Set(), edits: [] })

/** Throws with what is wrong; nothing where all is well. */
export async function checkOutcome(world: SyncWorld, ledger: Ledger, deletions: 'propagate' | 'ignore'): Promise<void> {
  const faults: string[] = []
  const locals = namesOf(Object.values(world.rows()).map(({ full_name }) => full_name))
  const remotes = namesOf(Object.values(world.records()).map((fields) => fields['Full Name']))
  for (const [name, count] of locals) if (count > 1) faults.push(`${name} stands ${count} times here`)
  // Where a colleague enters somebody in the very moment in which the lead is pushed, both records stay, and are named.
  const named = new Set(
    (await world.desk.leads('leads', { status: 'blocked', limit: 1000 })).flatMap(({ twinOf, key }) =>
      twinOf === null ? [] : [key],
    ),
  )
  for (const [name, count] of remotes)
    if (count > 1 + named.size) faults.push(`${name} stands ${count} times in Airtable`)
  const open = await world.desk.conflicts('leads', { state: 'open', limit: 1000 })
  for (const name of ledger.born) {
    if (ledger.deleted.has(name)) continue
    if (!locals.has(name)) faults.push(`${name} is lost here`)
    if (!remotes.has(name)) faults.push(`${name} is lost in Airtable`)
  }
  const verification = await world.pump(world.desk.verify('leads', { signal, progress: () => undefined }))
  const unexplained = verification.differences.filter(
    ({ key, field, recordId }) =>
      !named.has(key) &&
      !(deletions === 'ignore' && field === '' && ledger.deleted.has(nameOf(world, key, recordId))) &&
      !open.some((conflict) => conflict.key === key && (conflict.field === '' || conflict.field === field)),
  )
  for (const one of unexplained) faults.push(`unequal: ${JSON.stringify(one)}`)
  faults.push(...(await vanishedEdits(world, ledger)))
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** An edit survives, was followed by another one of the same cell on the same side, or is named by history or a conflict. */
async function vanishedEdits(world: SyncWorld, ledger: Ledger): Promise<string[]> {
  const traces = new Set<string>()
  const names = new Map(Object.entries(world.rows()).map(([key, row]) => [key, String(row.full_name)]))
  for (const { key, content } of await world.desk.history('leads', { limit: 100_000 })) {
    for (const [field, { before, after }] of Object.entries(content.cells))
      for (const mark of [before, after]) traces.add(JSON.stringify([names.get(key), field, mark]))
  }
  for (const { key, field, local, remote } of await world.desk.conflicts('leads', { state: undefined, limit: 100_000 }))
    for (const mark of [local, remote]) traces.add(JSON.stringify([names.get(key), field, mark]))
  const finals = new Map(Object.values(world.rows()).map((row) => [String(row.full_name), row]))
  const last = new Map<string, Edit>()
  for (const edit of ledger.edits) last.set(`${edit.side} ${edit.name} ${edit.field}`, edit)
  return [...last.values()].flatMap((edit) => {
    const row = finals.get(edit.name)
    // Of a deleted lead the last values went with it.
    if (row === undefined || ledger.deleted.has(edit.name)) return []
    if (row[edit.field] === edit.value) return []
    if (traces.has(JSON.stringify([edit.name, edit.field, edit.value]))) return []
    return [`an edit vanished without a trace: ${JSON.stringify(edit)}, final ${JSON.stringify(row[edit.field])}`]
  })
}

function nameOf(world: SyncWorld, key: string, recordId: string | null): string {
  return String(world.rows()[key]?.full_name ?? world.records()[recordId ?? '']?.['Full Name'])
}

function namesOf(names: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(String(name), (counts.get(String(name)) ?? 0) + 1)
  return counts
}
