/**
 * What happens last, before nobody does anything any more: a change that nothing else wakes the controller for. In the midst
 * of a world the next deed would wake it, and hide that it had been asleep.
 */
import { seededRandom } from '../../random.ts'
import { judgeLeftUndone, runnableNow } from '../checks/let-go.ts'
import type { Mode } from '../episode.ts'
import { mixed } from '../mixed.ts'
import type { Book } from './book.ts'
import type { Controller } from './controller.ts'
import { type Declaration, maxRuntimeMs } from './declared.ts'
import { type Deed, oneOf, type Scene } from './deed.ts'
import { agentDeeds, holdLock, makeUntidy, rewriteEmails } from './deeds-agents.ts'
import { colleagueDeeds, editNamed } from './deeds-colleagues.ts'
import { machineDeeds } from './deeds-machine.ts'
import { declare, peopleDeeds, takeBack } from './deeds-people.ts'
import { recordsOf } from './mirror.ts'
import type { CrashPoint, World } from './world.ts'

export interface LastScene {
  readonly world: World
  readonly book: Book
  readonly mode: Mode
  /** The only places that are played; undefined: all. */
  readonly acts: ReadonlySet<number> | undefined
  /** Told of each act before it is played. */
  acted(place: number, name: string): void
  controller(): Promise<Controller | undefined>
  advance(ms: number): Promise<void>
}

interface LastAct {
  readonly name: string
  play(scene: Scene, advance: LastScene['advance']): Promise<void>
}

const minuteMs = 60_000
/** Less than the first pause before a call is repeated, nearly always. */
const lookEveryMs = 50

/** Nothing that is done every day is asked about, and nothing is looked at without an occasion. */
const free = {
  mode: 'enforce',
  low: 'auto',
  medium: 'auto',
  blastRows: 50,
  deniedFrom: undefined,
  resync: '12h',
} as const

/** Repairs are held by what is declared; it is let go when all faults have ended, by the declaration alone. */
async function hold(scene: Scene, advance: LastScene['advance'], holding: Partial<Declaration>): Promise<void> {
  declare(scene, { ...scene.world.declaration, ...free, standardizes: true, ...holding })
  await advance(minuteMs / 2)
  doAll(scene, agentDeeds, ['agent writes an untidy address', 'agent edits', 'agent edits'])
  // Until all has been looked at, and waits.
  await advance(1.5 * minuteMs)
}

/** Let go by the declaration alone: a person who asks for a look, or anybody who does something else, would hide it. */
const holds: readonly LastAct[] = [
  {
    name: 'mode observe holds repairs, and ends',
    play: (scene, advance) => hold(scene, advance, { mode: 'observe' }),
  },
  {
    name: 'a window holds repairs, and is taken out of the text',
    play: (scene, advance) => hold(scene, advance, { deniedFrom: new Date(scene.world.clock.nowMs()).getUTCHours() }),
  },
]

/** The process dies at the next effect of that sort, which somebody brings about; another one is started on what is left. */
async function dieAt(scene: Scene, advance: LastScene['advance'], point: CrashPoint, cause: () => void): Promise<void> {
  const { world } = scene
  world.crashAt = point
  cause()
  await advance(minuteMs)
  world.crashAt = undefined
}

/** The process dies at the request to Airtable of an action of that verb, right before or after Airtable carries it out. */
async function dieAtPush(
  scene: Scene,
  advance: LastScene['advance'],
  {
    verb,
    side,
    cause,
  }: { readonly verb: string; readonly side: CrashPoint['side']; readonly cause: readonly string[] },
): Promise<void> {
  const { world } = scene
  declare(scene, { ...world.declaration, ...free })
  await advance(minuteMs / 2)
  world.traps.push({
    type: 'action.dispatched',
    kinds: ['sync'],
    verbs: [verb],
    spring() {
      // New records are made by a PATCH, too, which finds those that are there by their key.
      world.crashAt = { kind: 'airtable', part: 'PATCH records', side }
      return `the process will die ${side} the request of a ${verb}`
    },
  })
  doAll(scene, agentDeeds, cause)
  await advance(minuteMs)
  world.traps.length = 0
  world.crashAt = undefined
}

/** The repair of a whole table meets a lock that outlasts its patience, and nothing else changes when the lock is let go. */
async function lockOut(scene: Scene, advance: LastScene['advance']): Promise<void> {
  const { world } = scene
  declare(scene, { ...world.declaration, ...free, standardizes: false })
  await advance(minuteMs / 2)
  doAll(scene, agentDeeds, ['agent writes an untidy address', 'agent writes an untidy address'])
  await advance(minuteMs / 2)
  world.traps.push({
    type: 'action.dispatched',
    kinds: ['standardization'],
    spring: () => holdLock(world, minuteMs),
  })
  declare(scene, { ...world.declaration, standardizes: true })
  await advance(1.5 * minuteMs)
  world.traps.length = 0
}

/**
 * While a repair that a look at all of the table has found is made, another record is written, and neither write is told: the
 * look after the repair alone sees it. No neighbour of the table succeeds in anything meanwhile, which would wake it too.
 */
async function writeUnnoticed(scene: Scene, advance: LastScene['advance']): Promise<void> {
  const { world } = scene
  declare(scene, { ...world.declaration, ...free, standardizes: false })
  await advance(minuteMs / 2)
  const [one, other] = world.agent
    .prepare<[], string>('SELECT id FROM leads WHERE email = lower(email) ORDER BY id LIMIT 2')
    .pluck()
    .all()
  if (one === undefined || other === undefined) return
  rewriteEmails(scene, [one], 'upper(email)')
  await advance(minuteMs / 2)
  world.refusing.set('airtable', '')
  world.traps.push({
    type: 'action.dispatched',
    kinds: ['standardization'],
    spring() {
      world.hidesChanges = true
      rewriteEmails(scene, [other], 'upper(email)')
      return `${other} is written, and nobody is told`
    },
  })
  declare(scene, { ...world.declaration, standardizes: true })
  await advance(minuteMs / 4)
  const runnable = runnableNow(scene.controller)
  await advance(minuteMs / 4)
  judgeLeftUndone(world, runnable, scene.controller)
  world.traps.length = 0
  world.refusing.clear()
  world.hidesChanges = false
  world.noticed('main.db')
}

/** Airtable makes a new record and its answer is lost; before anything is asked again a colleague edits that record. */
async function loseAnswer(scene: Scene, advance: LastScene['advance']): Promise<void> {
  const { world } = scene
  declare(scene, { ...world.declaration, ...free })
  await advance(minuteMs)
  world.sandbox.control.addFault({ kind: 'drop-reply', route: 'records.update', times: 1 })
  const before = new Set(recordsOf(world).map(({ fields }) => fields['Full Name']))
  doAll(scene, agentDeeds, ['agent inserts'])
  for (let waitedMs = 0; waitedMs < minuteMs; waitedMs += lookEveryMs) {
    await advance(lookEveryMs)
    const made = recordsOf(world).find(({ fields }) => !before.has(fields['Full Name']))?.fields['Full Name']
    if (typeof made !== 'string') continue
    world.step(`last act, colleague edits what was just made: ${editNamed(scene, made)}`)
    break
  }
  await advance(minuteMs)
}

/** Repairs three records, one of which somebody writes anew, and a person takes the repair back. */
async function undoRepair(scene: Scene, advance: LastScene['advance']): Promise<void> {
  const { world, book } = scene
  // Where nobody has taken anything back so far, more is checked: it stays that way.
  if (book.undos.length === 0) return
  declare(scene, { ...world.declaration, ...free, standardizes: true })
  await advance(minuteMs)
  const ids = world.agent
    .prepare<[], string>('SELECT id FROM leads WHERE email IS NOT NULL ORDER BY id LIMIT 3')
    .pluck()
    .all()
  rewriteEmails(scene, ids, 'upper(email)')
  await advance(minuteMs)
  rewriteEmails(scene, ids.slice(0, 1), "'since.' || trim(email)")
  const repaired = scene.controller?.workspace.engine.ledger
    .records({ states: ['verified', 'succeeded'], resource: 'standardization/leads', limit: 1 })
    .at(0)
  if (repaired === undefined) return
  world.step(`last act, undo: ${takeBack(scene, repaired.action, 'token:ann')}`)
  await advance(minuteMs)
}

const lastActs: readonly LastAct[] = [
  {
    name: 'a lock keeps a repair from being made, and ends',
    play: lockOut,
  },
  {
    name: 'a record is written while another one is repaired, and only the look after the repair sees it',
    play: writeUnnoticed,
  },
  {
    name: 'the answer to a new record is lost, and a colleague edits it',
    play: loseAnswer,
  },
  {
    name: 'a repair is taken back, of which one record was written anew since',
    play: undoRepair,
  },
  {
    name: 'both sides edit the same cells, and a person has to choose',
    async play(scene, advance) {
      declare(scene, { ...scene.world.declaration, mode: 'enforce', conflicts: 'manual', resync: '12h' })
      await advance(1.5 * minuteMs)
      const name = 'colleague and agent edit the same cell'
      doAll(scene, colleagueDeeds, [name, name, name])
    },
  },
  {
    name: 'one record more has to be changed than may be unasked',
    async play(scene, advance) {
      declare(scene, { ...scene.world.declaration, ...free, standardizes: true })
      await advance(minuteMs / 2)
      declare(scene, { ...scene.world.declaration, blastRows: 3 })
      await advance(1000)
      const what = makeUntidy(scene, scene.world.declaration.blastRows + 1)
      if (what !== undefined) scene.world.step(`last act, untidy addresses: ${what}`)
      await advance(minuteMs / 2)
    },
  },
  {
    name: 'the webhooks go, and colleagues edit',
    async play(scene, advance) {
      doAll(scene, colleagueDeeds, ['colleague deletes the webhooks'])
      await advance(1000)
      doAll(scene, colleagueDeeds, ['colleague edits', 'colleague edits', 'colleague edits'])
    },
  },
  {
    name: 'the process dies when Airtable has made new records',
    play: (scene, advance) => dieAtPush(scene, advance, { verb: 'push-new', side: 'after', cause: ['agent inserts'] }),
  },
  {
    name: 'the process dies at a request that changes records',
    play(scene, advance) {
      const side = scene.random.next() < 0.5 ? 'before' : 'after'
      return dieAtPush(scene, advance, { verb: 'push-changes', side, cause: ['agent edits'] })
    },
  },
  {
    name: 'the process dies when it has started a program',
    play: (scene, advance) =>
      dieAt(scene, advance, { kind: 'process', part: 'launch', side: 'after' }, () =>
        scene.world.programs.fake.finish('service-collector', 1),
      ),
  },
  {
    name: 'a program hangs',
    async play(scene) {
      doAll(scene, machineDeeds, ['program hangs'])
    },
  },
  {
    name: 'a run of the job does not end by itself',
    async play(scene, advance) {
      const { world } = scene
      declare(scene, { ...world.declaration, ...free })
      world.programs.isNextRunEndless = true
      // Until its next moment, and as long again as it may take.
      for (let waitedMs = 0; waitedMs < 6 * minuteMs && world.programs.isNextRunEndless; waitedMs += minuteMs / 2)
        await advance(minuteMs / 2)
      await advance(maxRuntimeMs)
    },
  },
  {
    name: 'somebody is erased, and entered again in Airtable',
    async play(scene, advance) {
      declare(scene, { ...scene.world.declaration, ...free })
      await advance(minuteMs / 2)
      doAll(scene, peopleDeeds, ['person has somebody erased'])
      await advance(minuteMs)
      doAll(scene, colleagueDeeds, ['colleague enters somebody who was erased'])
    },
  },
]

function doAll(scene: Scene, deeds: readonly Deed[], names: readonly string[]): void {
  for (const name of names) {
    const deed = deeds.find((one) => one.name === name)
    if (deed === undefined) throw new Error(`nobody does: ${name}`)
    const what = deed.do(scene)
    if (what !== undefined) scene.world.step(`last act, ${name}: ${what}`)
  }
}

/** Three different ones, and in half of the worlds, or where nobody asks for a look, what only a declaration lets go. */
function actsOf(seed: number, mode: Mode): readonly (LastAct | undefined)[] {
  const random = seededRandom(seed ^ 0x1a57)
  const left = [...lastActs]
  const chosen = [0, 1, 2].map(() => left.splice(Math.floor(random.next() * left.length), 1)[0])
  return [...chosen, mode === 'liveness' || random.next() < 0.5 ? oneOf(holds, random) : undefined]
}

/** Says whether something is held now. Each act has chance of its own, so that one can be left out and the others stay. */
export async function playLastActs(scene: LastScene): Promise<boolean> {
  const { world, book, mode, acts, controller, advance } = scene
  let isHeld = false
  for (const [place, act] of actsOf(world.seed, mode).entries()) {
    if (act === undefined || acts?.has(place) === false) continue
    const running = await controller()
    if (world.violations.length > 0) return false
    world.step(`last act: ${act.name}`)
    scene.acted(place, act.name)
    const random = seededRandom(mixed(world.seed ^ 0x1a57, place))
    await act.play({ world, book, controller: running, random }, advance)
    isHeld = holds.includes(act)
  }
  return isHeld
}
