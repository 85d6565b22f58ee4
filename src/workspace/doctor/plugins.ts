/** The declared plug-ins: their modules load and give what plug-ins give. They are run as far as every command runs them. */
import type { Clock } from '../../clock.ts'
import type { PluginChannels } from '../../desired/load.ts'
import { OperationalError } from '../../errors.ts'
import { kindNames } from '../../kinds/registry.ts'
import { plugIn } from '../plug-in.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, fail } = checksOf('file')

export interface PluginFinding {
  readonly checks: readonly DoctorCheck[]
  /** Undefined where they do not load. */
  readonly pluginChannels: PluginChannels | undefined
}

export async function checkPlugins(place: {
  readonly stateFile: string
  readonly directory: string
  readonly clock: Clock
}): Promise<PluginFinding> {
  try {
    const { kinds, rules, channels, pluginChannels } = await plugIn({ ...place, kinds: new Set(kindNames) })
    const count = kinds.length + rules.length + channels.size
    const checks = count === 0 ? [] : [ok('plugins', `the plug-ins load, and add ${count} kinds, rules and channels`)]
    return { checks, pluginChannels }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { checks: [fail('plugins', error.message, error.hint)], pluginChannels: undefined }
  }
}
