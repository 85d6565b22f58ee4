/** Words for values, moments and codes. */

/** A cell as a person reads it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '(empty)'
  if (typeof value === 'string') return value === '' ? '(empty text)' : value
  return JSON.stringify(value)
}

export function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === ''
}

/** `40 s`, `5 min`, `3 h`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

export function ago(iso: string | null, nowMs: number): string {
  if (iso === null) return 'never'
  const ms = nowMs - Date.parse(iso)
  // The clocks of the browser and of the program may differ a little.
  return ms < -2000 ? `in ${span(-ms)}` : `${span(ms)} ago`
}

/** `2026-11-23 08:30:00` in UTC, as the journal and the logs write it. */
export function moment(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}

export function count(number: number): string {
  return number.toLocaleString('en')
}

/** `1 record`, `2 records`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`
}

export function bytes(number: number): string {
  if (number < 10_000) return `${count(number)} B`
  if (number < 10_000_000) return `${Math.round(number / 1000)} kB`
  return number < 10_000_000_000 ? `${Math.round(number / 1_000_000)} MB` : `${Math.round(number / 1_000_000_000)} GB`
}

/** `full_name` as a heading: `Full name`. */
export function label(name: string): string {
  const words = name.replaceAll('_', ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function keyText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`
}

const reversals: Readonly<Record<string, string>> = {
  EXACT: 'can be undone',
  FROM_CHECKPOINT: 'can be undone, from a checkpoint',
  BY_HAND: 'is undone by hand',
  IRREVERSIBLE: 'cannot be undone',
}
export function reversal(reversible: string): string {
  return reversals[reversible] ?? reversible
}

const causes: Readonly<Record<string, string>> = {
  DESIRED_CHANGED: 'the desired state changed',
  DRIFT: 'the data drifted',
  REQUEST: 'somebody asked for it',
  UNDO: 'it undoes another action',
}
export function causeText(cause: string): string {
  return causes[cause] ?? cause
}

/** What the states of the journal mean. */
const states: Readonly<Record<string, string>> = {
  planned: 'planned',
  approved: 'approved',
  intended: 'about to be done',
  checkpointed: 'about to be done',
  dispatched: 'under way',
  succeeded: 'done, to be checked',
  verified: 'done',
  failed: 'failed',
  unknown: 'unclear',
  rejected: 'rejected',
  superseded: 'overtaken',
  undone: 'undone',
}
export function stateText(state: string): string {
  return states[state] ?? state
}
