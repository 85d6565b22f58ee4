/**
 * What happens last, before nobody does anything any more: a change that nothing else wakes the controller for. In the midst
 * of a world the next deed would wake it, and hide that it had been asleep.
 */
import { type Random, seededRandom } from '../../random.ts'
import type { Mode } from '../episode.ts'
import type { Book } from './book.ts'
import type { Controller } from './controller.ts'
import type { Declaration } from './declared.ts'
import { type Deed, oneOf, type Scene } from './deed.ts'
import { agentDeeds } from './deeds-agents.ts'
import { colleagueDeeds } from './deeds-colleagues.ts'
import { declare } from './deeds-people.ts'
import type { World } from './world.ts'

export interface LastScene {
  readonly world: World
  readonly book: Book
  readonly mode: Mode
  controller(): Promise<Controller | undefined>
  advance(ms: number): Promise<void>
}

interface LastAct {
  readonly name: string
  /** A person who asks for a look would hide what it is about. */
  readonly isForLiveness: boolean
  play(scene: Scene, advance: LastScene['advance']): Promise<void>
}

const minuteMs = 60_000

/** Repairs are held by what is declared; it is let go when all faults have ended, by the declaration alone. */
async function hold(scene: Scene, advance: LastScene['advance'], holding: Partial<Declaration>): Promise<void> {
  const free = { low: 'auto', medium: 'auto', blastRows: 50, standardizes: true, resync: '12h' } as const
  declare(scene, { ...scene.world.declaration, mode: 'enforce', ...free, ...holding })
  await advance(minuteMs)
  doAll(scene, agentDeeds, ['agent writes an untidy address', 'agent edits', 'agent edits'])
  // Until all has been looked at, and waits.
  await advance(3 * minuteMs)
}

const lastActs: readonly LastAct[] = [
  {
    name: 'mode observe holds repairs, and ends',
    isForLiveness: true,
    play: (scene, advance) => hold(scene, advance, { mode: 'observe' }),
  },
  {
    name: 'a window holds repairs, and is taken out of the text',
    isForLiveness: true,
    play: (scene, advance) => hold(scene, advance, { deniedFrom: new Date(scene.world.clock.nowMs()).getUTCHours() }),
  },
  {
    name: 'both sides edit the same cells, and a person has to choose',
    isForLiveness: false,
    async play(scene, advance) {
      declare(scene, { ...scene.world.declaration, mode: 'enforce', conflicts: 'manual', resync: '12h' })
      await advance(3 * minuteMs)
      const name = 'colleague and agent edit the same cell'
      doAll(scene, colleagueDeeds, [name, name, name])
    },
  },
  {
    name: 'the webhooks go, and colleagues edit',
    isForLiveness: false,
    async play(scene, advance) {
      doAll(scene, colleagueDeeds, ['colleague deletes the webhooks'])
      await advance(1000)
      doAll(scene, colleagueDeeds, ['colleague edits', 'colleague edits', 'colleague edits'])
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

/** In some worlds one of them, in others nothing. */
export async function playLastAct({ world, book, mode, controller, advance }: LastScene): Promise<void> {
  const random: Random = seededRandom(world.seed ^ 0x1a57)
  const some = lastActs.filter(({ isForLiveness }) => mode === 'liveness' || !isForLiveness)
  const act = oneOf(some, random)
  if (act === undefined || random.next() < 0.15) return
  world.step(`last act: ${act.name}`)
  await act.play({ world, book, controller: await controller(), random }, advance)
}
