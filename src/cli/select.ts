import { keyText, type ResourceKey } from '../engine/resource.ts'
import type { ResourceStatus } from '../engine/status.ts'
import { OperationalError } from '../errors.ts'

/** The resources that were named: `table/leads`, or a bare name or kind when that is unmistakable. Undefined when none was named. */
export function selectKeys(
  names: readonly string[],
  statuses: readonly ResourceStatus[],
): readonly ResourceKey[] | undefined {
  if (names.length === 0) return undefined
  return names.flatMap((name) => {
    const found = statuses
      .map((status) => status.declared.key)
      .filter((key) => keyText(key) === name || key.kind === name || key.name === name)
    if (found.length > 0) return found
    const known = statuses.map((status) => keyText(status.declared.key)).join(', ')
    throw new OperationalError('NOT_FOUND', `there is no resource ${name}`, { hint: `Declared are: ${known}` })
  })
}
