/** What was seen of a table's duplicates. */
import type { Look } from './look.ts'

export interface DuplicatesState {
  readonly look: Exclude<Look, { readonly is: 'absent' }>
}

/** `5,012` */
export function figure(count: number): string {
  return count.toLocaleString('en-US')
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`
}

/** A short phrase: `5,012 rows, 40 groups to merge, 12 waiting for a person`. */
export function describeState({ look }: DuplicatesState): string {
  if (look.is === 'unaddressable') return look.reason
  const automatic = look.automatic.reduce((sum, { groups }) => sum + groups, 0)
  const { groups } = look.waiting
  return [
    counted(look.rows, 'row'),
    ...(automatic > 0 ? [`${counted(automatic, 'group')} of duplicates to merge`] : []),
    ...(groups > 0 ? [`${counted(groups, 'group')} for a person to decide`] : []),
    ...(automatic + groups === 0 ? ['no duplicates'] : []),
    ...(look.excluded > 0 ? [`${counted(look.excluded, 'pair')} told apart`] : []),
  ].join(', ')
}
