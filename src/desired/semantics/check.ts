/** What every check of meaning works with: the state, what the file names, and how to report. */
import type { z } from 'zod'
import type { FieldType } from '../../values/field-type.ts'
import { nearest } from '../nearest.ts'
import type { Finding, Path } from '../problem.ts'
import type { DesiredState, TableSpec } from '../schema.ts'
import type { Positions } from '../yaml-tree.ts'

/** What is needed of a standardization rule to check how it is used; those of src/values are such. */
export interface RuleEntry {
  readonly name: string
  readonly summary: string
  readonly optionsSchema: z.ZodType
  /** The other fields of the row that the rule reads under these options. */
  siblings(options: unknown): readonly string[]
  /** Throws OperationalError when the options do not fit the field. */
  prepare(
    options: unknown,
    field: { readonly type: FieldType; readonly choices?: readonly string[] | undefined },
  ): unknown
}

/** The standardization rules that there are, by name. */
export type RuleRegistry = ReadonlyMap<string, RuleEntry>

/** What the loaded plug-ins add to alerts. */
export interface PluginChannels {
  /** Names of channels. */
  readonly names: readonly string[]
  /** Paths of the modules that were loaded, by the name of their entry. */
  readonly modules: ReadonlyMap<string, string>
}

export interface MeaningInput {
  /** Valid in form; of an invalid file, the part that is. */
  readonly state: DesiredState
  /** The values as written, for names whose entries are invalid in form. */
  readonly raw: unknown
  readonly positions: Positions
  readonly workspace: string
  readonly rules: RuleRegistry
  /** Undefined: no plug-ins were loaded, and their channels are not checked. */
  readonly pluginChannels: PluginChannels | undefined
}

interface Hints {
  readonly allowed?: readonly string[]
  readonly didYouMean?: string | undefined
  /** Points at the key instead of the value. */
  readonly at?: 'key'
}

export interface Check extends MeaningInput {
  problem(path: Path, message: string, hints?: Hints): void
  warning(path: Path, message: string, hints?: Hints): void
  /** Reports a name that is none of the known ones. `noun` says what it should name: `a declared field`. */
  known(path: Path, name: string, names: readonly string[], noun: string): boolean
  /** The names that the file declares at a path, also those of entries that are invalid in form. */
  names(...path: readonly string[]): readonly string[]
  readonly found: { readonly problems: Finding[]; readonly warnings: Finding[] }
}

/** Starts a check. */
export function checkOf(input: MeaningInput): Check {
  const found = { problems: [] as Finding[], warnings: [] as Finding[] }
  const add = (list: Finding[], path: Path, message: string, hints: Hints = {}): void => {
    list.push({
      at: hints.at === 'key' ? input.positions.keyAt(path) : input.positions.valueAt(path),
      path,
      message,
      ...(hints.allowed === undefined ? {} : { allowed: hints.allowed }),
      ...(hints.didYouMean === undefined ? {} : { didYouMean: hints.didYouMean }),
    })
  }
  return {
    ...input,
    found,
    problem: (path, message, hints) => add(found.problems, path, message, hints),
    warning: (path, message, hints) => add(found.warnings, path, message, hints),
    known(path, name, names, noun) {
      if (names.includes(name)) return true
      add(found.problems, path, `names "${name}", which is not ${noun}`, {
        allowed: names,
        didYouMean: nearest(name, names),
      })
      return false
    },
    names(...path) {
      const value = valueAt(input.raw, path)
      return typeof value === 'object' && value !== null ? Object.keys(value) : []
    },
  }
}

/** The fields that rules of a table may name, and those that are declared only to be removed. */
export interface TableFields {
  readonly usable: readonly string[]
  readonly removed: readonly string[]
}

/** The fields of a table as the file declares them, with the key. */
export function tableFields(check: Check, name: string, table: TableSpec): TableFields {
  const removed = Object.entries(table.fields).flatMap(([field, spec]) => (spec.absent ? [field] : []))
  const declared = [...new Set([...check.names('tables', name, 'fields'), table.key])]
  return { usable: declared.filter((field) => !removed.includes(field)), removed }
}

/** Reports a name that is no field which stays. */
export function knownField(
  check: Check,
  path: Path,
  name: string,
  fields: TableFields,
  noun = 'a field of this table',
): void {
  if (fields.removed.includes(name)) check.problem(path, `names ${name}, which is to be removed`)
  else check.known(path, name, fields.usable, noun)
}

/** The value as written at a path; undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null) return undefined
    return Object.getOwnPropertyDescriptor(value, step)?.value
  }, root)
}

/** The first item of every group that shares a key with an earlier one, with that earlier one. */
export function repeats<Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => string,
): readonly { readonly item: Item; readonly earlier: Item }[] {
  const first = new Map<string, Item>()
  const found: { item: Item; earlier: Item }[] = []
  for (const item of items) {
    const key = keyOf(item)
    const earlier = first.get(key)
    if (earlier === undefined) first.set(key, item)
    else found.push({ item, earlier })
  }
  return found
}
