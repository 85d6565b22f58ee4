/** What people, programs and the machine do to the controller, one deed at a time, each from chance of its own. */
import type { Random } from '../../random.ts'
import type { Deed } from './deed.ts'
import { agentDeeds } from './deeds-agents.ts'
import { colleagueDeeds } from './deeds-colleagues.ts'
import { machineDeeds } from './deeds-machine.ts'
import { peopleDeeds } from './deeds-people.ts'
import type { Temper } from './temper.ts'

const deeds: readonly Deed[] = [
  ...agentDeeds,
  ...colleagueDeeds,
  ...peopleDeeds,
  ...machineDeeds.map((deed): Deed => ({ ...deed, sort: 'fault' })),
]

export function pickDeed(random: Random, temper: Temper): Deed | undefined {
  const weights = deeds.map((deed) => deed.weight * temper.factorOf(deed))
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  return deeds.find((_, at) => {
    left -= weights[at] ?? 0
    return left < 0
  })
}
