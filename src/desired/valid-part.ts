/** What remains of an invalid file without its mistakes, so that its other mistakes can be told at the same time. */
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { type DesiredState, desiredStateSchema } from './schema.ts'
import { keysOf, schemaAt } from './schema-walk.ts'

/** Each round removes at least one value; files with more layers of mistakes are told in two goes. */
const roundsMax = 12

type Steps = readonly (string | number)[]

/** A value to be taken out, or to be put under the key that was probably meant. */
interface Change {
  readonly path: Steps
  readonly renameTo?: string | undefined
}

/**
 * Mends mistyped keys and removes what else the issues point at, with what is incomplete without it, until the rest is
 * valid. Undefined when nothing sensible remains.
 */
export function validPart(value: unknown, issues: readonly z.core.$ZodIssue[]): DesiredState | undefined {
  let part = value
  let open = issues
  for (let round = 0; round < roundsMax; round++) {
    const before = part
    for (const { path, renameTo } of withoutEchoes(open.flatMap(changesFor))) {
      const touched = target(before, path)
      part = changed(part, touched, touched.length === path.length ? renameTo : undefined)
    }
    const parsed = desiredStateSchema.safeParse(withIdentity(part), { reportInput: true })
    if (parsed.success) return parsed.data
    open = parsed.error.issues
  }
  return undefined
}

/** The two keys that every file needs say nothing about the rest. */
function withIdentity(part: unknown): unknown {
  return typeof part === 'object' && part !== null ? { ...part, apiVersion: 'trueup/v1', name: 'unnamed' } : part
}

function changesFor(issue: z.core.$ZodIssue): readonly Change[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  if (issue.code !== 'unrecognized_keys') return [{ path }]
  const given = Object.keys(issue.input ?? {})
  const free = keysOf(schemaAt(desiredStateSchema, path)).filter((key) => !given.includes(key))
  return issue.keys.map((key) => ({ path: [...path, key], renameTo: nearest(key, free) }))
}

/** What lacks a key, or breaks a rule about its keys, only because one of them is mistyped, need not go. */
function withoutEchoes(changes: readonly Change[]): readonly Change[] {
  const mended = new Set<string>()
  for (const { path, renameTo } of changes) {
    if (renameTo === undefined) continue
    mended.add(JSON.stringify([...path.slice(0, -1), renameTo]))
    mended.add(JSON.stringify(path.slice(0, -1)))
  }
  return changes.filter(({ path, renameTo }) => renameTo !== undefined || !mended.has(JSON.stringify(path)))
}

/**
 * What a change really has to touch: a list as a whole, since its other items would change their places, and where
 * nothing stands (a missing key), what lacks it.
 */
function target(root: unknown, path: Steps): Steps {
  let value = root
  for (const [depth, step] of path.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return path.slice(0, depth)
    const found = Object.entries(value).find(([name]) => name === step)
    if (found === undefined) return path.slice(0, depth)
    value = found[1]
  }
  return path
}

/** The value with the change made; the same value where an earlier change has taken the place away. */
function changed(root: unknown, path: Steps, renameTo: string | undefined): unknown {
  const [first, ...rest] = path
  if (first === undefined) return undefined
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return root
  const entries = Object.entries(root).flatMap(([name, item]) => {
    if (name !== first) return [[name, item]]
    if (rest.length === 0) return renameTo === undefined ? [] : [[renameTo, item]]
    return [[name, changed(item, rest, renameTo)]]
  })
  return Object.fromEntries(entries)
}
