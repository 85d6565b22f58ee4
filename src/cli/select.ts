import { keyText, type ResourceKey } from '../engine/resource.ts'
import type { ResourceStatus } from '../engine/status.ts'
import type { StatusView } from '../engine/view.ts'
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
    throw unknownResource(
      name,
      statuses.map((status) => keyText(status.declared.key)),
    )
  })
}

/** The views of the resources that were named, or all. */
export function selectViews(names: readonly string[], views: readonly StatusView[]): readonly StatusView[] {
  if (names.length === 0) return views
  return names.flatMap((name) => {
    const found = views.filter(
      ({ resource }) => keyText(resource) === name || resource.kind === name || resource.name === name,
    )
    if (found.length > 0) return found
    throw unknownResource(
      name,
      views.map((view) => keyText(view.resource)),
    )
  })
}

function unknownResource(name: string, known: readonly string[]): OperationalError {
  return new OperationalError('NOT_FOUND', `there is no resource ${name}`, {
    hint: `Declared are: ${known.join(', ')}`,
  })
}
