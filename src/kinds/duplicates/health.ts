/** The checks of a health report that a look at duplicates allows. Pure. */
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { counted, type DuplicatesState, describeState } from './state.ts'

export function healthOf(observation: Observation<DuplicatesState>): readonly HealthCheck[] {
  const name = 'duplicates'
  switch (observation.is) {
    case 'unreadable':
      return [{ name, status: 'unknown', message: observation.error.message }]
    case 'absent':
      return [{ name, status: 'unknown', message: 'The table is not there yet.' }]
    case 'present': {
      const { look } = observation.state
      if (look.is === 'unaddressable') return [{ name, status: 'warning', message: look.reason }]
      const found = look.automatic.length + look.waiting.groups
      const message = found === 0 ? `no duplicates in ${counted(look.rows, 'row')}` : describeState(observation.state)
      return [{ name, status: found === 0 ? 'ok' : 'warning', message }]
    }
  }
}
