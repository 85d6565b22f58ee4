/** The checks of a health report that a look at values allows. Pure. */
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { figure } from './diff.ts'
import type { StandardizationState } from './state.ts'

export function healthOf(observation: Observation<StandardizationState>): readonly HealthCheck[] {
  const name = 'values in standard form'
  switch (observation.is) {
    case 'unreadable':
      return [{ name, status: 'unknown', message: observation.error.message }]
    case 'absent':
      return [{ name, status: 'unknown', message: 'The table is not there yet.' }]
    case 'present': {
      const { look } = observation.state
      if (look.is === 'unaddressable') return [{ name, status: 'warning', message: look.reason }]
      return look.fields.map((field) => {
        const off = field.changed + field.unmendable
        const message =
          off === 0
            ? `${figure(field.filled)} values of ${field.name} are in standard form`
            : `${figure(field.changed)} of ${figure(field.filled)} values of ${field.name} are to be mended, ${figure(field.unmendable)} have to be corrected by hand`
        return { name: `${field.name}: standard form`, status: off === 0 ? 'ok' : 'warning', message }
      })
    }
  }
}
