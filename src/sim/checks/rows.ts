/** What the controller's commits do to the table: by which action, over which values, and what an undo gives back. */

import type { Book } from '../world/book.ts'
import type { World } from '../world/world.ts'
import type { ActionBook, Seen } from './record.ts'
import { standardEmail } from './standard.ts'

type Row = Readonly<Record<string, unknown>>
interface Snapshot {
  readonly rows: ReadonlyMap<string, Row>
  readonly markers: ReadonlySet<string>
  readonly shape: string
  readonly text: string
}
interface Image {
  before: Row | undefined
  after: Row | undefined
}

export function watchRows(world: World, book: Book, actions: ActionBook): void {
  let before: Snapshot | undefined
  let cacheBefore = ''
  /** The table at the moment at which an action's evidence was compared. */
  const atCheckpoint = new Map<string, Snapshot>()
  const images = new Map<string, Map<string, Image>>()

  actions.onEntry((entry) => {
    if (entry.type === 'action.checkpointed') atCheckpoint.set(entry.actionId, take())
    if (entry.type === 'action.verified' || entry.type === 'action.interrupted') atCheckpoint.delete(entry.actionId)
  })

  const { agent } = world
  const rowsNow = agent.prepare<[], Row>('SELECT rowid AS "@", * FROM leads ORDER BY rowid')
  const has = agent.prepare<[string], number>('SELECT count(*) FROM sqlite_schema WHERE name = ?').pluck()
  const shapeNow = agent.prepare<[], string>("SELECT sql FROM sqlite_schema WHERE name = 'leads'").pluck()
  const markedNow = () => agent.prepare<[], string>("SELECT action_id || ' ' || step FROM _trueup_actions").pluck()
  let marked: ReturnType<typeof markedNow> | undefined
  const seen = agent.prepare<[], number>('PRAGMA data_version').pluck()
  const own = agent.prepare<[], number>('SELECT total_changes()').pluck()
  let newest: { readonly version: string; readonly snapshot: Snapshot } | undefined

  /** What stands there; read again only where somebody has committed since. */
  function take(): Snapshot {
    const version = `${seen.get()} ${own.get()}`
    if (newest?.version === version) return newest.snapshot
    const found = rowsNow.all()
    if (has.get('_trueup_actions') === 1) marked ??= markedNow()
    const snapshot = {
      rows: new Map(found.map((row) => [String(row['@']), row])),
      markers: new Set(marked?.all()),
      shape: shapeNow.get() ?? '',
      text: JSON.stringify(found),
    }
    newest = { version, snapshot }
    return snapshot
  }

  function judge(from: Snapshot, to: Snapshot): void {
    if (from.text === to.text && from.shape === to.shape) return
    const fresh = [...to.markers].filter((one) => !from.markers.has(one)).map((one) => one.split(' ')[0] ?? '')
    const [id] = fresh
    const seen = id === undefined ? undefined : actions.actions.get(id)
    // An erasure keeps its own record, of hashes alone.
    if (id === undefined && isErasure(from, to)) return
    if (seen === undefined || id === undefined) {
      const keys = differenceOf(from, to).map(([key]) => key)
      world.violate('every effect has the mark of its action', keys.join())
      return
    }
    if (seen.state !== 'dispatched')
      world.violate('no effect without a durable dispatched before it', `${seen.action.summary} is ${seen.state}`)
    if (from.shape !== to.shape) return
    const changes = differenceOf(from, to)
    remember(id, changes)
    for (const change of changes) judgeRow(seen, change, from)
    if (seen.action.resource.kind === 'rows') noteEdits(changes)
    if (seen.action.undoes !== null) judgeUndo(seen.action.undoes, from, to)
  }

  /** An edit through the API has its place among all edits by its commit: others may come before its answer. */
  function noteEdits(changes: readonly Change[]): void {
    for (const [, was, is] of changes)
      for (const edit of book.unanswered) {
        if (book.committed.has(edit) || edit.name !== is?.full_name) continue
        if (is[edit.field] !== edit.value || was?.[edit.field] === edit.value) continue
        book.committed.add(edit)
        book.edits.push(edit)
      }
  }

  function isErasure(from: Snapshot, to: Snapshot): boolean {
    const isUnderWay = actions.underWay(['rows', 'suppression']).some(({ action }) => action.verb.startsWith('erase'))
    return isUnderWay && from.shape === to.shape && differenceOf(from, to).every(([, , is]) => is === undefined)
  }

  function remember(id: string, changes: readonly Change[]): void {
    const own = images.get(id) ?? new Map<string, Image>()
    images.set(id, own)
    for (const [key, was, is] of changes) {
      const known = own.get(key)
      if (known === undefined) own.set(key, { before: was, after: is })
      else known.after = is
    }
  }

  function judgeRow({ action }: Seen, [key, was, is]: Change, from: Snapshot): void {
    const seenThen = atCheckpoint.get(action.id)?.rows.get(key)
    const now = from.rows.get(key)
    const touched = Object.keys(now ?? {}).filter((name) => is === undefined || is[name] !== was?.[name])
    if (action.cause !== 'undo' && touched.some((name) => seenThen !== undefined && seenThen[name] !== now?.[name]))
      world.violate('what changed since it was planned on is left alone', `${action.summary}: row ${key}`)
    if (action.verb === 'standardize' && was !== undefined && is !== undefined) {
      for (const name of Object.keys(is)) {
        if (is[name] === was[name]) continue
        const isSound = name === 'email' ? is.email === standardEmail(was.email) : name === 'website'
        if (!isSound)
          world.violate(
            'a standard form is that of the value that is there',
            `${name}: ${String(was[name])} to ${String(is[name])}`,
          )
      }
    }
    const email = typeof is?.email === 'string' ? is.email.trim().toLowerCase() : undefined
    if (email !== undefined && email !== was?.email && book.erased.has(email) && was === undefined)
      world.violate('no erased person comes back', `${action.summary}: ${email}`)
  }

  /** A row that still is as the action left it is given back to the byte; one that changed since is left as it is, or loses nothing. */
  function judgeUndo(of: string, from: Snapshot, to: Snapshot): void {
    for (const [key, image] of images.get(of) ?? []) {
      const now = from.rows.get(key)
      const then = to.rows.get(key)
      if (JSON.stringify(now) === JSON.stringify(image.after)) {
        if (JSON.stringify(then) !== JSON.stringify(image.before))
          world.violate(
            'undo gives back to the byte',
            `row ${key}: ${JSON.stringify(then)}, not ${JSON.stringify(image.before)}`,
          )
        continue
      }
      for (const name of Object.keys(now ?? {})) {
        const isBack = now?.[name] === image.after?.[name] && then?.[name] === image.before?.[name]
        if (then !== undefined && then[name] !== now?.[name] && !isBack)
          world.violate(
            'undo leaves alone what changed since',
            `row ${key}, ${name}: ${String(now?.[name])} to ${String(then[name])}`,
          )
      }
    }
  }

  world.witnesses.push({
    before(effect) {
      if (effect.kind !== 'sqlite') return
      if (effect.target === 'main.db') before = take()
      if (effect.target === 'cache.db') cacheBefore = textOf(world)
    },
    after(effect) {
      if (effect.kind !== 'sqlite') return
      if (effect.target === 'main.db' && before !== undefined) judge(before, take())
      if (effect.target === 'cache.db' && cacheBefore !== textOf(world))
        world.violate('a database that is only observed is never written', 'cache')
    },
  })
}

function textOf({ cache }: World): string {
  return JSON.stringify([
    cache.prepare('SELECT * FROM leads').all(),
    cache.prepare('SELECT * FROM sqlite_schema').all(),
  ])
}

type Change = readonly [key: string, was: Row | undefined, is: Row | undefined]

function differenceOf(from: Snapshot, to: Snapshot): readonly Change[] {
  const keys = new Set([...from.rows.keys(), ...to.rows.keys()])
  return [...keys].flatMap((key): Change[] => {
    const was = from.rows.get(key)
    const is = to.rows.get(key)
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [[key, was, is]]
  })
}
