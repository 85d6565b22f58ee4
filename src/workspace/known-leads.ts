/** The leads that imported rows may mean, as the kind `duplicates` finds them. */
import type { DesiredState } from '../desired/schema.ts'
import { type DuplicatesLooker, duplicatesSpecOf } from '../kinds/duplicates/index.ts'
import type { KnownLeadsPort } from '../kinds/import/index.ts'

export function knownLeadsOf(looker: DuplicatesLooker, state: () => DesiredState): KnownLeadsPort {
  return {
    async prepare(table, context) {
      const spec = duplicatesSpecOf(state(), table)
      return spec === undefined ? null : looker.known(table, spec, context)
    },
  }
}
