/** The declared plug-ins: their modules load and give what plug-ins give. They are run as far as every command runs them. */
import type { Clock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { kindNames } from '../../kinds/registry.ts'
import { plugIn } from '../plug-in.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, fail } = checksOf('file')

export async function checkPlugins(place: {
  readonly stateFile: string
  readonly directory: string
  readonly clock: Clock
}): Promise<readonly DoctorCheck[]> {
  try {
    const { kinds, rules, channels } = await plugIn({ ...place, kinds: new Set(kindNames) })
    const count = kinds.length + rules.length + channels.size
    return count === 0 ? [] : [ok('plugins', `the plug-ins load, and add ${count} kinds, rules and channels`)]
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return [fail('plugins', error.message, error.hint)]
  }
}
