/**
 * Which generation of the desired state is in force. A broken edit changes nothing but is reported; a suspiciously
 * small one waits for a person; the text of every generation is in the journal, so that the last valid one outlives a restart.
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { compareGenerations, type EntryChange, generationOf, isSuspiciousShrink } from '../desired/generation.ts'
import { type ParsedDesiredState, parseDesiredState } from '../desired/load.ts'
import { type Problem, problemText } from '../desired/problem.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { PluginChannels, RuleRegistry } from '../desired/semantics/check.ts'
import { notManagedSections } from '../desired/unmanaged.ts'
import { OperationalError } from '../errors.ts'
import type { JournalStore } from '../journal/store.ts'
import type { FileState, GenerationsPort } from '../kinds/desired-state/index.ts'

/** A generation that the controller keeps the world true to. */
export interface InForce {
  readonly number: number
  readonly hash: string
  readonly state: DesiredState
  readonly yaml: string
}

/** What became of the file as it was saved. */
export type EditOutcome =
  | { readonly is: 'accepted'; readonly number: number; readonly changes: readonly EntryChange[] }
  | { readonly is: 'waiting'; readonly number: number; readonly why: string }
  /** Every problem as `file:line:column: path: message`; the generation `inForce` stays. */
  | { readonly is: 'invalid'; readonly problems: readonly string[]; readonly inForce: number }

export interface Generations extends GenerationsPort {
  inForce(): InForce
  /** Reads the file again; true when another generation came into force. `actor` is who saved it, where that is known. */
  reload(actor?: string): boolean
  /** Calls back when another generation has come into force. */
  onInForce(listener: (generation: InForce) => void): () => void
  /** Calls back when an edit of the file was taken over, held back or refused; not for a text that means the same. */
  onEdit(listener: (outcome: EditOutcome) => void): () => void
  /** What is wrong with the file as it is now. */
  problems(): readonly Problem[]
  /** Generations of the journal with their texts, newest first; those below `before` alone where it is given. */
  past(limit: number, before?: number): readonly PastGeneration[]
  /** What would become of a text, without saving it. */
  parse(yaml: string | Uint8Array): ParsedDesiredState
}

export interface GenerationsOptions {
  /** Absolute path of desired-state.yaml. */
  readonly file: string
  /** As the person gave it, for messages. */
  readonly shownAs: string
  readonly workspace: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly rules: RuleRegistry
  readonly pluginChannels?: PluginChannels | undefined
  readonly clock: Clock
  /** Names of the kinds that there are: what needs another is reported as not managed. */
  readonly kinds: ReadonlySet<string>
  readonly journal: JournalStore
  /** False: nothing is journaled. */
  readonly keep: boolean
}

export interface PastGeneration {
  readonly number: number
  readonly atMs: number
  readonly state: string
  readonly yaml: string
}

interface GenerationRow {
  readonly number: number
  readonly hash: string
  readonly state: string
  readonly yaml: string
}

/** Reads the file. Throws DESIRED_STATE_MISSING, or DESIRED_STATE_INVALID with every problem where no earlier generation can stay in force. */
export function openGenerations(options: GenerationsOptions): Generations {
  const { journal } = options
  const listeners = new Set<(generation: InForce) => void>()
  const watchers = new Set<() => void>()
  const readers = new Set<(outcome: EditOutcome) => void>()
  const parse = (yaml: string | Uint8Array): ParsedDesiredState =>
    parseDesiredState(yaml, {
      file: options.shownAs,
      environment: options.environment,
      workspace: options.workspace,
      rules: options.rules,
      pluginChannels: options.pluginChannels,
    })

  let current = acceptedBefore(journal, parse)
  let problems: readonly Problem[] = []
  let leftBehind: readonly string[] = []
  let waiting: (InForce & { readonly why: string; readonly gone: readonly string[] }) | undefined

  const tell = (outcome: EditOutcome): void => {
    for (const reader of readers) reader(outcome)
  }
  const put = (next: InForce): void => {
    const changes = compareGenerations(current?.state, next.state)
    current = next
    waiting = undefined
    for (const listener of listeners) listener(next)
    tell({ is: 'accepted', number: next.number, changes })
  }

  function reload(actor = 'controller'): boolean {
    const read = readBytes(options)
    const parsed = parse(read)
    const before = current
    if (parsed.is === 'invalid') {
      problems = parsed.problems
      if (current === undefined)
        throw new OperationalError('DESIRED_STATE_INVALID', problems.map(problemText).join('\n'))
      waiting = undefined
      tell({ is: 'invalid', problems: problems.map(problemText), inForce: current.number })
    } else {
      const wasInvalid = problems.length > 0
      problems = []
      consider(Buffer.from(read).toString('utf8'), parsed.state, actor)
      if (wasInvalid && before !== undefined && current === before && waiting === undefined)
        tell({ is: 'accepted', number: before.number, changes: [] })
    }
    for (const notify of watchers) notify()
    return current !== before
  }

  function consider(yaml: string, state: DesiredState, actor: string): void {
    const { hash } = generationOf({ number: 0, state, text: yaml, loadedAtMs: options.clock.nowMs() })
    if (current?.hash === hash) {
      waiting = undefined
      return
    }
    if (waiting?.hash === hash) return
    const number = waitingNumber(journal, hash) ?? lastNumber(journal) + 1
    const next: InForce = { number, hash, state, yaml }
    const shrink = current === undefined ? undefined : isSuspiciousShrink(current.state, state)
    if (shrink?.is === 'suspicious') {
      if (options.keep && number > lastNumber(journal)) record('generation.waiting', next, actor)
      waiting = { ...next, why: shrink.why, gone: shrink.gone }
      tell({ is: 'waiting', number, why: shrink.why })
      return
    }
    if (options.keep) record('generation.accepted', next, actor)
    leftBehind = current === undefined ? [] : removedEntries(current.state, state)
    put(next)
  }

  function record(type: 'generation.accepted' | 'generation.waiting', next: InForce, actor: string): void {
    journal.append([{ type, actor, body: { number: next.number, hash: next.hash, yaml: next.yaml } }])
  }

  // The file nearly always holds what is in force, to the byte. That was parsed just now, by variables that may have changed since.
  if (current !== undefined && Buffer.from(current.yaml).equals(readBytes(options)))
    consider(current.yaml, current.state, 'controller')
  else reload()
  return {
    inForce() {
      if (current === undefined)
        throw new OperationalError('DESIRED_STATE_INVALID', problems.map(problemText).join('\n'))
      return current
    },
    reload,
    past: (limit, before = Number.MAX_SAFE_INTEGER) =>
      journal.db
        .prepare<[number, number], PastGeneration>(
          'SELECT number, at_ms AS atMs, state, yaml FROM generations WHERE number < ? ORDER BY number DESC LIMIT ?',
        )
        .all(before, limit),
    parse,
    problems: () => problems,
    onInForce(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onEdit(listener) {
      readers.add(listener)
      return () => readers.delete(listener)
    },
    watch(notify) {
      watchers.add(notify)
      return { close: () => watchers.delete(notify) }
    },
    accept(number) {
      if (waiting?.number !== number) return
      if (options.keep) journal.append([{ type: 'generation.approved', actor: 'controller', body: { number } }])
      leftBehind = waiting.gone
      put(waiting)
      for (const notify of watchers) notify()
    },
    state: (): FileState => ({
      generation: current?.number ?? 0,
      problems: problems.map(problemText),
      waiting,
      notManaged: current === undefined ? [] : notManaged(current.state, options.kinds),
      leftBehind,
    }),
  }
}

/** Entries that were declared before and are no longer: what they stood for is kept as it is, but not managed. */
function removedEntries(before: DesiredState, after: DesiredState): readonly string[] {
  return compareGenerations(before, after).flatMap(({ change, path }) => (change === 'removed' ? [path] : []))
}

function notManaged(state: DesiredState, kinds: ReadonlySet<string>): readonly string[] {
  return notManagedSections(state, kinds).map(({ section, names }) => `${section}: ${names.join(', ')}`)
}

function readBytes(options: GenerationsOptions): Uint8Array {
  try {
    return readFileSync(options.file)
  } catch (error) {
    throw new OperationalError('DESIRED_STATE_MISSING', `${options.shownAs} cannot be read`, { cause: error })
  }
}

function lastNumber(journal: JournalStore): number {
  return journal.db.prepare<[], { n: number | null }>('SELECT max(number) AS n FROM generations').get()?.n ?? 0
}

/** The number that a text got when it was held back at an earlier start. */
function waitingNumber(journal: JournalStore, hash: string): number | undefined {
  return journal.db
    .prepare<[string], { number: number }>(`SELECT number FROM generations WHERE hash = ? AND state = 'waiting'`)
    .get(hash)?.number
}

/** The newest accepted generation of an earlier start, if its text is still valid to this version. */
function acceptedBefore(journal: JournalStore, parse: (yaml: string) => ParsedDesiredState): InForce | undefined {
  const row = journal.db
    .prepare<[], GenerationRow>(
      `SELECT number, hash, state, yaml FROM generations WHERE state = 'accepted' ORDER BY number DESC LIMIT 1`,
    )
    .get()
  if (row === undefined) return undefined
  const parsed = parse(row.yaml)
  return parsed.is === 'valid' ? { number: row.number, hash: row.hash, state: parsed.state, yaml: row.yaml } : undefined
}

/** The text of the newest accepted generation; undefined where there is none. */
export function lastAcceptedText(journal: JournalStore): string | undefined {
  return journal.db
    .prepare<[], string>("SELECT yaml FROM generations WHERE state = 'accepted' ORDER BY number DESC LIMIT 1")
    .pluck()
    .get()
}
