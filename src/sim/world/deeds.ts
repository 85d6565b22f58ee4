/** What people, programs and the machine do to the controller, one deed at a time, each from chance of its own. */
import type { Random } from '../../random.ts'
import type { Deed } from './deed.ts'
import { agentDeeds } from './deeds-agents.ts'
import { machineDeeds } from './deeds-machine.ts'
import { peopleDeeds } from './deeds-people.ts'

const deeds: readonly Deed[] = [...agentDeeds, ...peopleDeeds, ...machineDeeds]

export function pickDeed(random: Random): Deed | undefined {
  let left = random.next() * deeds.reduce((sum, { weight }) => sum + weight, 0)
  return deeds.find(({ weight }) => {
    left -= weight
    return left < 0
  })
}
